/** Who answers from now on: says who it is, and opens the panel to choose another. */
import { type RefObject, useState } from "react";
import type { Defaults } from "../../bridge/contract";
import { strings } from "../../i18n";
import { useSettingsState } from "../../settings/useSettings";
import { ChevronIcon } from "../../ui/icons";
import { ModelPanel } from "./ModelPanel";
import styles from "./ModelPicker.module.css";
import { useRecentModels } from "./useRecentModels";

/** The provider whose model runs inside the host. */
export const EMBEDDED = "local";

export interface ModelPickerProps {
  readonly by: Defaults;
  readonly button: RefObject<HTMLButtonElement | null>;
  readonly onChoose: (by: Defaults) => void;
}

export function ModelPicker({ by, button, onChoose }: ModelPickerProps) {
  const [isOpen, setIsOpen] = useState(false);
  const [recent, addRecent] = useRecentModels();
  const { providers, lists } = useSettingsState();
  const { providerId, modelId } = by;
  const models = lists[providerId]?.list?.models ?? [];
  const name = models.find(({ id }) => id === modelId)?.name ?? modelId;
  const provider = providers.find(({ id }) => id === providerId)?.name ?? providerId;
  const label =
    providerId === EMBEDDED ? strings.onThisComputer(name) : strings.withProvider(name, provider);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={styles.button}
        data-models
        aria-label={strings.chooseModel(label)}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        title={strings.chooseModel(label)}
        onClick={() => setIsOpen(!isOpen)}
      >
        <span dir="auto">{label}</span>
        <ChevronIcon />
      </button>
      {isOpen && (
        <ModelPanel
          by={by}
          recent={recent}
          button={button.current}
          onChoose={(chosen) => {
            setIsOpen(false);
            addRecent(chosen);
            onChoose(chosen);
          }}
          onClose={() => {
            setIsOpen(false);
            button.current?.focus();
          }}
          onLeave={() => setIsOpen(false)}
        />
      )}
    </>
  );
}
