/** ConversationItem: one conversation of the list: open it, name it, pin it, put it away. */
import { type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import type { ConversationSummary } from "../../bridge/contract";
import { strings } from "../../strings";
import { GhostIcon, MoreIcon, PinIcon } from "../icons";
import styles from "./ConversationItem.module.css";
import { Menu } from "./Menu";
import type { Acts } from "./useActs";

export interface ConversationItemProps {
  readonly item: ConversationSummary;
  readonly isOpen: boolean;
  /** Whether the tab key comes here; the arrows go to the others. */
  readonly isStop: boolean;
  readonly acts: Acts;
}

export const ConversationItem = memo(function ConversationItem(props: ConversationItemProps) {
  const { item, isOpen, isStop, acts } = props;
  const [isNaming, setIsNaming] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const title = item.title === "" ? strings.untitled : item.title;

  /** Tab does not stop here a second time: the arrow leads to what can be done. */
  const more = () => button.current?.parentElement?.querySelector<HTMLElement>("[aria-haspopup]");

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "F2") setIsNaming(true);
    else if (event.key === "Delete") acts.remove(item);
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      more()?.click();
    } else if (event.key === "ArrowRight") more()?.focus();
    else return;
    event.preventDefault();
  }

  function onBack(event: KeyboardEvent): void {
    if (event.key !== "ArrowLeft" || event.target === button.current) return;
    event.preventDefault();
    button.current?.focus();
  }

  if (isNaming) {
    return (
      <li className={styles.item} data-open={isOpen}>
        <NameBox
          title={item.title}
          onDone={(name) => {
            setIsNaming(false);
            if (name !== null) acts.rename(item, name);
            requestAnimationFrame(() => button.current?.focus());
          }}
        />
      </li>
    );
  }
  return (
    <li className={styles.item} data-open={isOpen} onKeyDown={onBack}>
      <button
        ref={button}
        type="button"
        className={styles.open}
        aria-current={isOpen ? "page" : undefined}
        tabIndex={isStop ? 0 : -1}
        data-conversation={item.id}
        title={title}
        onClick={() => acts.open(item.id)}
        onDoubleClick={() => setIsNaming(true)}
        onKeyDown={onKeyDown}
      >
        <span className={styles.title} dir="auto">
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
        className={styles.more}
        tabIndex={-1}
        items={[
          { label: strings.rename, run: () => setIsNaming(true) },
          { label: item.pinned ? strings.unpin : strings.pin, run: () => acts.pin(item) },
          { label: strings.exportAs.md, run: () => acts.exportAs(item, "md") },
          { label: strings.exportAs.html, run: () => acts.exportAs(item, "html") },
          { label: strings.exportAs.json, run: () => acts.exportAs(item, "json") },
          { label: strings.delete, run: () => acts.remove(item), isGrave: true },
        ]}
      />
    </li>
  );
});

interface NameBoxProps {
  readonly title: string;
  /** Null when it keeps its name. */
  readonly onDone: (name: string | null) => void;
}

function NameBox({ title, onDone }: NameBoxProps) {
  const [name, setName] = useState(title);
  const box = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, []);

  function finish(isKept: boolean): void {
    if (done.current) return;
    done.current = true;
    const wanted = name.trim();
    onDone(isKept && wanted !== "" && wanted !== title ? wanted : null);
  }

  return (
    <input
      ref={box}
      className={styles.name}
      aria-label={strings.renameLabel}
      dir="auto"
      maxLength={200}
      value={name}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.nativeEvent.isComposing || event.nativeEvent.keyCode === 229) return;
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        finish(event.key === "Enter");
      }}
    />
  );
}
