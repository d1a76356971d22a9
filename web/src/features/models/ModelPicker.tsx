/** Who answers from now on: says who it is, and opens the panel to choose another. */
import { useRef, useState } from "react";
import type { Defaults } from "../../bridge/contract";
import { strings } from "../../i18n";
import { useSettingsState } from "../../settings/useSettings";
import { ChevronIcon } from "../../ui/icons";
import { ModelPanel } from "./ModelPanel";
import styles from "./ModelPicker.module.css";
import { useModelLabel } from "./useModelLabel";
import { useRecentModels } from "./useRecentModels";

export interface ModelPickerProps {
  readonly by: Defaults;
  readonly onChoose: (by: Defaults) => void;
}

export function ModelPicker({ by, onChoose }: ModelPickerProps) {
  const [isOpen, setIsOpen] = useState(false);
  const [recent, addRecent] = useRecentModels();
  const { lists } = useSettingsState();
  const label = useModelLabel(by, recent);
  const button = useRef<HTMLButtonElement>(null);
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
            const { models = [] } = lists[chosen.providerId]?.list ?? {};
            addRecent({ ...chosen, name: models.find(({ id }) => id === chosen.modelId)?.name });
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
