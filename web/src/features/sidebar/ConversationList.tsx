/** The list of conversations: pinned ones, folders, and the rest by date. */
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import type { ConversationSummary } from "../../bridge/contract";
import { groupsOf } from "../../conversations/groups";
import { useList, useShownId } from "../../conversations/useList";
import { locale, strings } from "../../i18n";
import { moveFocus } from "../../lib/listKeys";
import { lazyPart } from "../../ui/lazyPart";
import { ConversationGroup, FIRST_STOP } from "./ConversationGroup";
import styles from "./ConversationList.module.css";
import { useConversationDrop } from "./conversationDrag";
import type { ConversationActions } from "./useConversationActions";
import { useListFocus } from "./useListFocus";
import type { SidebarState } from "./useSidebar";
import { useToday } from "./useToday";

const FolderDialog = lazyPart(async () => (await import("./FolderDialog")).FolderDialog);

const STOPS = "[data-conversation], [data-folder]";

export interface ConversationListProps {
  readonly actions: ConversationActions;
  readonly state: Pick<SidebarState, "shut" | "toggleFolder">;
}

export function ConversationList({ actions, state }: ConversationListProps) {
  const { items, phase } = useList();
  const openId = useShownId();
  const [moving, setMoving] = useState<ConversationSummary | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const today = useToday();
  const groups = useMemo(() => groupsOf(items, today, locale), [items, today]);
  const { shut, toggleFolder } = state;
  const listFocus = useListFocus(list, STOPS);

  const move = useCallback(
    (id: string, folder: string | null) => {
      const item = items.find((entry) => entry.id === id);
      if (item !== undefined) actions.move(item, folder);
    },
    [actions, items],
  );

  // The area without conversations counts as no folder.
  const outside = useConversationDrop((id) => move(id, null));

  function onKeyDown(event: KeyboardEvent): void {
    if (!document.activeElement?.matches(STOPS)) return;
    moveFocus(event, list.current?.querySelectorAll<HTMLElement>(STOPS) ?? []);
    // The last rendered row need not be the last: scrolling renders those below.
    if (event.key === "End") list.current?.scrollTo({ top: list.current.scrollHeight });
  }

  if (items.length === 0) {
    return phase === "open" ? <p className={styles.empty}>{strings.noConversations}</p> : null;
  }
  let above = 0;
  const shown = groups.map((group) => {
    const isShut = group.folder !== null && shut.includes(group.folder);
    const place = { group, isShut, above };
    if (!isShut) above += group.items.length;
    return place;
  });
  const isThere = shown.some(
    ({ group, isShut }) => !isShut && group.items.some(({ id }) => id === openId),
  );
  const first = shown[0];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move from button to button
    <div
      ref={list}
      className={styles.list}
      data-list=""
      data-over={outside.isOver}
      onKeyDown={onKeyDown}
      {...listFocus}
      {...outside.handlers}
    >
      {shown.map(({ group, isShut, above: rows }) => (
        <ConversationGroup
          key={`${group.name} ${group.folder ?? group.month}`}
          group={group}
          above={rows}
          isShut={isShut}
          openId={openId}
          stop={isThere ? openId : group === first?.group ? FIRST_STOP : null}
          actions={actions}
          onToggle={toggleFolder}
          onMove={setMoving}
          onPut={move}
        />
      ))}
      {moving !== null && (
        <FolderDialog item={moving} actions={actions} onClose={() => setMoving(null)} />
      )}
    </div>
  );
}
