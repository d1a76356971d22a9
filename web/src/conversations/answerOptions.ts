/** The options of a conversation's answers: tools, effort and parameters. Stored in the host's notes. */
import type { Budget, Effort, SendRequest } from "../bridge/contract";
import { createStore, type ReadonlyStore, type Store } from "../lib/store";
import type { HostStorage } from "./hostStorage";

const NOTE = "options.";
export const EFFORTS: readonly Effort[] = ["off", "low", "medium", "high", "max"];

/** The host's limit of an answer's length. */
export const MAX_ANSWER_TOKENS = 100_000;

/** Null stands for the setting of new chats, or else the model's own. */
export interface ChosenOptions {
  readonly tools: readonly string[];
  readonly effort: Effort | null;
  readonly temperature: number | null;
  readonly maxTokens: number | null;
}

/** The initial options of a chat without an id. Null instructions stand for the setting. */
export interface FirstOptions {
  readonly instructions: string | null;
  readonly budget: Budget | null;
  /** The chat's folder; null for none. */
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
  /** The chosen options, as fields of a request. */
  requestOptions(): Pick<SendRequest, keyof ChosenOptions>;
  /** Fetches the stored choice, unless one has been made here. Never rejects. */
  recall(): Promise<void>;
  /** Stores the choice of a conversation that has just received its id. */
  save(): void;
}

/** `idOf` returns null while the conversation has no id, or must leave no trace. */
export function createAnswerChoice(
  notes: HostStorage | null,
  idOf: () => string | null,
): AnswerChoice {
  const store = createStore(NO_OPTIONS);
  const once = createStore<Effort | null>(null);
  let isChosen = false;

  function save(): void {
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

  function requestOptions() {
    const effort = once.get();
    return { ...chosen(), ...(effort !== null && { effort }) };
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    first: createStore(NO_FIRST),
    once,
    save,
    requestOptions,
    choose(part) {
      isChosen = true;
      store.set({ ...store.get(), ...part });
      save();
    },
    async recall() {
      const id = idOf();
      const text = id === null ? undefined : (await notes?.recall())?.get(NOTE + id);
      if (!isChosen && text !== undefined) store.set(optionsIn(text));
    },
  };
}

/** Parses a note and omits invalid values. */
export function optionsIn(text: string): ChosenOptions {
  try {
    const { tools, effort, temperature, maxTokens } = Object(JSON.parse(text));
    return {
      tools: Array.isArray(tools) ? tools.filter((name) => typeof name === "string") : [],
      effort: EFFORTS.find((level) => level === effort) ?? null,
      temperature: typeof temperature === "number" ? temperature : null,
      maxTokens: typeof maxTokens === "number" ? maxTokens : null,
    };
  } catch {
    return NO_OPTIONS;
  }
}
