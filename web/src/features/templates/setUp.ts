/** Gives a chat what a template brings along: its instructions, and the options that it asks for. */
import type { SetUp } from "../../attachments/draftAttachment";
import type { Conversation } from "../../conversations/conversation";
import type { Conversations } from "../../conversations/conversations";
import type { RequestedOptions } from "./RequestedOptions";

type Host = Conversations["client"]["conversations"];

/** `system` is undefined if the template has no instructions, and `requested` null if none are used. */
export function setUpFor(
  conversation: Conversation,
  host: Host,
  system: string | undefined,
  requested: RequestedOptions | null,
): SetUp {
  const instruct = system === undefined ? null : instructFor(conversation, host, system);
  const choose = requested && chooseFor(conversation, requested);
  return () => {
    const instructed = instruct?.();
    const revertChoice = choose?.();
    return {
      ready: instructed?.ready,
      revert() {
        instructed?.revert();
        revertChoice?.();
      },
    };
  };
}

/** Sets the instructions. Undoing it leaves what was written there meanwhile. */
function instructFor(conversation: Conversation, host: Host, system: string): SetUp {
  const { first } = conversation.options;
  /** A retry waits until the refusal before it is undone. */
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const { id: conversationId } = conversation.get();
    if (conversationId === null) {
      const { instructions } = first.get();
      first.set({ ...first.get(), instructions: system });
      return {
        ready: undefined,
        revert() {
          if (first.get().instructions === system) first.set({ ...first.get(), instructions });
        },
      };
    }
    let before: string | null | undefined;
    const current = async () => (await host.get({ conversationId, limit: 1 })).systemPrompt;
    const ready = last.then(async () => {
      before = await current();
      await host.instruct({ conversationId, systemPrompt: system });
    });
    last = ready.catch(() => {});
    return {
      ready,
      revert() {
        const restore = async () => {
          if (before === undefined || (await current()) !== system) return;
          await host.instruct({ conversationId, systemPrompt: before });
        };
        last = last.then(restore).catch(() => {});
      },
    };
  };
}

/**
 * Applies the options that a template asks for. Undoing it leaves what the person has chosen
 * meanwhile, and a retry does nothing once the person has chosen something else.
 */
function chooseFor(
  conversation: Conversation,
  { model, options }: RequestedOptions,
): () => () => void {
  const choice = conversation.options;
  const now = () => ({ by: conversation.get().by, options: choice.get() });
  let afterUndo: ReturnType<typeof now> | null = null;
  return () => {
    const before = now();
    if (afterUndo !== null && (afterUndo.by !== before.by || afterUndo.options !== before.options))
      return () => {};
    if (model !== null) conversation.choose(model);
    choice.choose(options);
    const set = now();
    return () => {
      if (conversation.get().by === set.by) conversation.choose(before.by);
      if (choice.get() === set.options) choice.choose(before.options);
      afterUndo = now();
    };
  };
}
