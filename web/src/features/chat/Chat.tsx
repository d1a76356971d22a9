/** An open conversation: empty state, transcript, composer and search bar. */
import {
  type ReactNode,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { McpPrompt, MessageTemplate } from "../../bridge/contract";
import type { Conversation } from "../../conversations/conversation";
import { useConversation } from "../../conversations/useConversation";
import { useConversations } from "../../conversations/useConversations";
import { useShown } from "../../conversations/useList";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { isCovered } from "../../lib/overlays";
import { useFileDrop } from "../../ui/dragAndDrop";
import { lazyPart } from "../../ui/lazyPart";
import { useSidePanel } from "../../ui/panel/useSidePanel";
import { Toasts } from "../../ui/toasts/Toasts";
import { useFocusFallback } from "../../ui/useFocusFallback";
import { DropOverlay } from "../attachments/DropOverlay";
import { Composer } from "../composer/Composer";
import { useComposer } from "../composer/composerHandle";
import { ModelPicker } from "../models/ModelPicker";
import { ToolMenu } from "../tools/ToolMenu";
import { WaitingBanner } from "../tools/WaitingBanner";
import { ErrorBanner } from "../transcript/ErrorBanner";
import { Transcript } from "../transcript/Transcript";
import { useScrollToMessage } from "../transcript/useScrollToMessage";
import { useStickToBottom } from "../transcript/useStickToBottom";
import styles from "./Chat.module.css";
import { EmptyState } from "./EmptyState";
import { Header, type HeaderProps } from "./Header";
import { StatusNews } from "./StatusLine";
import { TideLine } from "./TideLine";

const CompactionBar = lazyPart(async () => (await import("./CompactionBar")).CompactionBar);
const EffortMenu = lazyPart(async () => (await import("../models/EffortMenu")).EffortMenu);
const ToolPanel = lazyPart(async () => (await import("../tools/ToolPanel")).ToolPanel);
const DraftTemplate = lazyPart(
  async () => (await import("../templates/DraftTemplate")).DraftTemplate,
);
const SlashCommands = lazyPart(async () => (await import("./SlashCommands")).SlashCommands);
const PromptDialog = lazyPart(async () => (await import("../tools/PromptDialog")).PromptDialog);
const ResourceDialog = lazyPart(
  async () => (await import("../tools/ResourceDialog")).ResourceDialog,
);
const TemplateDialog = lazyPart(
  async () => (await import("../templates/TemplateDialog")).TemplateDialog,
);
const RequestPreview = lazyPart(
  async () => (await import("../wire/RequestPreview")).RequestPreview,
);
const FindBar = lazyPart(async () => (await import("./FindBar")).FindBar);

export interface ChatProps {
  readonly header: HeaderProps;
  /** The message about the connection. */
  readonly notice: ReactNode;
  /** The open find bar: `openCount` counts how often it was requested. */
  readonly find?: { readonly openCount: number; readonly onClose: () => void } | null;
}

export function Chat(props: ChatProps) {
  const { header, notice } = props;
  const { isKnown, conversation } = useShown();
  const { key } = conversation;
  const { id, phase, messages, run, pending, target, ...rest } = useConversation(key);
  const { status, temporary, model } = rest;
  const compaction = useStore(useConversations().compactions, (all) =>
    all.find((entry) => entry.conversationId === id),
  );
  const refused = pending?.failure ?? null;
  const box = useRef<HTMLTextAreaElement>(null);
  const models = useRef<HTMLButtonElement>(null);
  const [template, setTemplate] = useState<Pick<MessageTemplate, "name"> | null>(null);
  const [prompt, setPrompt] = useState<McpPrompt | null>(null);
  const [isAttaching, setIsAttaching] = useState(false);
  const showPanel = useSidePanel();
  const showRequest = () => showPanel({ title: strings.actions.request, body: <RequestPreview /> });
  const isEmpty = messages.length === 0;
  const follow = useStickToBottom(!isEmpty);
  const { jumpToEnd } = follow;
  useScrollToMessage(target, follow);
  useFocusFallback(box);

  // biome-ignore lint/correctness/useExhaustiveDependencies: every conversation opens at its end
  useLayoutEffect(jumpToEnd, [key, jumpToEnd]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: every conversation opens with the focus in its box
  useEffect(() => {
    // A conversation restored at startup does not take the focus from a field in use.
    if (!(document.activeElement instanceof HTMLInputElement)) box.current?.focus();
  }, [key]);

  useImperativeHandle(useComposer(), () => ({
    focus: () => box.current?.focus(),
    openModels() {
      models.current?.click();
      return models.current !== null;
    },
    showRequest,
  }));

  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== "Escape" || isComposing(event) || event.defaultPrevented) return;
      // A key still held down may have closed something over the chat.
      if (event.repeat || isCovered()) return;
      // Asks the current state, which may be newer than the last render.
      if (!conversation.isBusy()) return;
      event.preventDefault();
      conversation.stop();
    }
    // On the window: a sidebar over the chat takes the key before, on the document.
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [conversation]);

  function send(...args: Parameters<Conversation["send"]>): boolean {
    const isSent = conversation.send(...args);
    if (isSent) jumpToEnd();
    box.current?.focus();
    return isSent;
  }

  function retry(): void {
    conversation.retry();
    jumpToEnd();
    box.current?.focus();
  }

  function attach(files: readonly File[]): void {
    conversation.tray.add(files);
    box.current?.focus();
  }

  const drop = useFileDrop(attach);
  const tools = (onLeave: () => void) => (
    <ToolPanel
      choice={conversation.options}
      by={model}
      onLeave={onLeave}
      onAttach={() => setIsAttaching(true)}
    />
  );

  return (
    <main className={`chat-container ${styles.chat}`} {...drop.handlers}>
      <Header {...header} temporary={temporary} />
      {notice}
      {props.find && <FindBar conversation={conversation} follow={follow} {...props.find} />}
      <Transcript conversation={conversation} follow={follow}>
        {isKnown && phase === "new" && isEmpty && refused === null && (
          <EmptyState conversation={conversation} onSuggest={send} />
        )}
        {phase === "gone" && <p className={styles.gone}>{strings.gone}</p>}
        {refused !== null && (
          <ErrorBanner failure={refused} onRetry={retry} onDismiss={conversation.dismiss} />
        )}
      </Transcript>
      <Toasts />
      <WaitingBanner row={messages.at(-1) ?? ""} title={pageTitle(header.title ?? null)} />
      {compaction !== undefined && <CompactionBar compaction={compaction} />}
      <Composer
        conversation={conversation}
        box={box}
        onSend={send}
        model={
          model && (
            <ModelPicker
              by={model}
              choice={conversation.options}
              tools={tools}
              conversationId={id}
              button={models}
              onShowRequest={showRequest}
              onChoose={(chosen) => {
                conversation.choose(chosen);
                box.current?.focus();
              }}
            />
          )
        }
        actions={
          <>
            <EffortMenu choice={conversation.options} by={model} />
            <ToolMenu choice={conversation.options} by={model} panel={tools} />
          </>
        }
        above={
          <>
            <SlashCommands
              box={box}
              draft={conversation.draft}
              onTemplate={setTemplate}
              onPrompt={setPrompt}
            />
            <DraftTemplate conversation={conversation} onEdit={setTemplate} />
            <TideLine status={status} />
          </>
        }
      />
      {isAttaching && (
        <ResourceDialog
          onClose={() => setIsAttaching(false)}
          onFiles={(files) => {
            setIsAttaching(false);
            attach(files);
          }}
        />
      )}
      {prompt !== null && (
        <PromptDialog
          prompt={prompt}
          onClose={() => setPrompt(null)}
          onInsert={(text, files) => {
            setPrompt(null);
            conversation.giveBack({ text, attached: [], untrusted: true });
            attach(files);
          }}
        />
      )}
      {template !== null && (
        <TemplateDialog
          template={template}
          conversation={conversation}
          onClose={() => setTemplate(null)}
          onSend={send}
        />
      )}
      {drop.isOver && <DropOverlay />}
      <StatusNews key={key} state={run?.get() ?? null} refused={refused} />
    </main>
  );
}

const pageTitle = (title: string | null): string =>
  title === null ? strings.appName : `${title} – ${strings.appName}`;
