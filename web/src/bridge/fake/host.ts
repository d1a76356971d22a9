/** A host that lives in the page: methods, sessions and runs, with the real one's refusals. */
import type {
  AnyTopic,
  AttachReply,
  AttachRequest,
  HelloReply,
  InferenceRequest,
  Message,
  SessionConfig,
  SessionInfo,
  SessionMessage,
  SessionRunOptions,
} from "../contract";
import { CONTRACT_VERSION } from "../contract";
import { FakeChoices } from "./choices";
import { FakeConversations } from "./conversations";
import { refusal } from "./refusal";
import { FakeRun } from "./run";
import { play } from "./script";
import type { FakeSettings } from "./settings";

const CHOICES: ReadonlySet<string> = new Set(["settings", "keys", "providers"]);
const MAX_RUNS = 5;
const MAX_SESSIONS = 20;
const MAX_MESSAGE_CHARACTERS = 100_000;
const PIECE_EVENTS = 500;

interface FakeSession {
  readonly info: SessionInfo;
  readonly systemPrompt: string | null;
  readonly messages: SessionMessage[];
  /** The question that is being answered. */
  asked: SessionMessage[];
}

export class FakeHost {
  readonly runs = new Map<string, FakeRun>();
  readonly #sessions = new Map<string, FakeSession>();
  /** How often a script has failed so far. */
  readonly #failures = new Map<string, number>();
  readonly #conversations: FakeConversations;
  readonly #choices: FakeChoices;
  readonly #settings: FakeSettings;
  readonly #grown: (run: FakeRun) => void;
  readonly #follow: (run: FakeRun, after: number) => void;

  /**
   * `grown` is called with the run of every new event, `follow` with the place from which a page
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
    const by = { providerId: settings.provider, modelId: settings.model };
    this.#choices = new FakeChoices(by);
    this.#conversations = new FakeConversations(
      (wanted, messages, end) => {
        check(messages, false);
        return this.#start(wanted, null, messages, end);
      },
      (inferenceId) => this.runs.get(inferenceId)?.cancel(),
      by,
      publish,
    );
  }

  /** Carry out one call; the answer may take a while. Throws what the real host would refuse. */
  call(method: string, params: unknown): unknown {
    const [namespace = "", name = ""] = method.split(".");
    if (namespace === "conversations") return this.#conversations.call(name, params);
    if (CHOICES.has(namespace)) return this.#choices.call(method, params);
    switch (method) {
      case "llm.inference":
        return this.#inference(params as InferenceRequest);
      case "llm.cancel":
        return this.runs.get(params as string)?.cancel() ?? false;
      case "llm.create_session":
        return this.#createSession(params as SessionConfig);
      case "llm.destroy_session":
        return this.#destroySession(params as string);
      case "llm.run_session":
        return this.#runSession(params as SessionRunOptions);
      case "llm.get_status":
        return this.#status();
      case "llm.attach":
        return this.#attach(params as AttachRequest);
      case "llm.list":
        return [...this.runs.values()].map((run) => ({
          inferenceId: run.id,
          sessionId: run.sessionId,
          live: run.live,
          lastSeq: run.events.length - 1,
        }));
      case "llm.get_session": {
        const session = this.#session(params as string);
        return { info: this.#infoOf(session), messages: [...session.messages, ...session.asked] };
      }
      case "shell.open_window":
        return false;
      case "shell.choose_model_file":
        return "/models/tide.gguf";
      case "shell.open_link":
        return true;
      default:
        throw refusal("NOT_FOUND", `There is no method '${method}'`);
    }
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

  #inference(request: InferenceRequest): string {
    check(request.messages, true);
    return this.#start(request.inferenceId, null, request.messages);
  }

  #start(
    wanted: string | null | undefined,
    sessionId: string | null,
    messages: readonly Message[],
    end: (run: FakeRun, failed: boolean) => void = () => {},
  ): string {
    const id = wanted ?? `inf-${crypto.randomUUID()}`;
    if (!/^inf-[A-Za-z0-9-]{1,64}$/.test(id)) throw refusal("VALIDATION", "inferenceId: wrong");
    if (this.runs.has(id)) throw refusal("VALIDATION", `Inference ${id} already exists`);
    const live = [...this.runs.values()].filter((run) => run.live).length;
    if (live >= MAX_RUNS) {
      const text = `Maximum concurrent inferences limit reached (${MAX_RUNS})`;
      throw refusal("LIMIT", text, { limit: MAX_RUNS, current: live });
    }
    const words = messages.map(textOf).join(" ").split(/\s+/).length;
    const prompt = textOf(messages.at(-1));
    const run = new FakeRun({
      id,
      sessionId,
      inputTokens: words,
      play: () => play(prompt, this.#settings),
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

  #createSession(config: SessionConfig): SessionInfo {
    if (this.#sessions.has(config.sessionId)) {
      throw refusal("VALIDATION", `Session ${config.sessionId} already exists`);
    }
    const current = this.#sessions.size;
    if (current >= MAX_SESSIONS) {
      const text = `Maximum sessions limit reached (${MAX_SESSIONS})`;
      throw refusal("LIMIT", text, { limit: MAX_SESSIONS, current });
    }
    const session: FakeSession = {
      info: {
        sessionId: config.sessionId,
        providerId: config.providerId,
        modelId: config.modelId ?? this.#settings.model,
        createdAt: Date.now(),
        lastActivity: Date.now(),
        isActive: false,
        messageCount: 0,
        totalTokens: 0,
        ...(config.metadata && { metadata: config.metadata }),
      },
      systemPrompt: config.systemPrompt ?? null,
      messages: [],
      asked: [],
    };
    this.#sessions.set(config.sessionId, session);
    return this.#infoOf(session);
  }

  #destroySession(id: string): boolean {
    for (const run of this.runs.values()) if (run.sessionId === id) run.cancel();
    return this.#sessions.delete(id);
  }

  #runSession(options: SessionRunOptions): string {
    check(options.messages, true);
    const session = this.#session(options.sessionId);
    if (this.#isActive(options.sessionId)) {
      throw refusal("SESSION_BUSY", `Session ${options.sessionId} is answering already`);
    }
    const asked = options.messages.map((message) => ({ ...message, partial: false }));
    const history = [...session.messages, ...asked];
    const id = this.#start(options.inferenceId, options.sessionId, history, (run, partial) => {
      session.asked = [];
      if (run.text === "" && partial) return;
      session.messages.push(...asked, { role: "assistant", content: run.text, partial });
    });
    session.asked = asked;
    return id;
  }

  #attach({ inferenceId, afterSeq = -1 }: AttachRequest): AttachReply {
    const run = this.runs.get(inferenceId);
    if (run === undefined) throw refusal("NOT_FOUND", `Inference ${inferenceId} not found`);
    const events = run.events.slice(afterSeq + 1, afterSeq + 1 + PIECE_EVENTS);
    const reached = afterSeq + events.length;
    const more = reached < run.events.length - 1;
    if (!more) this.#follow(run, reached);
    return { events, live: run.live, more };
  }

  #status() {
    const runs = [...this.runs.values()];
    const ends = runs.map((run) => run.events.at(-1));
    const active = runs.filter((run) => run.live).length;
    const failed = ends.filter((end) => end?.channel === "llm:error").length;
    const cancelled = ends.filter((end) => end?.channel === "llm:done" && end.cancelled).length;
    const tokens = ends.map((end) => (end?.channel === "llm:done" ? end.totalTokens : 0));
    return {
      totalSessions: this.#sessions.size,
      activeSessions: [...this.#sessions.keys()].filter((id) => this.#isActive(id)).length,
      activeInferences: active,
      totalInferences: runs.length,
      completedInferences: runs.length - active - failed - cancelled,
      failedInferences: failed,
      cancelledInferences: cancelled,
      totalTokens: tokens.reduce((sum, count) => sum + count, 0),
      estimatedTokens: 0,
    };
  }

  #session(id: string): FakeSession {
    const session = this.#sessions.get(id);
    if (session === undefined) throw refusal("NOT_FOUND", `Session ${id} not found`);
    return session;
  }

  #isActive(id: string): boolean {
    return [...this.runs.values()].some((run) => run.sessionId === id && run.live);
  }

  #infoOf(session: FakeSession): SessionInfo {
    const id = session.info.sessionId;
    return {
      ...session.info,
      isActive: this.#isActive(id),
      messageCount: session.messages.length,
    };
  }
}

function check(messages: unknown, mayBeEmpty: boolean): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw refusal("VALIDATION", "Messages must be a non-empty array");
  }
  for (const [index, message] of (messages as Message[]).entries()) {
    const text = textOf(message);
    if (text === "" && !mayBeEmpty) {
      throw refusal("VALIDATION", `Invalid content in message ${index}`);
    }
    if ([...text].length > MAX_MESSAGE_CHARACTERS) {
      const limit = `exceeds maximum length (${MAX_MESSAGE_CHARACTERS})`;
      throw refusal("VALIDATION", `Message ${index} ${limit}`);
    }
  }
}

function textOf(message: Message | undefined): string {
  if (message === undefined) return "";
  if (typeof message.content === "string") return message.content;
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}
