/** Sends a file to the host in pieces, and follows the import. */

import type { ImportState } from "../bridge/contract";
import { failureOf, hostLost } from "../bridge/hostError";
import { toBase64 } from "../lib/blobs";
import type { HostPort } from "./hostPort";

/** Bytes of a piece; in base64 it is a third longer. */
const PIECE = 1_500_000;
const FORGOTTEN = "The host was started again and no longer has this import";

export interface Import {
  /** The last state; rejects if the host refuses the file. */
  readonly result: Promise<ImportState>;
  cancel(): void;
}

/** `onProgress` gets 0 to 1: the first half for the upload, the second for the import. */
export function importFile(host: HostPort, file: File, onProgress: (part: number) => void): Import {
  const { conversations } = host.client;
  const { topics, llm } = host;
  let importId: string | null = null;
  let isCancelled = false;

  async function send(id: string): Promise<void> {
    for (let from = 0; from < file.size && !isCancelled; from += PIECE) {
      const data = await toBase64(file.slice(from, from + PIECE));
      const bytes = await conversations.importWrite({ importId: id, data });
      onProgress(bytes / file.size / 2);
    }
  }

  /** Resolves with the import's last state; rejects if the host no longer knows the import. */
  function outcome(id: string): Promise<ImportState> {
    return new Promise((resolve, reject) => {
      const stop = topics.on("import", onState, id);
      function finish(settle: () => void): void {
        stop();
        settle();
      }
      function onState(state: ImportState | undefined): void {
        if (state === undefined) {
          void llm.ready().then(
            () => topics.get("import", id) ?? finish(() => reject(hostLost(FORGOTTEN))),
            (error: unknown) => finish(() => reject(error)),
          );
        } else if (state.state !== "receiving" && state.state !== "running") {
          finish(() => resolve(state));
        } else if (state.state === "running") {
          onProgress(0.5 + state.readBytes / Math.max(1, state.totalBytes) / 2);
        }
      }
      onState(topics.get("import", id));
    });
  }

  async function run(): Promise<ImportState> {
    const id = await conversations.importBegin({ name: file.name, size: file.size });
    importId = id;
    if (isCancelled) await conversations.importCancel(id);
    try {
      await send(id);
    } catch (error) {
      // A cancelled import accepts no more pieces, but still reports its outcome.
      if (!isCancelled || failureOf(error).code === "HOST_LOST") throw error;
    }
    return await outcome(id);
  }

  return {
    result: run(),
    cancel() {
      isCancelled = true;
      if (importId !== null) void conversations.importCancel(importId).catch(() => false);
    },
  };
}
