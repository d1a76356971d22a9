/** The page around the chat: sidebar, connection state and shortcuts. */
import {
  type CSSProperties,
  type ReactNode,
  useCallback,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { flushSync } from "react-dom";
import styles from "./App.module.css";
import type { Bridge, Connection } from "./bridge/bridge";
import type { Shell } from "./bridge/llmApi";
import type { Conversations } from "./conversations/conversations";
import { ConversationsContext } from "./conversations/useConversations";
import { useList, useShown, useShownId } from "./conversations/useList";
import { Chat } from "./features/chat/Chat";
import { ConversationBar } from "./features/chat/ConversationBar";
import {
  ComposerContext,
  type ComposerHandle,
  useComposer,
} from "./features/composer/composerHandle";
import { useShortcuts } from "./features/shortcuts/useShortcuts";
import { Sidebar } from "./features/sidebar/Sidebar";
import { useSidebar } from "./features/sidebar/useSidebar";
import { focusWaitingCard } from "./features/tools/focusWaitingCard";
import { remarkOf, sentenceOf, strings } from "./i18n";
import type { Run } from "./llm/run";
import type { OpenSettings, Section } from "./settings/sections";
import type { Settings } from "./settings/settings";
import { type ShortcutAction, STANDARD_KEYS } from "./settings/shortcuts";
import { OpenSettingsContext, SettingsContext, useSettingsState } from "./settings/useSettings";
import buttons from "./ui/buttons.module.css";
import { Dialog } from "./ui/Dialog";
import { ConnectionContext } from "./ui/form/useHostRetry";
import { lazyPart } from "./ui/lazyPart";
import type { MenuItem } from "./ui/Menu";
import { type ShowInPanel, type SidePanelContent, SidePanelContext } from "./ui/panel/useSidePanel";
import { createToastStore, ToastsContext, useToasts } from "./ui/toasts/toastStore";
import { useIdleCaret } from "./ui/useIdleCaret";
import { IsBrowserContext } from "./ui/useIsBrowser";

/** The dialog shown in place of one that failed to load. */
const loadFailureDialog = (title: string) => (problem: ReactNode, props: { onClose(): void }) => (
  <Dialog title={title} className={styles.failed} onClose={props.onClose}>
    {problem}
  </Dialog>
);
const SettingsDialog = lazyPart(
  async () => (await import("./features/settings/SettingsDialog")).SettingsDialog,
  loadFailureDialog(strings.settings),
);
const ShortcutsDialog = lazyPart(
  async () => (await import("./features/shortcuts/ShortcutsDialog")).ShortcutsDialog,
  loadFailureDialog(strings.actions.shortcuts),
);
const RecordingDialog = lazyPart(
  async () => (await import("./features/recordings/RecordingDialog")).RecordingDialog,
  loadFailureDialog(strings.openRecording),
);
const SharedAnswer = lazyPart(
  async () => (await import("./features/chat/SharedAnswer")).SharedAnswer,
);
const SidePanel = lazyPart(async () => (await import("./ui/panel/SidePanel")).SidePanel);
const FIRST: Section = "providers";

/** The dialog over the page: a section of the settings, the list of shortcuts, or a recording. */
type Overlay = Section | "keys" | "recording" | null;

export interface AppProps {
  readonly bridge: Bridge;
  readonly shell: Shell;
  readonly conversations: Conversations;
  readonly settings: Settings;
  /** A run of another window, shown instead of this window's own conversation. */
  readonly sharedRun: Run | null;
}

export function App(props: AppProps) {
  const { bridge, conversations, settings, sharedRun } = props;
  const connection = useSyncExternalStore(bridge.onConnection, bridge.connection);
  const [toasts] = useState(createToastStore);
  const composer = useRef<ComposerHandle>(null);
  const notice = <ConnectionNotice connection={connection} />;
  if (sharedRun !== null) {
    return (
      <ToastsContext value={toasts}>
        <SharedAnswer run={sharedRun} notice={notice} />
      </ToastsContext>
    );
  }
  return (
    <ConnectionContext value={connection}>
      <ConversationsContext value={conversations}>
        <SettingsContext value={settings}>
          <ToastsContext value={toasts}>
            <IsBrowserContext value={bridge.kind !== "pywebview"}>
              <ComposerContext value={composer}>
                <Layout {...props} notice={notice} />
              </ComposerContext>
            </IsBrowserContext>
          </ToastsContext>
        </SettingsContext>
      </ConversationsContext>
    </ConnectionContext>
  );
}

interface LayoutProps extends AppProps {
  readonly notice: ReactNode;
}

/** The sidebar and the open conversation. */
function Layout({ bridge, shell, conversations, notice }: LayoutProps) {
  const { conversation } = useShown();
  const openId = useShownId();
  const { undo } = useToasts();
  const sidebar = useSidebar();
  const { items, problem } = useList();
  const search = useRef<HTMLInputElement>(null);
  const composer = useComposer();
  /** Belongs to one conversation, and goes with it. */
  const [panel, setPanel] = useState<{ key: string; content: SidePanelContent } | null>(null);
  if (panel !== null && panel.key !== conversation.key) setPanel(null);
  const showInPanel: ShowInPanel = useCallback(
    (content) => setPanel(content && { key: conversation.key, content }),
    [conversation.key],
  );
  const [overlay, setOverlay] = useState<Overlay>(null);
  const openSettings: OpenSettings = useCallback((section = FIRST) => setOverlay(section), []);
  const title = items.find(({ id }) => id === openId)?.title ?? null;
  const { close, open, closeIfCovering } = sidebar;

  const newChat = useCallback(() => {
    conversations.showNew();
    closeIfCovering();
    composer.current?.focus();
  }, [conversations, closeIfCovering, composer]);

  const newWindow = () => void shell.openWindow().catch(() => false);
  const { actions, sections } = strings;
  const chosen = useSettingsState().preferences?.shortcuts ?? {};
  const keys = (action: ShortcutAction) => chosen[action] ?? STANDARD_KEYS[action];
  const menu: readonly MenuItem[] = [
    { label: actions.newWindow, run: newWindow, keys: keys("newWindow") },
    { label: actions.shortcuts, run: () => setOverlay("keys"), keys: keys("shortcuts") },
    { label: strings.openRecording, run: () => setOverlay("recording") },
    { label: sections.templates, isApart: true, run: () => openSettings("templates") },
    { label: sections.data, run: () => openSettings("data") },
    { label: sections.about, run: () => openSettings("about") },
  ];

  /** The element that had the focus before the find bar opened. */
  const focusBefore = useRef<Element | null>(null);
  const [find, setFind] = useState({ key: "", openCount: 0 });
  const isFinding = find.key === conversation.key;
  // The find bar of another conversation does not come back with it.
  if (!isFinding && find.key !== "") setFind({ key: "", openCount: 0 });
  const endFind = useCallback(() => {
    setFind({ key: "", openCount: 0 });
    if (focusBefore.current instanceof HTMLElement) focusBefore.current.focus();
  }, []);

  const openFind = () => {
    if (!isFinding) focusBefore.current = document.activeElement;
    setFind({ key: conversation.key, openCount: find.openCount + 1 });
  };

  /** In a browser the key keeps the browser's own meaning. */
  const control = (action: "close" | "quit" | "full_screen") => () => {
    if (bridge.kind !== "pywebview") return false;
    void bridge.client.shell.controlWindow(action).catch(() => false);
    return true;
  };

  useIdleCaret();
  useShortcuts({
    newChat,
    newWindow,
    search() {
      // Synchronously, so that the next letter typed goes to the search box.
      if (!sidebar.isOpen) flushSync(open);
      search.current?.focus();
      search.current?.select();
    },
    sidebar: sidebar.toggle,
    models: () => composer.current?.openModels() ?? false,
    settings: () => openSettings(),
    shortcuts: () => setOverlay("keys"),
    undo,
    find: openFind,
    closeWindow: control("close"),
    fullScreen: control("full_screen"),
    quit: control("quit"),
    decision: focusWaitingCard,
    request: () => composer.current?.showRequest(),
  });

  return (
    <OpenSettingsContext value={openSettings}>
      <SidePanelContext value={showInPanel}>
        <div className={styles.layout} data-sidebar={sidebar.isOpen ? "open" : "closed"}>
          {sidebar.isOpen && (
            <>
              <div
                className={styles.side}
                data-resized=""
                style={{ "--width": `${sidebar.width}px` } as CSSProperties}
              >
                <Sidebar
                  search={search}
                  state={sidebar}
                  keys={keys("sidebar")}
                  onNewChat={newChat}
                  menu={menu}
                />
              </div>
              {/* biome-ignore lint/a11y/noStaticElementInteractions: the button and Escape do the same */}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the button and Escape do the same */}
              <div className={styles.scrim} onClick={close} />
            </>
          )}
          <div className={styles.chat}>
            <Chat
              header={{
                title,
                onSidebar: sidebar.isOpen ? null : open,
                onNewChat: sidebar.isOpen ? null : newChat,
                keys,
                children: <ConversationBar onFind={openFind} findKeys={keys("find")} />,
              }}
              find={isFinding ? { openCount: find.openCount, onClose: endFind } : null}
              notice={
                <>
                  {notice}
                  {problem !== null && (
                    <p className={styles.lost}>{strings.notSaved(sentenceOf(problem))}</p>
                  )}
                  <Notices />
                </>
              }
            />
          </div>
          {panel !== null && (
            <SidePanel title={panel.content.title} onClose={() => setPanel(null)}>
              {panel.content.body}
            </SidePanel>
          )}
          {overlay === "keys" && (
            <ShortcutsDialog
              onClose={() => setOverlay(null)}
              onChange={() => openSettings("shortcuts")}
            />
          )}
          {overlay === "recording" && <RecordingDialog onClose={() => setOverlay(null)} />}
          {overlay !== null && overlay !== "keys" && overlay !== "recording" && (
            <SettingsDialog
              section={overlay}
              host={bridge.host()}
              kind={bridge.kind}
              onClose={() => setOverlay(null)}
            />
          )}
        </div>
      </SidePanelContext>
    </OpenSettingsContext>
  );
}

/** Notices of the host from opening its data. Each stays until it is dismissed. */
function Notices() {
  const list = useList();
  const settings = useSettingsState();
  const [read, setRead] = useState<readonly string[]>([]);
  const texts = [...list.remarks, ...settings.remarks].map(remarkOf);
  const unread = texts.filter((text) => !read.includes(text));
  return unread.map((text) => (
    <p key={text} className={styles.notice}>
      {text}
      <button type="button" className={buttons.pill} onClick={() => setRead([...read, text])}>
        {strings.dismiss}
      </button>
    </p>
  ));
}

function ConnectionNotice({ connection }: { readonly connection: Connection }) {
  switch (connection.phase) {
    case "connecting":
    case "ready":
      return null;
    case "reconnecting":
      return <p className={styles.notice}>{strings.reconnecting}</p>;
    case "lost":
    case "refused":
      return (
        <p className={`error ${styles.lost}`} role="alert" data-code="HOST_LOST">
          {connection.phase === "lost"
            ? strings.lost
            : strings.host.sentence(connection.reason, strings.refusedPage)}
        </p>
      );
  }
}
