/**
 * The initial options of new chats in a folder, stored in the host's notes. All folders share one note,
 * so it is read before each change: another window may have changed it.
 */
import type { Client } from "../bridge/contract";
import { type ChosenOptions, type FirstOptions, optionsIn } from "./answerOptions";

const NOTE = "folders";

export type FolderOptions = ChosenOptions & Omit<FirstOptions, "folder">;

export interface FolderOptionsStore {
  /** Null for a folder without options. Never rejects. */
  of(folder: string): Promise<FolderOptions | null>;
  save(folder: string, options: FolderOptions | null): Promise<void>;
  /** A folder that has options of its own keeps them. */
  rename(from: string, to: string): Promise<void>;
}

type Notes = Pick<Client["conversations"], "recall" | "remember">;

export function createFolderOptions(notes: Notes): FolderOptionsStore {
  async function all(): Promise<Record<string, unknown>> {
    const { [NOTE]: text = "{}" } = await notes.recall();
    try {
      return Object(JSON.parse(text));
    } catch {
      return {};
    }
  }

  async function write(known: Record<string, unknown>): Promise<void> {
    const text = Object.keys(known).length === 0 ? null : JSON.stringify(known);
    await notes.remember({ name: NOTE, text });
  }

  return {
    async of(folder) {
      const found = (await all().catch(() => null))?.[folder];
      if (found === undefined) return null;
      const { instructions, budget } = Object(found);
      return {
        ...optionsIn(JSON.stringify(found)),
        instructions: typeof instructions === "string" ? instructions : null,
        budget: budget ?? null,
      };
    },
    async save(folder, options) {
      const { [folder]: _, ...others } = await all();
      await write(options === null ? others : { ...others, [folder]: options });
    },
    async rename(from, to) {
      const { [from]: moved, ...others } = await all();
      if (moved !== undefined) await write({ [to]: moved, ...others });
    },
  };
}
