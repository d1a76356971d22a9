/** The options of a conversation's answers: tools, effort and parameters. Stored in the host's notes. */
import type { Budget, Effort, SendRequest } from "../bridge/contract";
import { createStore, type ReadonlyStore, type Store } from "../lib/store";
import type { HostStorage } from "./hostStorage";

const NOTE = "options.";
const EFFORTS: readonly Effort[] = ["off", "low", "medium", "high", "max"];

/** Null stands for the setting of new chats, or else the model's own. */
export interface ChosenOptions {
  readonly tools: readonly string[];
  readonly effort: Effort | null;
  readonly temperature: number | null;
  readonly maxTokens: number | null;
}

/** What a chat begins with that the host does not have yet. Null for instructions: those of the settings. */
export interface FirstOptions {
  readonly instructions: string | null;
  readonly budget: Budget | null;
  /** Where it goes. */
  readonly folder: string | null;
}

export const NO_FIRST: FirstOptions = { instructions: null, budget: null, folder: null };

export const NO_OPTIONS: ChosenOptions = {
  tools: [],
  effort: null,
  temperature: null,
  maxTokens: null,
};

export interface AnswerChoice extends ReadonlyStore<ChosenOptions> {
  choose(part: Partial<ChosenOptions>): void;
  /** For a chat that has no id yet. */
  readonly first: Store<FirstOptions>;
  /** The effort of the next answer alone. */
  readonly once: Store<Effort | null>;
  /** The part of a request that says what is chosen. */
  asked(): Pick<SendRequest, keyof ChosenOptions>;
  /** Fetches the stored choice, unless one has been made here. Never rejects. */
  recall(): Promise<void>;
  /** Stores the choice of a conversation that has just received its id. */
  keep(): void;
}

/** `idOf` returns null while the conversation has no id, or must leave no trace. */
export function createAnswerChoice(
  notes: HostStorage | null,
  idOf: () => string | null,
): AnswerChoice {
  const store = createStore(NO_OPTIONS);
  const once = createStore<Effort | null>(null);
  let isChosen = false;

  function keep(): void {
    const id = idOf();
    if (id === null || !isChosen) return;
    const text = JSON.stringify(chosen());
    notes?.remember(NOTE + id, text === "{}" ? null : text);
  }

  function chosen() {
    const { tools, ...rest } = store.get();
    const set = Object.entries(rest).filter(([, value]) => value !== null);
    return { ...(tools.length > 0 && { tools: [...tools] }), ...Object.fromEntries(set) };
  }

  function asked() {
    const effort = once.get();
    return { ...chosen(), ...(effort !== null && { effort }) };
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    first: createStore(NO_FIRST),
    once,
    keep,
    asked,
    choose(part) {
      isChosen = true;
      store.set({ ...store.get(), ...part });
      keep();
    },
    async recall() {
      const id = idOf();
      const text = id === null ? undefined : (await notes?.recall())?.get(NOTE + id);
      if (!isChosen && text !== undefined) store.set(optionsIn(text));
    },
  };
}

/** What a note says; what it says wrongly is left out. */
export function optionsIn(text: string): ChosenOptions {
  try {
    const { tools, effort, temperature, maxTokens } = Object(JSON.parse(text));
    return {
      tools: Array.isArray(tools) ? tools.filter((name) => typeof name === "string") : [],
      effort: EFFORTS.find((one) => one === effort) ?? null,
      temperature: typeof temperature === "number" ? temperature : null,
      maxTokens: typeof maxTokens === "number" ? maxTokens : null,
    };
  } catch {
    return NO_OPTIONS;
  }
}
