/** What this chat asks of the model that answers, below the list of models. */
import type { Defaults } from "../../bridge/contract";
import type { AnswerChoice } from "../../conversations/answerOptions";
import { useStore } from "../../conversations/useStore";
import { costs } from "../../i18n/costs";
import { SelectField } from "../../ui/form/SelectField";
import styles from "./ChatOptions.module.css";
import { useModel } from "./useModel";

export interface ChatOptionsProps {
  readonly by: Defaults;
  readonly choice: AnswerChoice;
}

export function ChatOptions({ by, choice }: ChatOptionsProps) {
  const { effort } = useStore(choice);
  const efforts = useModel(by, true)?.efforts ?? [];
  if (efforts.length === 0) return null;
  return (
    <div className={styles.options}>
      <SelectField
        label={costs.effort}
        hint={costs.effortHint}
        // What another model was asked is not asked of this one.
        value={efforts.find((one) => one === effort) ?? ""}
        save={async (value) =>
          choice.choose({ effort: efforts.find((one) => one === value) ?? null })
        }
      >
        <option value="">{costs.modelsOwn}</option>
        {efforts.map((one) => (
          <option key={one} value={one}>
            {costs.efforts[one]}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
