/** A heading of the list with the conversations below it; folders can be collapsed. */
import { type KeyboardEvent, memo } from "react";
import type { ConversationSummary } from "../../bridge/contract";
import type { ListGroup } from "../../conversations/groups";
import { strings } from "../../i18n";
import { monthOf } from "../../i18n/format";
import { arrowsOf } from "../../lib/direction";
import { ChevronIcon, FolderIcon, MoreIcon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import styles from "./ConversationGroup.module.css";
import { ConversationItem } from "./ConversationItem";
import { useConversationDrop } from "./conversationDrag";
import { LazyRows, ROWS } from "./LazyRows";
import rows from "./RowMenu.module.css";
import type { ConversationActions } from "./useConversationActions";
import { useRow } from "./useRow";

/** Makes the group's first button the tab stop, a folder's heading or a conversation. */
export const FIRST_STOP = "";

/** The number of rows rendered with the list. */
const FIRST = 100;

export interface ConversationGroupProps {
  readonly group: ListGroup;
  /** The number of rows above it. */
  readonly above: number;
  readonly isShut: boolean;
  readonly openId: string | null;
  /** The conversation that is the tab stop, or FIRST_STOP; null if the stop is in another group. */
  readonly stop: string | null;
  readonly actions: ConversationActions;
  readonly onToggle: (folder: string) => void;
  readonly onMove: (item: ConversationSummary) => void;
  readonly onPut: (id: string, folder: string | null) => void;
}

function titleOf({ name, folder, month }: ListGroup): string {
  if (name === "folder") return folder ?? "";
  return name === "earlier" ? monthOf(month ?? 0) : strings.groups[name];
}

export const ConversationGroup = memo(function ConversationGroup(props: ConversationGroupProps) {
  const { group, above, isShut, openId, stop, actions, onMove, onPut } = props;
  const { name, folder, items } = group;
  const dropTarget = useConversationDrop((id) => onPut(id, folder));
  const title = titleOf(group);
  // A pinned conversation stays in its folder; here it is only shown.
  const acceptsDrop = name !== "pinned";
  const first = stop === FIRST_STOP && folder === null ? (items[0]?.id ?? null) : stop;
  return (
    <section
      aria-label={title}
      className={styles.group}
      data-over={acceptsDrop && dropTarget.isOver}
      {...(acceptsDrop ? dropTarget.handlers : { onDragOver: (event) => event.stopPropagation() })}
    >
      {folder === null ? (
        <h2 className={styles.name}>{title}</h2>
      ) : (
        <FolderHeading {...props} folder={folder} />
      )}
      {!isShut &&
        chunksOf(items).map((some, place) => (
          <LazyRows
            // biome-ignore lint/suspicious/noArrayIndexKey: a chunk is identified by its position
            key={place}
            count={some.length}
            isFirst={above + place * ROWS < FIRST}
            hasTabStop={first !== null && some.some(({ id }) => id === first)}
          >
            {() =>
              some.map((item) => (
                <ConversationItem
                  key={item.id}
                  item={item}
                  isOpen={item.id === openId}
                  isStop={item.id === first}
                  actions={actions}
                  onMove={onMove}
                />
              ))
            }
          </LazyRows>
        ))}
    </section>
  );
});

function chunksOf(items: readonly ConversationSummary[]): (readonly ConversationSummary[])[] {
  const count = Math.ceil(items.length / ROWS);
  return Array.from({ length: count }, (_, place) => items.slice(place * ROWS, (place + 1) * ROWS));
}

interface FolderHeadingProps extends ConversationGroupProps {
  readonly folder: string;
}

function FolderHeading({
  folder,
  group,
  isShut,
  openId,
  stop,
  actions,
  onToggle,
}: FolderHeadingProps) {
  const { button, handleKey, onBack, rename, box } = useRow({
    label: strings.folders.renameLabel,
    name: folder,
    maxLength: 100,
    onRename(name) {
      actions.renameFolder(folder, name);
      if (isShut) onToggle(name);
    },
  });
  const count = group.items.length;

  function onKeyDown(event: KeyboardEvent): void {
    const { forward, back } = arrowsOf(event.currentTarget);
    if (event.key !== (isShut ? forward : back)) return void handleKey(event);
    onToggle(folder);
    event.preventDefault();
    event.stopPropagation();
  }

  if (box !== null) return <div className={styles.folder}>{box}</div>;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: an arrow key moves from here to the heading's button
    <div
      className={styles.folder}
      data-open={isShut && group.items.some(({ id }) => id === openId)}
      onKeyDown={onBack}
    >
      <h2>
        <button
          ref={button}
          type="button"
          className={styles.toggle}
          aria-expanded={!isShut}
          tabIndex={stop === FIRST_STOP ? 0 : -1}
          data-folder={folder}
          title={folder}
          onClick={() => onToggle(folder)}
          onKeyDown={onKeyDown}
        >
          <ChevronIcon />
          <FolderIcon />
          <span className={rows.name} dir="auto">
            {folder}
          </span>
          <small className="faint" title={strings.folders.count(count)}>
            {count}
          </small>
        </button>
      </h2>
      <Menu
        label={strings.folders.actionsFor(folder)}
        icon={<MoreIcon />}
        className={rows.more}
        tabIndex={-1}
        items={[
          { label: strings.newChat, run: () => actions.newIn(folder) },
          { label: strings.folders.rename, run: rename },
          {
            label: strings.folders.remove,
            run: () => actions.removeFolder(folder),
            isDestructive: true,
          },
        ]}
      />
    </div>
  );
}
