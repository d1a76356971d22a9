/** The button that shows the current model and opens the panel to choose another. */
import type { ReactNode, RefObject } from "react";
import type { Defaults } from "../../bridge/contract";
import type { AnswerChoice } from "../../conversations/answerOptions";
import { strings } from "../../i18n";
import { useSettingsState } from "../../settings/useSettings";
import { ChevronIcon } from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { Popover } from "../../ui/Popover";
import styles from "./ModelPicker.module.css";
import { useModelLabel } from "./useModelLabel";
import { useRecentModels } from "./useRecentModels";

const ModelPanel = lazyPart(async () => (await import("./ModelPanel")).ModelPanel);

export interface ModelPickerProps {
  readonly by: Defaults;
  readonly choice: AnswerChoice;
  /** Null while the host has no such conversation. */
  readonly conversationId: string | null;
  /** The choice of the chat's tools, in a panel that it can close. */
  readonly tools?: (onLeave: () => void) => ReactNode;
  readonly button: RefObject<HTMLButtonElement | null>;
  readonly onChoose: (by: Defaults) => void;
  readonly onShowRequest: () => void;
}

export function ModelPicker(props: ModelPickerProps) {
  const { by, choice, tools, button, onChoose, onShowRequest, conversationId } = props;
  const [recent, addRecent] = useRecentModels();
  const { lists } = useSettingsState();
  const label = useModelLabel(by, recent);
  return (
    <Popover
      role="dialog"
      aria-label={strings.sections.models}
      trigger={button}
      button={(props) => (
        <button
          {...props}
          type="button"
          className={styles.button}
          data-models
          aria-label={strings.chooseModel(label)}
          title={strings.chooseModel(label)}
        >
          <span className="truncate" dir="auto">
            {label}
          </span>
          <ChevronIcon />
        </button>
      )}
    >
      {(close) => (
        <ModelPanel
          by={by}
          recent={recent}
          onChoose={(chosen) => {
            close(true);
            const { models = [] } = lists[chosen.providerId]?.list ?? {};
            addRecent({ ...chosen, name: models.find(({ id }) => id === chosen.modelId)?.name });
            onChoose(chosen);
          }}
          onLeave={() => close(true)}
          onShowRequest={() => {
            close();
            onShowRequest();
          }}
          choice={choice}
          tools={tools?.(() => close(true))}
          conversationId={conversationId}
        />
      )}
    </Popover>
  );
}
