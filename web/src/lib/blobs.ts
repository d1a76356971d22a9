/** A cache for the bytes of pictures and files by hash; missing ones are fetched. */

/** Capacity in bytes; the host has all attachments of sent messages. */
const MAX_BYTES = 40_000_000;

export interface BlobCache {
  /** Rejects if the bytes are no longer available. */
  get(hash: string, mediaType: string): Promise<Blob>;
  put(hash: string, bytes: Blob): void;
}

/** `fetch` gets them from the host, in base64. */
export function createBlobCache(fetch: (hash: string) => Promise<{ data: string }>): BlobCache {
  // Most recently used last.
  const cached = new Map<string, Blob>();
  const pending = new Map<string, Promise<Blob>>();

  function put(hash: string, bytes: Blob): void {
    cached.delete(hash);
    cached.set(hash, bytes);
    let room = MAX_BYTES;
    for (const [other, { size }] of [...cached].reverse()) {
      room -= size;
      if (room < 0 && other !== hash) cached.delete(other);
    }
  }

  async function load(hash: string): Promise<Blob> {
    try {
      const bytes = fromBase64((await fetch(hash)).data);
      put(hash, bytes);
      return bytes;
    } finally {
      pending.delete(hash);
    }
  }

  return {
    put,
    async get(hash, mediaType) {
      const cachedBytes = cached.get(hash);
      if (cachedBytes !== undefined) put(hash, cachedBytes);
      const result = cachedBytes ?? pending.get(hash) ?? load(hash);
      if (result instanceof Promise) pending.set(hash, result);
      const bytes = await result;
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
