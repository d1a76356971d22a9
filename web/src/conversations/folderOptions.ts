/** The initial options of new chats in a folder, stored in the host's notes. */
import { type ChosenOptions, type FirstOptions, optionsIn } from "./answerOptions";
import type { HostStorage } from "./hostStorage";

const NOTE = "folders";

export type FolderOptions = ChosenOptions & Omit<FirstOptions, "folder">;

export interface FolderOptionsStore {
  /** Null for a folder without options. */
  of(folder: string): Promise<FolderOptions | null>;
  save(folder: string, options: FolderOptions | null): Promise<void>;
  /** A folder that has options of its own keeps them. */
  rename(from: string, to: string): Promise<void>;
}

export function createFolderOptions(notes: HostStorage): FolderOptionsStore {
  async function all(): Promise<Record<string, unknown>> {
    try {
      return Object(JSON.parse((await notes.recall()).get(NOTE) ?? "{}"));
    } catch {
      return {};
    }
  }

  function write(known: Record<string, unknown>): void {
    notes.remember(NOTE, Object.keys(known).length === 0 ? null : JSON.stringify(known));
    notes.flush();
  }

  return {
    async of(folder) {
      const found = (await all())[folder];
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
      write(options === null ? others : { ...others, [folder]: options });
    },
    async rename(from, to) {
      const { [from]: moved, ...others } = await all();
      if (moved !== undefined) write({ [to]: moved, ...others });
    },
  };
}
