/** A conversation from its empty beginning to the answer that is being written. */
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import type { Defaults } from "../../bridge/contract";
import { useConversation } from "../../conversations/useConversation";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { isCovered } from "../../lib/overlays";
import { useFileDrop } from "../../ui/dragAndDrop";
import { useFocusFallback } from "../../ui/useFocusFallback";
import { DropOverlay } from "../attachments/DropOverlay";
import { Composer } from "../composer/Composer";
import { ModelPicker } from "../models/ModelPicker";
import { EMBEDDED } from "../models/useModelLabel";
import { ToolMenu } from "../tools/ToolMenu";
import { WaitingBanner } from "../tools/WaitingBanner";
import { ErrorBanner } from "../transcript/ErrorBanner";
import { Transcript } from "../transcript/Transcript";
import { useScrollToMessage } from "../transcript/useScrollToMessage";
import { useStickToBottom } from "../transcript/useStickToBottom";
import styles from "./Chat.module.css";
import { EmptyState } from "./EmptyState";
import { Header, type HeaderProps } from "./Header";
import { StatusLine } from "./StatusLine";

export interface ChatProps {
  /** The open conversation's key. */
  readonly id: string;
  /** Whether it is known what there was before a reload. */
  readonly isKnown: boolean;
  /** What new conversations use; null until the host has said so. */
  readonly defaults: Defaults | null;
  readonly header: HeaderProps;
  /** What the page has to say about its connection. */
  readonly notice: ReactNode;
}

export function Chat(props: ChatProps) {
  const { id, isKnown, defaults, header, notice } = props;
  const { conversation, phase, messages, earlier, run, refused, queue, target, ...rest } =
    useConversation(id);
  const { status, isBusy, temporary, by, answeredBy } = rest;
  const answering = by ?? answeredBy ?? defaults;
  const box = useRef<HTMLTextAreaElement>(null);
  const isEmpty = messages.length === 0;
  const follow = useStickToBottom(!isEmpty);
  const { jumpToEnd } = follow;
  useScrollToMessage(target, follow);
  useFocusFallback(box);

  // biome-ignore lint/correctness/useExhaustiveDependencies: every conversation begins at its end
  useLayoutEffect(jumpToEnd, [id, jumpToEnd]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: every conversation begins in its box
  useEffect(() => box.current?.focus(), [id]);

  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== "Escape" || isComposing(event) || event.defaultPrevented) return;
      if (isCovered()) return;
      // Asked now, not at the last render: a key must not come too early to count.
      if (!conversation.isBusy()) return;
      event.preventDefault();
      conversation.stop();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [conversation]);

  function send(text?: string): void {
    if (conversation.send(text)) jumpToEnd();
    box.current?.focus();
  }

  function retry(): void {
    conversation.retry();
    jumpToEnd();
    box.current?.focus();
  }

  const drop = useFileDrop((files) => {
    conversation.tray.add(files);
    box.current?.focus();
  });

  /** The last question is changed where it stands. */
  function editLast(): void {
    const buttons = follow.content.current?.querySelectorAll<HTMLElement>("[data-action=edit]");
    const last = buttons?.[buttons.length - 1];
    last?.click();
  }

  return (
    <main className={`chat-container ${styles.chat}`} {...drop.handlers}>
      <Header {...header} temporary={temporary} />
      {notice}
      <Transcript
        messages={messages}
        earlier={earlier}
        conversation={conversation}
        isBusy={isBusy}
        showsFailure={refused === null}
        follow={follow}
      >
        {isKnown && phase === "new" && isEmpty && refused === null && (
          <EmptyState
            localModel={answering?.providerId === EMBEDDED ? answering.modelId : null}
            temporary={temporary}
            onTemporary={(wanted) => conversation.setTemporary(wanted)}
            onSuggest={send}
          />
        )}
        {phase === "gone" && <p className={styles.gone}>{strings.gone}</p>}
        {refused !== null && (
          <ErrorBanner failure={refused} onRetry={retry} onDismiss={conversation.dismiss} />
        )}
      </Transcript>
      <WaitingBanner row={messages.at(-1) ?? ""} title={pageTitle(header.title ?? null)} />
      <Composer
        draft={conversation.draft}
        tray={conversation.tray}
        box={box}
        isBusy={isBusy}
        isStopping={status === "stopping"}
        by={answering}
        model={
          answering && (
            <ModelPicker
              by={answering}
              onChoose={(chosen) => {
                conversation.choose(chosen);
                box.current?.focus();
              }}
            />
          )
        }
        tools={<ToolMenu choice={conversation.tools} by={answering} />}
        queue={queue}
        onSend={send}
        onQueue={conversation.enqueue}
        onUnqueue={() => {
          conversation.unqueue();
          box.current?.focus();
        }}
        onEditLast={editLast}
        onStop={conversation.stop}
      />
      {drop.isOver && <DropOverlay />}
      <StatusLine state={run?.get() ?? null} refused={refused} />
    </main>
  );
}

const pageTitle = (title: string | null): string =>
  title === null ? strings.appName : `${title} – ${strings.appName}`;
