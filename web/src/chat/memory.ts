/** Memory: what a tab keeps over a reload, so that its conversation is found again. */

const KEY = "tidewire.chat";

export interface Memory {
  readonly sessionId: string | null;
  /** The run that was asked for last, and with which words. */
  readonly last: { readonly inferenceId: string; readonly question: string } | null;
}

const NOTHING: Memory = { sessionId: null, last: null };

export function readMemory(storage: Storage | null): Memory {
  try {
    const kept: unknown = JSON.parse(storage?.getItem(KEY) ?? "null");
    return isMemory(kept) ? kept : NOTHING;
  } catch {
    return NOTHING;
  }
}

export function writeMemory(storage: Storage | null, memory: Memory): void {
  try {
    storage?.setItem(KEY, JSON.stringify(memory));
  } catch {
    // Full or switched off: then a reload begins anew.
  }
}

function isMemory(kept: unknown): kept is Memory {
  if (typeof kept !== "object" || kept === null) return false;
  const { sessionId, last } = kept as Partial<Memory>;
  if (sessionId !== null && typeof sessionId !== "string") return false;
  if (last === null) return true;
  return typeof last?.inferenceId === "string" && typeof last.question === "string";
}
