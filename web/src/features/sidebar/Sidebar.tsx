/** The sidebar: new chat, search, the list of conversations, and import by drop. */
import { type KeyboardEvent, type RefObject, useRef, useState } from "react";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { useOpenSettings } from "../../settings/useSettings";
import { useFileDrop } from "../../ui/dragAndDrop";
import { FilePicker } from "../../ui/form/FilePicker";
import { IconButton } from "../../ui/IconButton";
import {
  CloseIcon,
  ImportIcon,
  MoreIcon,
  NewChatIcon,
  SearchIcon,
  SettingsIcon,
  SidebarIcon,
} from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { Menu, type MenuItem } from "../../ui/Menu";
import { ResizeHandle } from "../../ui/panel/ResizeHandle";
import { ConversationList } from "./ConversationList";
import styles from "./Sidebar.module.css";
import { useConversationActions } from "./useConversationActions";
import { useImport } from "./useImport";
import { type SidebarState, WIDTHS } from "./useSidebar";

const SearchResults = lazyPart(async () => (await import("./SearchResults")).SearchResults);

export interface SidebarProps {
  /** The search box, for the shortcut that leads there. */
  readonly search: RefObject<HTMLInputElement | null>;
  readonly state: SidebarState;
  /** The keys that show and hide it. */
  readonly keys: string;
  readonly onNewChat: () => void;
  /** The program menu. */
  readonly menu: readonly MenuItem[];
}

export function Sidebar(props: SidebarProps) {
  const { search, state, keys, menu, onNewChat } = props;
  const conversations = useConversations();
  const actions = useConversationActions(state.closeIfCovering);
  const importFiles = useImport();
  const openSettings = useOpenSettings();
  const [query, setQuery] = useState("");
  const side = useRef<HTMLElement>(null);
  const dropTarget = useFileDrop(importFiles);

  function onSearchKey(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const hits = side.current?.querySelectorAll<HTMLElement>("[data-hits]:not([inert]) button");
    if (event.key === "Escape" && query !== "") setQuery("");
    else if (event.key === "ArrowDown") {
      (hits?.[0] ?? side.current?.querySelector<HTMLElement>("[data-conversation]"))?.focus();
    } else if (event.key === "Enter") hits?.[0]?.click();
    else return;
    event.preventDefault();
  }

  /** Up from the first match, and Escape from any, lead back to the search box. */
  function onResultsKey(event: KeyboardEvent): void {
    if (query === "" || (event.key !== "ArrowUp" && event.key !== "Escape")) return;
    if (event.target === search.current) return;
    event.preventDefault();
    search.current?.focus();
  }

  return (
    <nav
      ref={side}
      className={styles.sidebar}
      aria-label={strings.conversations}
      onKeyDown={onResultsKey}
      {...dropTarget.handlers}
    >
      <div className={styles.top}>
        <IconButton label={strings.closeSidebar} keys={keys} onClick={state.close}>
          <SidebarIcon />
        </IconButton>
        <button type="button" className={`row-button ${styles.new}`} onClick={onNewChat}>
          <NewChatIcon />
          {strings.newChat}
        </button>
      </div>
      <div className={styles.search}>
        <SearchIcon />
        <input
          ref={search}
          type="search"
          aria-label={strings.search}
          placeholder={strings.searchHint}
          maxLength={500}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={onSearchKey}
        />
        {query !== "" && (
          <IconButton
            size="small"
            label={strings.clearSearch}
            onClick={() => {
              setQuery("");
              search.current?.focus();
            }}
          >
            <CloseIcon />
          </IconButton>
        )}
      </div>
      {query.trim() === "" ? (
        <ConversationList actions={actions} state={state} />
      ) : (
        <SearchResults
          query={query.trim()}
          onOpen={({ conversationId, messageId }) => {
            void conversations.reveal(conversationId, messageId, query);
            state.closeIfCovering();
          }}
        />
      )}
      <div className={styles.bottom}>
        <button
          type="button"
          className={`row-button ${styles.plain}`}
          onClick={() => openSettings()}
        >
          <SettingsIcon />
          <span className="truncate">{strings.settings}</span>
        </button>
        <FilePicker accept=".json,.zip,application/json" multiple onFiles={importFiles}>
          {(open) => (
            <button type="button" className={`row-button ${styles.plain}`} onClick={open}>
              <ImportIcon />
              <span className="truncate">{strings.import}</span>
            </button>
          )}
        </FilePicker>
        <Menu label={strings.menu} icon={<MoreIcon />} items={menu} />
      </div>
      {dropTarget.isOver && (
        <p className={styles.drop}>
          <ImportIcon />
          {strings.dropImport}
        </p>
      )}
      <ResizeHandle
        label={strings.sidebarWidth}
        side="start"
        widths={WIDTHS}
        width={state.width}
        setWidth={state.setWidth}
      />
    </nav>
  );
}
