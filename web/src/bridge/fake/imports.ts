/** Imports of the fake host: files that a page hands over in pieces. */
import type { ImportBegin, ImportPiece, ImportState, Message } from "../contract";
import { refusal } from "./refusal";

/** Keeps one conversation of a file. */
export type Take = (
  title: string,
  messages: readonly { readonly role: Message["role"]; readonly text: string }[],
) => void;

interface FakeImport {
  state: ImportState;
  received: string;
}

export class FakeImports {
  readonly #imports = new Map<string, FakeImport>();
  readonly #take: Take;
  readonly #publish: (state: ImportState) => void;

  constructor(take: Take, publish: (state: ImportState) => void) {
    this.#take = take;
    this.#publish = publish;
  }

  call(method: string, params: unknown): unknown {
    switch (method) {
      case "import_begin":
        return this.#begin(params as ImportBegin);
      case "import_write":
        return this.#write(params as ImportPiece);
      case "import_cancel":
        return this.#cancel(params as string);
      default:
        throw refusal("NOT_FOUND", `There is no method 'conversations.${method}'`);
    }
  }

  #begin({ size }: ImportBegin): string {
    const importId = crypto.randomUUID();
    const state: ImportState = {
      importId,
      state: "receiving",
      readBytes: 0,
      totalBytes: size,
      conversations: 0,
      messages: 0,
      skipped: 0,
      remarks: [],
      failure: null,
    };
    this.#imports.set(importId, { state, received: "" });
    this.#publish(state);
    return importId;
  }

  #write({ importId, data }: ImportPiece): number {
    const found = this.#import(importId);
    found.received += atob(data);
    const { totalBytes } = found.state;
    const readBytes = found.received.length;
    const done = readBytes >= totalBytes;
    found.state = { ...found.state, readBytes };
    if (done) this.#read(found);
    this.#publish(found.state);
    return readBytes;
  }

  #cancel(importId: string): boolean {
    const { state } = this.#import(importId);
    if (state.state !== "receiving") return false;
    this.#publish({ ...state, state: "cancelled" });
    return this.#imports.delete(importId);
  }

  #read(found: FakeImport): void {
    try {
      const bytes = Uint8Array.from(found.received, (one) => one.charCodeAt(0));
      const file = JSON.parse(new TextDecoder().decode(bytes)) as {
        conversations: { title: string; messages: { role: Message["role"]; text: string }[] }[];
      };
      for (const { title, messages } of file.conversations) {
        this.#take(title, messages);
        found.state.conversations += 1;
        found.state.messages += messages.length;
      }
      found.state = { ...found.state, state: "done" };
    } catch {
      const message = "This is not a file of conversations";
      const failure = { code: "VALIDATION" as const, message };
      found.state = { ...found.state, state: "failed", failure };
    }
  }

  #import(id: string): FakeImport {
    const found = this.#imports.get(id);
    if (found === undefined) throw refusal("NOT_FOUND", `Import ${id} not found`);
    return found;
  }
}
