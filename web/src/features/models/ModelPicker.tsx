/** Who answers from now on: says who it is, and opens the panel to choose another. */
import type { Defaults } from "../../bridge/contract";
import { strings } from "../../i18n";
import { useSettingsState } from "../../settings/useSettings";
import { ChevronIcon } from "../../ui/icons";
import { Popover } from "../../ui/Popover";
import { ModelPanel } from "./ModelPanel";
import styles from "./ModelPicker.module.css";
import { useRecentModels } from "./useRecentModels";

/** The provider whose model runs inside the host. */
export const EMBEDDED = "local";

export interface ModelPickerProps {
  readonly by: Defaults;
  readonly onChoose: (by: Defaults) => void;
}

export function ModelPicker({ by, onChoose }: ModelPickerProps) {
  const [recent, addRecent] = useRecentModels();
  const { providers, lists } = useSettingsState();
  const { providerId, modelId } = by;
  const models = lists[providerId]?.list?.models ?? [];
  const name = models.find(({ id }) => id === modelId)?.name ?? modelId;
  const provider = providers.find(({ id }) => id === providerId)?.name ?? providerId;
  const label =
    providerId === EMBEDDED ? strings.onThisComputer(name) : strings.withProvider(name, provider);
  return (
    <Popover
      role="dialog"
      aria-label={strings.models}
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
            addRecent(chosen);
            onChoose(chosen);
          }}
          onLeave={() => close(true)}
        />
      )}
    </Popover>
  );
}
