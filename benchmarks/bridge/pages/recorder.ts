/** Recorder: puts tokens into the document, and notes when each update of it was made. */

export interface Report {
  /** What stands in the document at the end, by stream. */
  readonly texts: readonly string[];
  /** By stream: how many tokens stood there after an update, and when that was; in turns. */
  readonly updates: readonly (readonly number[])[];
  /** Null when nothing was to be seen. */
  readonly framesPerSecond: number | null;
}

export interface Recorder {
  /** Append a text of `count` tokens to a stream: one update of the document. */
  take(stream: number, text: string, count: number): void;
  report(): Report;
}

/** Milliseconds on the clock of the wall, as the host's `time.time()` has them in seconds. */
export const now = (): number => performance.timeOrigin + performance.now();

/**
 * `finished` is called once, when every stream has got its tokens. What cannot be seen is put into
 * the document all the same, but never painted: painting costs a window more than any bridge does.
 */
export function createRecorder(
  { streams, tokens, visible }: { streams: number; tokens: number; visible: boolean },
  finished: () => void,
): Recorder {
  const place = document.getElementById("root");
  if (place === null) throw new Error("The page has no root");
  const nodes = Array.from({ length: streams }, () => document.createTextNode(""));
  const updates = nodes.map((): number[] => []);
  const counts = nodes.map(() => 0);
  let missing = streams * tokens;
  let frames = 0;
  let frame = visible ? requestAnimationFrame(count) : 0;
  const began = performance.now();
  let ended = began;

  place.style.visibility = visible ? "visible" : "hidden";
  place.style.height = visible ? "auto" : "0";
  place.style.overflow = "hidden";
  place.replaceChildren(
    ...nodes.map((node) => {
      const paragraph = document.createElement("p");
      paragraph.append(node);
      return paragraph;
    }),
  );

  function count(): void {
    frames += 1;
    frame = requestAnimationFrame(count);
  }

  return {
    take(stream, text, parts) {
      const node = nodes[stream];
      const list = updates[stream];
      if (node === undefined || list === undefined) throw new Error(`There is no stream ${stream}`);
      node.appendData(text);
      const total = (counts[stream] ?? 0) + parts;
      counts[stream] = total;
      list.push(total, now());
      missing -= parts;
      if (missing > 0) return;
      cancelAnimationFrame(frame);
      ended = performance.now();
      finished();
    },
    report: () => ({
      texts: nodes.map((node) => node.data),
      updates,
      framesPerSecond: visible ? (frames * 1000) / Math.max(1, ended - began) : null,
    }),
  };
}
