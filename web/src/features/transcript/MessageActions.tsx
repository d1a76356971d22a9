/** The actions of a message: copy, edit, regenerate, continue, other versions. */
import type { Conversation } from "../../conversations/conversation";
import type { MessageView } from "../../conversations/message";
import { strings } from "../../i18n";
import { type Action, ActionList } from "../../ui/ActionList";
import { IconButton } from "../../ui/IconButton";
import {
  CheckIcon,
  ChevronIcon,
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
import styles from "./MessageActions.module.css";

const RegenerateItems = lazyPart(async () => (await import("./RegenerateItems")).RegenerateItems);
const AnswerItems = lazyPart(async () => (await import("../wire/AnswerItems")).AnswerItems);

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
  const [copyState, copy] = useCopy(text);
  if (live) return null;
  const isAnswer = role === "assistant";
  const isCut =
    status === "interrupted" ||
    status === "cancelled" ||
    status === "failed" ||
    finishReason === "length";
  const canContinue = (isCut && text !== "") || finishReason === "steps";
  // A failed answer has its own retry below it.
  const canRedo = isAnswer && !isBusy && !(isLast && status === "failed");
  const isRetry = isLast && status === "interrupted";
  const redo = { icon: <RedoIcon />, run: () => conversation.regenerate(id) };
  const actions: (Action | false)[] = [
    canContinue &&
      isLast &&
      isAnswer &&
      !isBusy && {
        label: strings.continueAnswer,
        icon: <ContinueIcon />,
        run: () => conversation.continueAnswer(id),
        showsLabel: true,
      },
    canRedo && isRetry && { label: strings.retry, ...redo, showsLabel: true },
    text !== "" && {
      id: "copy",
      label: strings[copyState],
      icon: copyState === "copied" ? <CheckIcon /> : <CopyIcon />,
      run: copy,
    },
    onEdit !== null && { label: strings.edit, icon: <EditIcon />, run: onEdit },
    onForm !== null && { label: strings.editForm, icon: <SettingsIcon />, run: onForm },
    canRedo && !isRetry && { label: strings.regenerate, ...redo },
    canRedo &&
      isLast &&
      !isRetry && {
        label: strings.again.label,
        icon: <ChevronIcon />,
        menu: <RegenerateItems id={id} by={view} conversation={conversation} />,
      },
  ];
  return (
    <ActionList
      className={`${styles.actions} ${isLast && isAnswer ? styles.shown : ""}`}
      label={isAnswer ? strings.answerActions : strings.questionActions}
      actions={actions.filter((action) => action !== false)}
      more={
        isAnswer && inferenceId !== null
          ? {
              label: strings.moreAboutAnswer,
              menu: <AnswerItems inferenceId={inferenceId} earlier={view.runs} />,
            }
          : null
      }
    >
      {siblings.length > 1 && (
        <Versions
          place={siblings.indexOf(view.id)}
          count={siblings.length}
          isBusy={isBusy}
          onStep={(by) => void conversation.step(id, by)}
        />
      )}
    </ActionList>
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
