/** The actions of a message: copy, edit, regenerate, continue, other versions. */
import { useRef } from "react";
import type { Conversation } from "../../conversations/conversation";
import type { MessageView } from "../../conversations/message";
import { strings } from "../../i18n";
import buttons from "../../ui/buttons.module.css";
import { IconButton } from "../../ui/IconButton";
import {
  CheckIcon,
  ContinueIcon,
  CopyIcon,
  EditIcon,
  NextIcon,
  PreviousIcon,
  RedoIcon,
  SettingsIcon,
} from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { useCopy } from "../../ui/useCopy";
import { useRovingFocus } from "../../ui/useRovingFocus";
import styles from "./MessageActions.module.css";
import { RegenerateMenu } from "./RegenerateMenu";

const AnswerMenu = lazyPart(
  async () => (await import("../wire/AnswerMenu")).AnswerMenu,
  () => null,
);
const WORDED = `${buttons.pill} ${styles.worded}`;

export interface MessageActionsProps {
  readonly id: string;
  readonly view: MessageView;
  readonly conversation: Conversation;
  readonly isLast: boolean;
  readonly isBusy: boolean;
  /** Null where nothing can be edited. */
  readonly onEdit: (() => void) | null;
  /** Opens the form of the template that made it; null without one. */
  readonly onForm: (() => void) | null;
}

export function MessageActions(props: MessageActionsProps) {
  const { id, view, conversation, isLast, isBusy, onEdit, onForm } = props;
  const { role, status, text, live, siblings, finishReason, inferenceId } = view;
  const bar = useRef<HTMLDivElement>(null);
  const toolbar = useRovingFocus(bar);
  if (live) return null;
  const isAnswer = role === "assistant";
  const isCut = status === "interrupted" || status === "cancelled" || status === "failed";
  const canContinue = (isCut && text !== "") || finishReason === "steps";
  // A failed answer has its own retry below it.
  const canRedo = isAnswer && !isBusy && !(isLast && status === "failed");
  return (
    <div
      ref={bar}
      className={`${styles.actions} ${isLast && isAnswer ? styles.shown : ""}`}
      role="toolbar"
      aria-label={isAnswer ? strings.answerActions : strings.questionActions}
      {...toolbar}
    >
      {canContinue && isLast && isAnswer && !isBusy && (
        <button type="button" className={WORDED} onClick={() => conversation.goOn(id)}>
          <ContinueIcon />
          {strings.continueAnswer}
        </button>
      )}
      {canRedo && isLast && status === "interrupted" && (
        <button type="button" className={WORDED} onClick={() => conversation.regenerate(id)}>
          <RedoIcon />
          {strings.retry}
        </button>
      )}
      {text !== "" && <CopyAction text={text} />}
      {onEdit !== null && (
        <IconButton size="medium" label={strings.edit} onClick={onEdit}>
          <EditIcon />
        </IconButton>
      )}
      {onForm !== null && (
        <IconButton size="medium" label={strings.editForm} onClick={onForm}>
          <SettingsIcon />
        </IconButton>
      )}
      {canRedo && !(isLast && status === "interrupted") && (
        <IconButton
          size="medium"
          label={strings.regenerate}
          onClick={() => conversation.regenerate(id)}
        >
          <RedoIcon />
        </IconButton>
      )}
      {canRedo && isLast && status !== "interrupted" && (
        <RegenerateMenu id={id} modelId={view.modelId} conversation={conversation} />
      )}
      {isAnswer && inferenceId !== null && (
        <AnswerMenu inferenceId={inferenceId} earlier={view.runs} />
      )}
      {siblings.length > 1 && (
        <Versions
          place={siblings.indexOf(view.id)}
          count={siblings.length}
          isBusy={isBusy}
          onStep={(by) => void conversation.step(id, by)}
        />
      )}
    </div>
  );
}

function CopyAction({ text }: { readonly text: string }) {
  const [state, copy] = useCopy(text);
  return (
    <IconButton size="medium" label={strings[state]} onClick={copy}>
      {state === "copied" ? <CheckIcon /> : <CopyIcon />}
    </IconButton>
  );
}

interface VersionsProps {
  readonly place: number;
  readonly count: number;
  readonly isBusy: boolean;
  readonly onStep: (by: number) => void;
}

function Versions({ place, count, isBusy, onStep }: VersionsProps) {
  const label = strings.version(place + 1, count);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <span className={styles.versions} role="group" aria-label={label}>
      <IconButton
        size="medium"
        label={strings.previousVersion}
        disabled={isBusy || place <= 0}
        onClick={() => onStep(-1)}
      >
        <PreviousIcon />
      </IconButton>
      <span aria-hidden="true">
        {place + 1}/{count}
      </span>
      <IconButton
        size="medium"
        label={strings.nextVersion}
        disabled={isBusy || place >= count - 1}
        onClick={() => onStep(1)}
      >
        <NextIcon />
      </IconButton>
    </span>
  );
}
