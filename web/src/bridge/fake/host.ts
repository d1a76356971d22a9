/** A fake host inside the page: runs and conversations, with the real host's errors. */
import type { AnyEvent, AnyTopic, Handlers, HelloReply, Message, SessionInfo } from "../contract";
import { CONTRACT_VERSION } from "../contract";
import { createFakeChoices, type FakeChoices } from "./choices";
import { createFakeConversations, type FakeConversations, textOf } from "./conversations";
import { createFakeMcp } from "./mcp";
import { refusal } from "./refusal";
import { FakeRun } from "./run";
import { play } from "./script";
import type { FakeSettings } from "./settings";
import { isRecorded, replay } from "./streams";
import { createFakeTemplates } from "./templates";
import { createFakeTools } from "./tools";
import { createFakeWire } from "./wire";

const MAX_RUNS = 5;
const MAX_MESSAGE_CHARACTERS = 100_000;
const PIECE_EVENTS = 500;

/** A session is made and destroyed; runs in it, and its history, are left to the real host. */
type MissingOfLlm = "runSession" | "getSession" | "list";

/** The transport answers `hello`, and the fake host has no model file. */
interface FakeHandlers
  extends FakeChoices,
    Omit<Handlers, "llm" | "conversations" | "shell" | "providers" | "model"> {
  readonly llm: Omit<Handlers["llm"], MissingOfLlm>;
  readonly conversations: FakeConversations;
  readonly shell: Omit<Handlers["shell"], "hello">;
}

export class FakeHost {
  readonly runs = new Map<string, FakeRun>();
  readonly #sessions = new Map<string, SessionInfo>();
  /** The number of failures so far, by script. */
  readonly #failures = new Map<string, number>();
  readonly #settings: FakeSettings;
  readonly #handlers: FakeHandlers;
  readonly #grown: (run: FakeRun) => void;
  readonly #follow: (run: FakeRun, after: number) => void;

  /**
   * `grown` is called with the run of every new event, `follow` with the position from which a page
   * wants a run's events, `publish` with every new value of a topic.
   */
  constructor(
    settings: FakeSettings,
    grown: (run: FakeRun) => void,
    follow: (run: FakeRun, after: number) => void,
    publish: (topic: AnyTopic) => void = () => {},
  ) {
    this.#settings = settings;
    this.#grown = grown;
    this.#follow = follow;
    const { provider: providerId, model: modelId } = settings;
    this.#handlers = {
      ...createFakeChoices(providerId, modelId),
      llm: this.#llm(),
      conversations: createFakeConversations({
        start: (wanted, messages, end) => {
          check(messages, false);
          return this.#start(wanted, messages, end);
        },
        cancel: (inferenceId) => this.runs.get(inferenceId)?.cancel(),
        decide: (inferenceId, decision) => this.runs.get(inferenceId)?.decide(decision) ?? false,
        publish,
        providerId,
        modelId,
      }),
      mcp: createFakeMcp(publish),
      templates: createFakeTemplates(),
      tools: createFakeTools(),
      wire: createFakeWire(this.runs, settings),
      shell: {
        openWindow: () => false,
        controlWindow: () => false,
        chooseModelFile: () => "/models/tide.gguf",
        openLink: () => true,
      },
    };
  }

  /** Carries out one call, perhaps asynchronously. Throws the errors of the real host. */
  call(method: string, params: unknown): unknown {
    const [namespace = "", name = ""] = method
      .replace(/_[a-z]/g, (letter) => letter.charAt(1).toUpperCase())
      .split(".");
    // A call is JSON, typed only by the page's client.
    const all = this.#handlers as unknown as Record<
      string,
      Record<string, (_: unknown) => unknown>
    >;
    const handler = all[namespace]?.[name];
    if (handler === undefined) throw refusal("NOT_FOUND", `There is no method '${method}'`);
    return handler(params);
  }

  hello(resumed: boolean): HelloReply {
    const { provider, model } = this.#settings;
    return {
      version: CONTRACT_VERSION,
      appVersion: "fake",
      windowId: "fake",
      platform: "fake",
      defaults: { providerId: provider, modelId: model },
      resumed,
    };
  }

  forget(): void {
    for (const run of this.runs.values()) run.cancel();
    this.runs.clear();
    this.#sessions.clear();
  }

  #llm(): FakeHandlers["llm"] {
    return {
      inference: (request) => {
        check(request.messages, true);
        return this.#start(request.inferenceId, request.messages);
      },
      cancel: (id) => this.runs.get(id)?.cancel() ?? false,
      decide: (decision) => this.runs.get(decision.inferenceId)?.decide(decision) ?? false,
      answer: () => false,
      attach: ({ inferenceId, afterSeq = -1 }) => {
        const run = this.runs.get(inferenceId);
        if (run === undefined) throw refusal("NOT_FOUND", `Inference ${inferenceId} not found`);
        const events = run.events.slice(afterSeq + 1, afterSeq + 1 + PIECE_EVENTS);
        const reached = afterSeq + events.length;
        const more = reached < run.events.length - 1;
        if (!more) this.#follow(run, reached);
        return { events, live: run.live, more };
      },
      createSession: ({ sessionId, providerId, modelId }) => {
        const now = Date.now();
        const session: SessionInfo = {
          sessionId,
          providerId,
          modelId: modelId ?? this.#settings.model,
          createdAt: now,
          lastActivity: now,
          isActive: false,
          messageCount: 0,
          totalTokens: 0,
        };
        this.#sessions.set(sessionId, session);
        return session;
      },
      destroySession: (id) => this.#sessions.delete(id),
      getStatus: () => ({
        totalSessions: this.#sessions.size,
        activeSessions: 0,
        activeInferences: this.#live(),
        totalInferences: this.runs.size,
        completedInferences: this.runs.size - this.#live(),
        failedInferences: 0,
        cancelledInferences: 0,
        totalTokens: 0,
        estimatedTokens: 0,
      }),
    };
  }

  #live(): number {
    return [...this.runs.values()].filter((run) => run.live).length;
  }

  #start(
    wanted: string | null | undefined,
    messages: readonly Message[],
    end: (run: FakeRun, last: AnyEvent) => void = () => {},
  ): string {
    const id = wanted ?? `inf-${crypto.randomUUID()}`;
    if (this.runs.has(id)) throw refusal("VALIDATION", `Inference ${id} already exists`);
    const current = this.#live();
    if (current >= MAX_RUNS) {
      const text = `Maximum concurrent inferences limit reached (${MAX_RUNS})`;
      throw refusal("LIMIT", text, { limit: MAX_RUNS, current });
    }
    const { stream } = this.#settings;
    if (stream !== "" && !isRecorded(stream)) {
      throw refusal("NOT_FOUND", `There is no recorded stream '${stream}'`);
    }
    const prompt = textOf(messages.at(-1)?.content ?? "");
    const run = new FakeRun({
      id,
      prompt,
      inputTokens: messages.flatMap(({ content }) => textOf(content).split(/\s+/)).length,
      play: () => (stream === "" ? play(prompt, this.#settings) : replay(stream)),
      fails: (times) => this.#fails(prompt, times),
      grow: this.#grown,
      end,
    });
    this.runs.set(id, run);
    this.#follow(run, -1);
    return id;
  }

  #fails(script: string, times: number): boolean {
    const count = this.#failures.get(script) ?? 0;
    if (count < times) this.#failures.set(script, count + 1);
    else this.#failures.delete(script);
    return count < times;
  }
}

function check(messages: readonly Message[], mayBeEmpty: boolean): void {
  if (messages.length === 0) {
    throw refusal("VALIDATION", "Messages must be a non-empty array");
  }
  for (const [index, { content }] of messages.entries()) {
    const text = textOf(content);
    if (text === "" && !mayBeEmpty) {
      throw refusal("VALIDATION", `Invalid content in message ${index}`);
    }
    if ([...text].length > MAX_MESSAGE_CHARACTERS) {
      const limit = `exceeds maximum length (${MAX_MESSAGE_CHARACTERS})`;
      throw refusal("VALIDATION", `Message ${index} ${limit}`);
    }
  }
}
