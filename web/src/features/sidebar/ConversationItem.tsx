/** One conversation of the list, with its actions: open, rename, pin, move, export, delete. */
import { type KeyboardEvent, memo } from "react";
import type { ConversationSummary } from "../../bridge/contract";
import { strings } from "../../i18n";
import { GhostIcon, MoreIcon, PinIcon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import styles from "./ConversationItem.module.css";
import { dragConversation } from "./conversationDrag";
import { conversationMenu } from "./conversationMenu";
import rows from "./RowMenu.module.css";
import type { ConversationActions } from "./useConversationActions";
import { useRow } from "./useRow";

export interface ConversationItemProps {
  readonly item: ConversationSummary;
  readonly isOpen: boolean;
  /** Whether it is the tab stop; the arrow keys reach the others. */
  readonly isStop: boolean;
  readonly actions: ConversationActions;
  /** Opens the choice of a folder. */
  readonly onMove: (item: ConversationSummary) => void;
}

export const ConversationItem = memo(function ConversationItem(props: ConversationItemProps) {
  const { item, isOpen, isStop, actions, onMove } = props;
  const { button, handleKey, onBack, rename, box } = useRow({
    label: strings.renameLabel,
    name: item.title,
    maxLength: 200,
    onRename: (name) => actions.rename(item, name),
  });
  const title = item.title === "" ? strings.untitled : item.title;

  function onKeyDown(event: KeyboardEvent): void {
    if (handleKey(event) || event.key !== "Delete") return;
    event.preventDefault();
    // The focus moves to the next conversation, which a key still held down must not remove, too.
    if (!event.repeat) actions.remove(item);
  }

  if (box !== null) {
    return (
      <li className={rows.row} data-open={isOpen}>
        {box}
      </li>
    );
  }
  return (
    <li
      className={rows.row}
      data-open={isOpen}
      draggable={!item.temporary}
      onDragStart={(event) => dragConversation(event.dataTransfer, item.id)}
      onKeyDown={onBack}
    >
      <button
        ref={button}
        type="button"
        className={styles.open}
        aria-current={isOpen ? "page" : undefined}
        tabIndex={isStop ? 0 : -1}
        data-conversation={item.id}
        title={title}
        onClick={() => actions.open(item.id)}
        onDoubleClick={rename}
        onKeyDown={onKeyDown}
      >
        <span className={rows.name} dir="auto">
          {title}
        </span>
        {item.inferenceId !== null && (
          <span className={styles.live} role="img" aria-label={strings.answeringNow} />
        )}
        {item.temporary && <GhostIcon />}
        {item.pinned && <PinIcon />}
      </button>
      <Menu
        label={strings.actionsFor(title)}
        icon={<MoreIcon />}
        className={rows.more}
        tabIndex={-1}
        items={conversationMenu(item, actions, rename, () => onMove(item))}
      />
    </li>
  );
});
