/** The attachments of the message being written, with the reasons that prevent sending them. */
import { type RefObject, useEffect, useRef } from "react";
import { type DraftAttachment, isText } from "../../attachments/draftAttachment";
import { strings } from "../../i18n";
import { IconButton } from "../../ui/IconButton";
import { CloseIcon, FileIcon, PictureIcon } from "../../ui/icons";
import { useRovingFocus } from "../../ui/useRovingFocus";
import styles from "./AttachmentTray.module.css";
import { type AttachmentProblem, tokensIn } from "./problems";
import type { DraftAttachments } from "./useDraftAttachments";
import { UNAVAILABLE, useImageUrl } from "./useImageUrl";

export interface AttachmentTrayProps extends Omit<DraftAttachments, "attempt" | "onPaste"> {
  readonly onRemove: (key: string) => void;
  /** Gets the focus when no attachment is left. */
  readonly box: RefObject<HTMLElement | null>;
}

export function AttachmentTray(props: AttachmentTrayProps) {
  const { attached, obstacles, refusal, cancelPending, onRemove, box } = props;
  const list = useRef<HTMLUListElement>(null);
  const toolbar = useRovingFocus(list);

  // Scrolls to the first attachment with a problem, which may be out of view.
  useEffect(() => {
    if (refusal === null) return;
    list.current?.querySelector("[data-refused]")?.scrollIntoView({ block: "nearest" });
  }, [refusal]);

  function remove(place: number, key: string): void {
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const next = buttons[place + 1] ?? buttons[place - 1] ?? box.current;
    next?.focus();
    onRemove(key);
  }

  return (
    <>
      {/* The focus is in the box, so a screen reader must announce new attachments and problems. */}
      <div aria-live="polite">
        {attached.length > 0 && (
          <ul ref={list} className={styles.tray} aria-label={strings.attachments.list} {...toolbar}>
            {attached.map((attachment, place) => (
              <Chip
                key={attachment.key}
                attached={attachment}
                obstacle={obstacles.get(attachment.key) ?? null}
                onRemove={() => remove(place, attachment.key)}
              />
            ))}
          </ul>
        )}
        {cancelPending !== null && (
          <p className={styles.waiting}>
            {strings.attachments.waiting}
            <button
              type="button"
              onClick={() => {
                cancelPending();
                box.current?.focus();
              }}
            >
              {strings.cancel}
            </button>
          </p>
        )}
      </div>
      {refusal !== null && (
        <p className={styles.refusal} role="alert">
          {refusal}
        </p>
      )}
      {obstacles.size > 1 && (
        <p className={styles.waiting}>
          <button
            type="button"
            onClick={() => {
              box.current?.focus();
              for (const key of obstacles.keys()) onRemove(key);
            }}
          >
            {strings.attachments.removeRefused(obstacles.size)}
          </button>
        </p>
      )}
    </>
  );
}

interface ChipProps {
  readonly attached: DraftAttachment;
  readonly obstacle: AttachmentProblem | null;
  readonly onRemove: () => void;
}

function Chip({ attached, obstacle, onRemove }: ChipProps) {
  const { kind, name, state } = attached;
  const label = name ?? (kind === "image" ? strings.attachments.picture : strings.attachments.file);
  return (
    <li
      className={`${styles.chip} ${obstacle === null ? "" : styles.refused}`}
      data-attached=""
      data-refused={obstacle === null ? undefined : ""}
    >
      <Thumbnail attached={attached} />
      <span className={styles.words}>
        <span className={styles.name} dir="auto" title={label}>
          {label}
        </span>
        <span className="faint">{factsOf(attached)}</span>
        {obstacle !== null && <span className="soft bad">{obstacle.text}</span>}
      </span>
      <IconButton
        size="small"
        label={strings.attachments.remove(label)}
        aria-busy={state === "reading"}
        onClick={onRemove}
        onKeyDown={(event) => {
          if (event.key !== "Delete" && event.key !== "Backspace") return;
          event.preventDefault();
          // The focus moves to the next attachment.
          if (!event.repeat) onRemove();
        }}
      >
        <CloseIcon />
      </IconButton>
    </li>
  );
}

function Thumbnail({ attached }: { readonly attached: DraftAttachment }) {
  const isShown = attached.kind === "image" && attached.state !== "reading";
  const address = useImageUrl(attached, isShown);
  if (address !== null && address !== UNAVAILABLE) {
    return <img className={styles.thumbnail} src={address} alt="" draggable={false} />;
  }
  return (
    <span className={styles.thumbnail}>
      {attached.kind === "image" ? <PictureIcon /> : <FileIcon />}
    </span>
  );
}

function factsOf(attached: DraftAttachment): string {
  const { state, size, scaledTo } = attached;
  const { reading, scaled, asText } = strings.attachments;
  if (state === "reading") return reading;
  const facts = size > 0 ? [strings.size(size)] : [];
  if (scaledTo !== null) facts.push(scaled(scaledTo));
  if (state === "ready" && isText(attached)) facts.push(asText(tokensIn(size)));
  return facts.join(" · ");
}
