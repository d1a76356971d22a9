/** The button that shows the effort of the next answer, and the choice for the chat or that answer alone. */
import { useState } from "react";
import type { AnswerChoice } from "../../conversations/answerOptions";
import type { ModelRef } from "../../conversations/conversation";
import { useStore } from "../../conversations/useStore";
import { costs } from "../../i18n/costs";
import { Check } from "../../ui/form/Check";
import { EffortField } from "../../ui/form/EffortField";
import { ThoughtIcon } from "../../ui/icons";
import { Popover } from "../../ui/Popover";
import { useStandardEffort } from "./useStandardEffort";

export interface EffortMenuProps {
  readonly by: ModelRef | null;
  readonly choice: AnswerChoice;
}

export function EffortMenu({ by, choice }: EffortMenuProps) {
  const { effort } = useStore(choice);
  const once = useStore(choice.once);
  const { efforts, standard } = useStandardEffort(by);
  const [isOnce, setIsOnce] = useState(false);
  if (efforts.length === 0) return null;
  const next = efforts.find((level) => level === (once ?? effort));
  const label = costs.effortIs(next === undefined ? standard : costs.efforts[next]);
  return (
    <Popover
      role="dialog"
      aria-label={costs.effort}
      button={(props) => (
        <button {...props} type="button" className="box-button" aria-label={label} title={label}>
          <ThoughtIcon />
          {next !== undefined && costs.efforts[next]}
        </button>
      )}
    >
      {() => (
        <div className="popover-body">
          <EffortField
            key={`${isOnce}`}
            efforts={efforts}
            value={isOnce ? once : effort}
            standard={isOnce ? costs.effortOfChat : standard}
            save={async (chosen) => {
              choice.once.set(isOnce ? chosen : null);
              if (!isOnce) choice.choose({ effort: chosen });
            }}
          />
          <Check
            checked={isOnce}
            onChange={(isChecked) => {
              setIsOnce(isChecked);
              choice.once.set(null);
            }}
          >
            {costs.effortOnce}
          </Check>
        </div>
      )}
    </Popover>
  );
}
