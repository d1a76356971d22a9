/** A fake host inside the page: runs and conversations, with the real host's errors. */
import type {
  AnyEvent,
  AnyTopic,
  Defaults,
  Handlers,
  HelloReply,
  Message,
  SessionInfo,
} from "../contract";
import { HELLO, handlerOf } from "../programFake";
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

export type FakeHost = ReturnType<typeof createFakeHost>;

/**
 * `onEvent` is called after every new event of a run, `follow` with the position from which a page
 * wants a run's events, `publish` with every new value of a topic.
 */
export function createFakeHost(
  settings: FakeSettings,
  onEvent: () => void,
  follow: (run: FakeRun, after: number) => void,
  publish: (topic: AnyTopic) => void,
) {
  const { provider: providerId, model: modelId, stream } = settings;
  const runs = new Map<string, FakeRun>();
  const sessions = new Map<string, SessionInfo>();
  let defaults: Defaults = { providerId, modelId };
  /** The number of failures so far, by script. */
  const failures = new Map<string, number>();

  const countLive = () => [...runs.values()].filter((run) => run.live).length;

  function fails(script: string, times: number): boolean {
    const count = failures.get(script) ?? 0;
    if (count < times) failures.set(script, count + 1);
    else failures.delete(script);
    return count < times;
  }

  function start(
    requestedId: string | null | undefined,
    messages: readonly Message[],
    end: (run: FakeRun, last: AnyEvent) => void = () => {},
  ): string {
    const id = requestedId ?? `inf-${crypto.randomUUID()}`;
    if (runs.has(id)) throw refusal("VALIDATION", `Inference ${id} already exists`);
    const current = countLive();
    if (current >= MAX_RUNS) {
      const text = `Maximum concurrent inferences limit reached (${MAX_RUNS})`;
      throw refusal("LIMIT", text, { limit: MAX_RUNS, current });
    }
    if (stream !== "" && !isRecorded(stream)) {
      throw refusal("NOT_FOUND", `There is no recorded stream '${stream}'`);
    }
    const prompt = textOf(messages.at(-1)?.content ?? "");
    const run = new FakeRun({
      id,
      prompt,
      inputTokens: messages.flatMap(({ content }) => textOf(content).split(/\s+/)).length,
      play: () => (stream === "" ? play(prompt, settings) : replay(stream)),
      fails: (times) => fails(prompt, times),
      grow: onEvent,
      end,
    });
    runs.set(id, run);
    follow(run, -1);
    return id;
  }

  const handlers: FakeHandlers = {
    ...createFakeChoices(providerId, modelId, (value) => {
      defaults = value;
      publish({ channel: "topic", name: "defaults", key: "", value });
    }),
    llm: {
      inference: (request) => {
        check(request.messages, true);
        return start(request.inferenceId, request.messages);
      },
      cancel: (id) => runs.get(id)?.cancel() ?? false,
      decide: (decision) => runs.get(decision.inferenceId)?.decide(decision) ?? false,
      answer: () => false,
      attach: ({ inferenceId, afterSeq = -1 }) => {
        const run = runs.get(inferenceId);
        if (run === undefined) throw refusal("NOT_FOUND", `Inference ${inferenceId} not found`);
        const events = run.events.slice(afterSeq + 1, afterSeq + 1 + PIECE_EVENTS);
        const lastSeq = afterSeq + events.length;
        const more = lastSeq < run.events.length - 1;
        if (!more) follow(run, lastSeq);
        return { events, live: run.live, more };
      },
      createSession: ({ sessionId, providerId, modelId }) => {
        const now = Date.now();
        const session: SessionInfo = {
          sessionId,
          providerId,
          modelId: modelId ?? settings.model,
          createdAt: now,
          lastActivity: now,
          isActive: false,
          messageCount: 0,
          totalTokens: 0,
        };
        sessions.set(sessionId, session);
        return session;
      },
      destroySession: (id) => sessions.delete(id),
      getStatus: () => ({
        totalSessions: sessions.size,
        activeSessions: 0,
        activeInferences: countLive(),
        totalInferences: runs.size,
        completedInferences: runs.size - countLive(),
        failedInferences: 0,
        cancelledInferences: 0,
        totalTokens: 0,
        estimatedTokens: 0,
      }),
    },
    conversations: createFakeConversations({
      start: (requestedId, messages, end) => {
        check(messages, false);
        return start(requestedId, messages, end);
      },
      cancel: (inferenceId) => runs.get(inferenceId)?.cancel(),
      decide: (inferenceId, decision) => runs.get(inferenceId)?.decide(decision) ?? false,
      publish,
      providerId,
      modelId,
    }),
    mcp: createFakeMcp(publish),
    templates: createFakeTemplates(),
    tools: createFakeTools(),
    wire: createFakeWire(runs, settings),
    shell: {
      openWindow: () => false,
      controlWindow: () => false,
      chooseModelFile: () => "/models/tide.gguf",
      openLink: () => true,
    },
  };

  return {
    runs,
    /** Carries out one call, perhaps asynchronously. Throws the errors of the real host. */
    call(method: string, params: unknown): unknown {
      const handler = handlerOf(handlers, method);
      if (handler === undefined) throw refusal("NOT_FOUND", `There is no method '${method}'`);
      return handler(params);
    },
    hello: (resumed: boolean): HelloReply => ({
      ...HELLO,
      defaults,
      resumed,
    }),
    forget(): void {
      for (const run of runs.values()) run.cancel();
      runs.clear();
      sessions.clear();
    },
  };
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
