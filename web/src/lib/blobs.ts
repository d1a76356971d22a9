/** A cache for the bytes of pictures and files by hash; missing ones are fetched. */

/** Capacity in bytes; the host has all attachments of sent messages. */
const ROOM = 40_000_000;

export interface BlobCache {
  /** Rejects if the bytes are no longer available. */
  get(hash: string, mediaType: string): Promise<Blob>;
  put(hash: string, bytes: Blob): void;
}

/** `fetch` gets them from the host, in base64. */
export function createBlobCache(
  fetch: (hash: string) => Promise<{ readonly data: string }>,
): BlobCache {
  // Most recently used last.
  const kept = new Map<string, Blob>();
  const coming = new Map<string, Promise<Blob>>();

  function put(hash: string, bytes: Blob): void {
    kept.delete(hash);
    kept.set(hash, bytes);
    let room = ROOM;
    for (const [other, { size }] of [...kept].reverse()) {
      room -= size;
      if (room < 0 && other !== hash) kept.delete(other);
    }
  }

  async function load(hash: string): Promise<Blob> {
    try {
      const bytes = fromBase64((await fetch(hash)).data);
      put(hash, bytes);
      return bytes;
    } finally {
      coming.delete(hash);
    }
  }

  return {
    put,
    async get(hash, mediaType) {
      const here = kept.get(hash);
      if (here !== undefined) put(hash, here);
      const asked = here ?? coming.get(hash) ?? load(hash);
      if (asked instanceof Promise) coming.set(hash, asked);
      const bytes = await asked;
      return bytes.type === mediaType ? bytes : bytes.slice(0, bytes.size, mediaType);
    },
  };
}

export function fromBase64(base64: string): Blob {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return new Blob([bytes]);
}

export function toBase64(bytes: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const address = String(reader.result);
      resolve(address.slice(address.indexOf(",") + 1));
    };
    reader.onerror = () => reject(reader.error ?? new Error("The file cannot be read"));
    reader.readAsDataURL(bytes);
  });
}
