/** Hands a file over to the host in pieces, and follows what becomes of it. */

import type { ImportState } from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import { toBase64 } from "../lib/blobs";
import type { HostPort } from "./hostPort";

/** Bytes of a piece; in base64 it is a third longer. */
const PIECE = 1_500_000;

export interface Import {
  /** The last state; rejects when the host refuses the file. */
  readonly result: Promise<ImportState>;
  cancel(): void;
}

/** `tell` hears how far it is, from 0 to 1: half for the way to the host, half for the reading. */
export function importFile(host: HostPort, file: File, tell: (part: number) => void): Import {
  const { conversations } = host.client;
  let importId: string | null = null;
  let isCancelled = false;

  async function send(id: string): Promise<void> {
    for (let from = 0; from < file.size && !isCancelled; from += PIECE) {
      const data = await toBase64(file.slice(from, from + PIECE));
      const bytes = await conversations.importWrite({ importId: id, data });
      tell(bytes / file.size / 2);
    }
  }

  async function watch(id: string): Promise<ImportState> {
    let version = -1;
    for (;;) {
      const state = await conversations.importWatch({ importId: id, version });
      if (state.state !== "receiving" && state.state !== "running") return state;
      version = state.version;
      tell(0.5 + state.readBytes / Math.max(1, state.totalBytes) / 2);
    }
  }

  async function run(): Promise<ImportState> {
    const id = await conversations.importBegin({ name: file.name, size: file.size });
    importId = id;
    if (isCancelled) await conversations.importCancel(id);
    try {
      await send(id);
    } catch (error) {
      // One that was stopped takes no more pieces, and can say what became of it.
      if (!isCancelled || failureOf(error).code === "HOST_LOST") throw error;
    }
    return await watch(id);
  }

  return {
    result: run(),
    cancel() {
      isCancelled = true;
      if (importId !== null) void conversations.importCancel(importId).catch(() => false);
    },
  };
}
