/** Composer: where messages are written. It stays live while an answer comes in. */
import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useLayoutEffect,
  useSyncExternalStore,
} from "react";
import type { Store } from "../llm/store";
import { strings } from "../strings";
import styles from "./Composer.module.css";
import { SendIcon, StopIcon } from "./icons";

export interface ComposerProps {
  readonly draft: Store<string>;
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly isBusy: boolean;
  readonly isStopping: boolean;
  /** What answers, and the way to another. */
  readonly model: ReactNode;
  /** What waits to be said. */
  readonly queue: readonly string[];
  readonly onSend: () => void;
  /** Say it once the answer is complete. */
  readonly onQueue: () => void;
  readonly onUnqueue: () => void;
  /** Change what was said last. */
  readonly onEditLast: () => void;
  readonly onStop: () => void;
}

export function Composer(props: ComposerProps) {
  const { draft, box, isBusy, isStopping, model, queue, onSend, onStop } = props;
  const text = useSyncExternalStore(draft.subscribe, draft.get, draft.get);
  const isEmpty = text.trim() === "";

  useHeight(box, text);

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "ArrowUp" && text === "" && !hasModifier(event)) {
      event.preventDefault();
      props.onEditLast();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    // While an answer comes in, the draft waits here, unless it is told to go next.
    if (isBusy && (event.ctrlKey || event.metaKey)) props.onQueue();
    else if (!isBusy && !isEmpty) onSend();
  }

  function onPress(): void {
    if (isBusy) onStop();
    else onSend();
    // The button may be disabled in a moment; the next thing to do is to write.
    box.current?.focus();
  }

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        onPress();
      }}
    >
      {queue.length > 0 && (
        <div className={styles.queue}>
          <span className={styles.queued} dir="auto">
            {strings.queued(queue.join(" · "))}
          </span>
          <button type="button" onClick={props.onUnqueue}>
            {strings.unqueue}
          </button>
        </div>
      )}
      <div className={styles.card}>
        <textarea
          ref={box}
          className={styles.box}
          aria-label={strings.message}
          placeholder={strings.placeholder}
          rows={1}
          dir="auto"
          value={text}
          onChange={(event) => draft.set(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className={styles.bar}>
          <div className={styles.model}>{model}</div>
          <span className={styles.keys}>{isBusy ? strings.keysBusy : strings.keys}</span>
          <button
            type="submit"
            className={styles.button}
            aria-label={isBusy ? strings.stop : strings.send}
            title={isBusy ? strings.stop : strings.send}
            aria-busy={isStopping}
            disabled={!isBusy && isEmpty}
          >
            {isBusy ? <StopIcon /> : <SendIcon />}
          </button>
        </div>
      </div>
    </form>
  );
}

/** As high as its text; the style sheet says where it begins to scroll. */
export function useHeight(box: RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [box, text]);
}

/** Whether this key belongs to an input method. WebKit ends the composition before its Enter. */
export function isComposing({ nativeEvent }: KeyboardEvent): boolean {
  return nativeEvent.isComposing || nativeEvent.keyCode === 229;
}

function hasModifier({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || shiftKey;
}
