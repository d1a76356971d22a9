/**
 * Random acts in conversations over a host that refuses, loses replies and goes away, on a page that
 * is reloaded now and then: no text is lost, none is doubled, and nothing gets stuck.
 * `TIDEWIRE_WALK` is the number of steps.
 */
import { afterEach, expect, it, vi } from "vitest";
import { createBridge } from "../src/bridge/bridge";
import type { SearchReply } from "../src/bridge/contract";
import { followDefaults } from "../src/bridge/defaultModel";
import { refusal } from "../src/bridge/fake/refusal";
import { type FakeSettings, randomOf } from "../src/bridge/fake/settings";
import { createFakeTransport } from "../src/bridge/fake/transport";
import { createLlm } from "../src/bridge/llmApi";
import type { Transport } from "../src/bridge/transports/transport";
import type { Conversation } from "../src/conversations/conversation";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import { type Draft, NEW_CHAT } from "../src/conversations/drafts";

const STEPS = Number(process.env.TIDEWIRE_WALK ?? 3_000);
/** Steps over one host. */
const WALK = 300;
/** Steps between two looks at everything. */
const STRETCH = 30;
const REFUSALS = ["LIMIT", "STORAGE_UNAVAILABLE", "SESSION_BUSY", "NETWORK_ERROR"] as const;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  sessionStorage.clear();
});

const wordsIn = (draft: Draft) => JSON.stringify(draft).match(/w\d+\./g) ?? [];
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

class Walk {
  /** Everything that was done, to be read when something went wrong. */
  readonly log: string[] = [];
  readonly refused = new Set<string>();
  readonly #random: () => number;
  readonly #transport;
  /** Every word that was written. */
  #words: string[] = [];
  #count = 0;
  /** Words that do not outlive their window: of temporary chats, and of new ones. */
  #temporary = "";
  readonly #seen = new Set<Conversation>();
  /** What is in notes that the host refused to change: it may come back. */
  #outdated = "";
  #refusing = 0;
  #losing = 0;
  #page!: Conversations;
  #unload = (): void => {};

  constructor(seed: number) {
    this.#random = randomOf(seed);
    const memory = this.#pick<FakeSettings["memory"]>(["load", "runs", "none"]);
    const settings = { answer: "demo", words: 3, rate: 400, away: 30, seed, memory } as const;
    this.#transport = createFakeTransport(settings);
    const { host } = this.#transport;
    const call = host.call.bind(host);
    host.call = (method, params) => {
      const isDisturbed = /^(conversations|llm)\./.test(method);
      if (isDisturbed && this.#random() < this.#refusing) {
        this.log.push(`    REFUSED ${method} ${JSON.stringify(params)}`);
        this.refused.add(method);
        const { name = "" } = Object(params) as { name?: string };
        this.#outdated += this.#notes()[name] ?? "";
        throw refusal(this.#pick(REFUSALS), "Not now");
      }
      this.log.push(`    ${method} ${JSON.stringify(params)}`);
      const reply = call(method, params);
      // The host has carried out the call, and the page loses the reply.
      if (isDisturbed && this.#random() < this.#losing) this.#transport.disconnect();
      return reply;
    };
    this.#host = (method, params) => call(method, params);
    this.#load();
  }

  readonly #host: (method: string, params: unknown) => unknown;

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }

  /** Loads the page and collects its unload listeners, so that only those of the last one run. */
  #load(): void {
    this.log.push(`    page loaded with ${sessionStorage.getItem("tidewire.drafts")}`);
    const real = this.#transport;
    let isAlive = true;
    const transport: Transport = {
      kind: "fake",
      open: (peer) =>
        real.open({
          load: peer.load,
          connected: () => isAlive && peer.connected(),
          lost: (reason) => isAlive && peer.lost(reason),
          refused: (reason) => isAlive && peer.refused(reason),
          receive: (...push) => (isAlive ? peer.receive(...push) : null),
        }),
      post(text) {
        if (!isAlive) throw new Error("This page is gone");
        real.post(text);
      },
      close() {},
    };
    const unloadListeners: (() => void)[] = [];
    vi.spyOn(globalThis, "addEventListener").mockImplementation(
      (type: string, listener: unknown) => {
        if (type === "pagehide") unloadListeners.push(listener as () => void);
      },
    );
    const bridge = createBridge(transport, `load-${Math.floor(this.#random() * 1e12)}`);
    const { client, router, topics } = bridge;
    this.#seen.clear();
    this.#page = createConversations({
      host: { client, router, topics, llm: createLlm(bridge) },
      defaults: followDefaults(bridge),
    });
    const end = this.#page.begin();
    this.#unload = () => {
      for (const listener of unloadListeners) listener();
      end();
      // Requests that were just made are still sent.
      void Promise.resolve().then(() => {
        isAlive = false;
      });
    };
  }

  async reload(): Promise<void> {
    this.#unload();
    await pass(0);
    this.#load();
    await pass(0);
  }

  /** Closes the window and opens another, which has only what the host stored. */
  async reopen(): Promise<void> {
    if (this.#refusing + this.#losing > 0) return;
    await pass(5_000);
    for (const conversation of this.#seen) {
      const unsent = JSON.stringify([
        conversation.draft.get(),
        conversation.get().queue,
        [...conversation.edits.get().values()].map((edit) => edit.draft.get()),
      ]);
      if (conversation.get().temporary) this.#temporary += unsent;
    }
    this.#unload();
    await pass(100);
    // A draft that a refusing host did not take, and that was not opened since, is in the tab only.
    const isLate = ([key, draft]: [string, Draft]) =>
      this.#page.find(key) === undefined &&
      wordsIn(draft).some((word) => !this.#notes()[this.#noteOf(key)]?.includes(word));
    if (this.#tabDrafts().some(isLate)) return this.#load();
    this.#words = this.#words.filter((word) => !this.#temporary.includes(word));
    sessionStorage.clear();
    this.#load();
    await pass(0);
  }

  #tabDrafts = () =>
    JSON.parse(sessionStorage.getItem("tidewire.drafts") ?? "[]") as [string, Draft][];

  /** The name of the host's copy. The draft of a new chat has that of its page. */
  #noteOf = (key: string) =>
    `draft.${key}${key === NEW_CHAT ? `.${sessionStorage.getItem("tidewire.page")}` : ""}`;

  #notes = () => this.#host("conversations.recall", {}) as Record<string, string>;

  /** What is not sent: the tab's drafts, and the host's of which the tab has none. */
  #drafts(): Draft[] {
    const stored = Object.entries(this.#notes()).filter(([name]) => name.startsWith("draft."));
    const tab = this.#tabDrafts();
    const known = new Set(
      tab.filter(([, draft]) => !draft.isPartial).map(([key]) => this.#noteOf(key)),
    );
    const others = stored.filter(([name]) => !known.has(name));
    return [
      ...others.map(([, text]) => JSON.parse(text) as Draft),
      ...tab.map(([, draft]) => draft),
    ];
  }

  get #open(): Conversation {
    const { conversation } = this.#page.shown.get();
    this.#seen.add(conversation);
    return conversation;
  }

  #write(): string {
    const word = `w${this.#count}.`;
    this.#count += 1;
    this.#words.push(word);
    if (this.#open.get().temporary) this.#temporary += word;
    return word;
  }

  #type(): void {
    const { draft } = this.#open;
    draft.set([draft.get(), this.#write()].filter((text) => text !== "").join(" "));
  }

  #row(...roles: string[]): string {
    const rows = this.#open.get().messages.filter((row) => {
      return roles.includes(this.#page.message(row)?.get().message.role ?? "");
    });
    return rows.length === 0 ? "" : this.#pick(rows);
  }

  #edit(begin: () => void): void {
    const { edits } = this.#open;
    const before = new Set(edits.get().keys());
    begin();
    for (const [row, { draft }] of edits.get()) if (!before.has(row)) draft.set(this.#write());
  }

  #somewhere(): string | undefined {
    const { items } = this.#page.list.get();
    return items.length === 0 ? undefined : this.#pick(items).id;
  }

  readonly #actions: Readonly<Record<string, () => unknown>> = {
    type: () => this.#type(),
    send: () => this.#open.send(),
    ask: () => {
      this.#type();
      this.#open.send();
    },
    unqueue: () => this.#open.unqueue(),
    stop: () => this.#open.stop(),
    beginEdit: () => this.#edit(() => this.#open.edits.begin(this.#row("user"))),
    editLast: () => this.#edit(() => this.#open.editLast()),
    saveEdit: () => this.#open.edit([...this.#open.edits.get().keys()][0] ?? ""),
    regenerate: () => this.#open.regenerate(this.#row("assistant", "user")),
    goOn: () => this.#open.continueAnswer(this.#row("assistant")),
    step: () => void this.#open.step(this.#row("user", "assistant"), this.#pick([1, -1])),
    retry: () => this.#open.retry(),
    dismiss: () => this.#open.dismiss(),
    loadEarlier: () => void this.#open.loadEarlier(),
    showNew: () => this.#page.showNew(this.#random() < 0.2),
    show: () => {
      const id = this.#somewhere();
      if (id !== undefined) this.#page.show(id);
    },
    reveal: async () => {
      const { id } = this.#open.get();
      const message = this.#page.message(this.#row("user"))?.get().message.id ?? null;
      const other = this.#somewhere();
      if (other !== undefined) this.#page.show(other);
      if (id !== null) void this.#page.reveal(id, message);
    },
    disconnect: () => this.#transport.disconnect(),
    refuse: () => {
      this.#refusing = this.#pick([0, 0, 0.2, 0.5, 1]);
    },
    lose: () => {
      this.#losing = this.#pick([0, 0, 0.1]);
    },
    reload: () => this.#random() < 0.3 && this.reload(),
    reopen: () => this.#random() < 0.5 && this.reopen(),
    wait: () => pass(this.#pick([20, 100, 1_500])),
  };

  async step(): Promise<void> {
    const name = this.#pick(Object.keys(this.#actions));
    await this.#actions[name]?.();
    const { phase, pending, runs, queue } = this.#open.get();
    const kind =
      pending === null ? "" : `${pending.retry.kind}${pending.failure === null ? "…" : "!"}`;
    this.log.push(`${name} → ${phase} ${kind} runs ${runs.size} queue ${queue.length}`);
    await pass(this.#pick([0, 0, 10]));
  }

  /** Lets the host accept everything again, and waits until nothing is under way. */
  async rest(): Promise<void> {
    this.#refusing = 0;
    this.#losing = 0;
    const isActive = () =>
      [...this.#seen].some(
        (conversation) => conversation.isBusy() || conversation.get().phase === "opening",
      );
    await pass(200);
    for (let turns = 0; isActive(); turns += 1) {
      if (turns > 600) throw new Error("Something is stuck");
      await pass(100);
    }
  }

  /** Checks that the next question is answered after all that happened, and reloads the page. */
  async check(isLast: boolean): Promise<void> {
    await this.rest();
    for (const item of isLast ? this.#page.list.get().items : []) {
      this.#seen.add(this.#page.show(item.id));
      await this.rest();
    }
    const id = this.#open.get().id;
    if (id !== null) this.#page.show(id);
    await this.rest();
    this.#type();
    const word = this.#words.at(-1) ?? "";
    expect(this.#open.send(), "send").toBe(true);
    await this.rest();
    expect(this.#open.get().pending?.failure?.message).toBeUndefined();
    expect(this.#questionsWith(word), "the host has what was sent").toBe(1);
    this.#unload();
    const stored = this.#drafts();
    const sent = stored.map((draft) => draft.sent?.text).join();
    const written = JSON.stringify(stored.map((draft) => ({ ...draft, sent: null })));
    for (const word of this.#words) {
      const questionCount = this.#questionsWith(word);
      // The page finds out whether it arrived when its conversation is opened.
      const isUnsure = questionCount === 0 && sent.includes(word);
      const times = questionCount + written.split(word).length - 1 + Number(isUnsure);
      const most = this.#outdated.includes(word) ? 1 : times;
      expect([word, Math.min(times, most)]).toEqual([word, 1]);
    }
    await pass(0);
    this.#load();
    await pass(100);
  }

  /** The number of questions at the host that contain the word. */
  #questionsWith(word: string): number {
    const { hits } = this.#host("conversations.search", { query: word }) as SearchReply;
    return hits.filter(({ role }) => role === "user").length;
  }
}

it(`loses, doubles and blocks nothing in ${STEPS} steps`, async () => {
  vi.useFakeTimers();
  const refused = new Set<string>();
  const first = Number(process.env.TIDEWIRE_SEED ?? 1);
  for (let seed = first; (seed - first) * WALK < STEPS; seed += 1) {
    sessionStorage.clear();
    vi.clearAllTimers(); // of the pages of the walk before, which are gone
    const walk = new Walk(seed);
    try {
      await pass(100);
      for (let step = 1; step <= WALK; step += 1) {
        await walk.step();
        if (step % STRETCH === 0) await walk.check(step === WALK);
      }
    } catch (error) {
      throw new Error(`Seed ${seed}: ${error}\n${walk.log.slice(-300).join("\n")}`, {
        cause: error,
      });
    }
    for (const method of walk.refused) refused.add(method);
  }
  const methods = ["create", "get", "send", "edit", "regenerate", "continue_answer", "choose"];
  expect([...refused]).toEqual(
    expect.arrayContaining(methods.map((name) => `conversations.${name}`)),
  );
}, 3_600_000);
