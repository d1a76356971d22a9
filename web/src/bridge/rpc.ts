/** Calls from the page to the host, sent in batches; each promise settles once. */
import { CONTRACT_VERSION, type ErrorReply, type OkReply } from "./contract";
import { HostError, hostLost, invalid } from "./hostError";

const MAX_CALLS = 1_000;
const MAX_CHARACTERS = 31_000_000;
/** A host answers most calls at once, so a call without a reply by then is lost. */
const DEADLINE_MS = 60_000;
/**
 * Calls that may take longer. Another server answers a test only after it has loaded its model. Calls
 * that read or write all conversations, wait for a person, or may first install a server or the
 * packages of a tool file have no deadline: only a lost connection ends them.
 */
export const DEADLINES_MS: Readonly<Record<string, number>> = {
  "providers.test": 300_000,
  "providers.models": 300_000,
  "conversations.backup": Number.POSITIVE_INFINITY,
  "conversations.backup_contents": Number.POSITIVE_INFINITY,
  "conversations.restore": Number.POSITIVE_INFINITY,
  "conversations.export": Number.POSITIVE_INFINITY,
  "conversations.export_file": Number.POSITIVE_INFINITY,
  "conversations.send": Number.POSITIVE_INFINITY,
  "conversations.edit": Number.POSITIVE_INFINITY,
  "conversations.regenerate": Number.POSITIVE_INFINITY,
  "conversations.continue_answer": Number.POSITIVE_INFINITY,
  "conversations.decide": Number.POSITIVE_INFINITY,
  "llm.inference": Number.POSITIVE_INFINITY,
  "llm.run_session": Number.POSITIVE_INFINITY,
  "mcp.add": Number.POSITIVE_INFINITY,
  "mcp.enable": Number.POSITIVE_INFINITY,
  "mcp.test": Number.POSITIVE_INFINITY,
  "mcp.sign_in": Number.POSITIVE_INFINITY,
  "mcp.read_import": Number.POSITIVE_INFINITY,
  "mcp.read_resource": Number.POSITIVE_INFINITY,
  "mcp.prompt": Number.POSITIVE_INFINITY,
  "shell.choose_model_file": Number.POSITIVE_INFINITY,
  "tools.list": Number.POSITIVE_INFINITY,
  "tools.enable": Number.POSITIVE_INFINITY,
  "tools.set_flags": Number.POSITIVE_INFINITY,
  "tools.grants": Number.POSITIVE_INFINITY,
  "wire.preview": Number.POSITIVE_INFINITY,
};

/** Milliseconds after which a call without a reply is lost. */
export type Deadline = (method: string) => number;

const deadlineOf: Deadline = (method) => DEADLINES_MS[method] ?? DEADLINE_MS;

/** A program's own methods may work for an hour or wait for a person: they have no deadline. */
export const programDeadlineOf: Deadline = (method) =>
  /^(llm|shell)\./.test(method) ? deadlineOf(method) : Number.POSITIVE_INFINITY;

interface PendingCall {
  readonly id: number;
  readonly method: string;
  readonly text: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: HostError) => void;
  due: number;
}

export interface Rpc {
  /** Calls the host. All calls of one microtask travel in one batch. */
  call<T>(method: string, params?: unknown): Promise<T>;
  /** Calls at once, bypassing the queue: for the hello, before which no other call is sent. */
  callNow<T>(method: string, params?: unknown): Promise<T>;
  /** The host is connected: sends the queued calls. */
  open(): void;
  /** The connection is lost: calls already sent fail, new calls are queued. */
  suspend(reason: string): void;
  /** The host was away for too long: queued calls fail. */
  giveUp(reason: string): void;
  onReply(reply: OkReply | ErrorReply): void;
}

export function createRpc(load: string, post: (text: string) => void, deadline = deadlineOf): Rpc {
  let next = 1;
  let state: "waiting" | "open" | "lost" = "waiting";
  let lostReason = "";
  let flushing = false;
  let deadlineTimer: ReturnType<typeof setTimeout> | undefined;
  let queue: PendingCall[] = [];
  const sentCalls = new Map<number, PendingCall>();

  function send(batch: readonly PendingCall[]): void {
    const now = performance.now();
    for (const call of batch) {
      call.due = now + deadline(call.method);
      sentCalls.set(call.id, call);
    }
    const calls = batch.map((call) => call.text).join(",");
    try {
      post(`{"version":${CONTRACT_VERSION},"load":${JSON.stringify(load)},"calls":[${calls}]}`);
    } catch {
      for (const call of batch) {
        sentCalls.delete(call.id);
        call.reject(hostLost("The host cannot be reached"));
      }
    }
    watchDeadlines();
  }

  function flush(): void {
    flushing = false;
    if (state !== "open") return;
    const all = queue;
    queue = [];
    let batch: PendingCall[] = [];
    let characters = 0;
    for (const call of all) {
      if (batch.length === MAX_CALLS || characters + call.text.length > MAX_CHARACTERS) {
        if (batch.length > 0) send(batch);
        batch = [];
        characters = 0;
      }
      batch.push(call);
      characters += call.text.length + 1;
    }
    if (batch.length > 0) send(batch);
  }

  /** One timer covers all deadlines; it stops when no call is waiting. */
  function watchDeadlines(): void {
    if (sentCalls.size === 0) {
      clearTimeout(deadlineTimer);
      deadlineTimer = undefined;
    }
    if (deadlineTimer !== undefined || sentCalls.size === 0) return;
    deadlineTimer = setTimeout(() => {
      deadlineTimer = undefined;
      const now = performance.now();
      for (const call of sentCalls.values()) {
        if (call.due > now) continue;
        sentCalls.delete(call.id);
        call.reject(hostLost(`The host did not answer ${call.method}`));
      }
      watchDeadlines();
    }, DEADLINE_MS / 12);
  }

  function prepare<T>(
    method: string,
    params: unknown,
    enqueue: (call: PendingCall) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = next++;
      const text = write(id, method, params);
      enqueue({ id, method, text, resolve: (value) => resolve(value as T), reject, due: 0 });
    });
  }

  /** Fails all calls that were sent, and the given queued ones. */
  function fail(reason: string, queued: readonly PendingCall[] = []): void {
    const lostCalls = [...sentCalls.values(), ...queued];
    sentCalls.clear();
    watchDeadlines();
    for (const call of lostCalls) call.reject(hostLost(reason));
  }

  return {
    call: (method, params) =>
      prepare(method, params, (call) => {
        if (state === "lost") {
          call.reject(hostLost(lostReason));
          return;
        }
        queue.push(call);
        if (state === "open" && !flushing) {
          flushing = true;
          queueMicrotask(flush);
        }
      }),
    callNow: (method, params) => prepare(method, params, (call) => send([call])),
    open() {
      state = "open";
      flush();
    },
    suspend(reason) {
      if (state === "open") state = "waiting";
      fail(reason);
    },
    giveUp(reason) {
      state = "lost";
      lostReason = reason;
      const queued = queue;
      queue = [];
      fail(reason, queued);
    },
    onReply(reply) {
      const call = sentCalls.get(reply.id);
      if (call === undefined) return;
      sentCalls.delete(reply.id);
      watchDeadlines();
      if (reply.ok) call.resolve(reply.value);
      else call.reject(new HostError(reply.error));
    },
  };
}

/**
 * The call as JSON. JSON would turn NaN into null, which means "not set". A parameter that is not a
 * finite number is therefore sent as text, which the host refuses with that field's error.
 */
function write(id: number, method: string, params: unknown): string {
  let text: string;
  try {
    text = JSON.stringify({ id, method, params }, function (this: unknown, key, value: unknown) {
      if (typeof value !== "number" || Number.isFinite(value)) return value;
      if (this === params) return String(value);
      throw invalid(`${key}: must be a finite number`);
    });
  } catch (error) {
    throw error instanceof HostError ? error : invalid("The parameters cannot be written as JSON");
  }
  if (text.length > MAX_CHARACTERS) throw invalid("The request is too large");
  return text;
}
