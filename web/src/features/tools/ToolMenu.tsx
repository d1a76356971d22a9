/** The button with the number of a conversation's tools, and the panel to choose them. */
import type { ReactNode } from "react";
import type { AnswerChoice } from "../../conversations/answerOptions";
import type { ModelRef } from "../../conversations/conversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { ToolIcon } from "../../ui/icons";
import { Popover } from "../../ui/Popover";
import { useModel } from "../models/useModel";
import styles from "./ToolMenu.module.css";

export interface ToolMenuProps {
  readonly choice: AnswerChoice;
  /** The model that answers; null until it is known. */
  readonly by: ModelRef | null;
  /** The choice, in a panel that it can close. */
  readonly panel: (onLeave: () => void) => ReactNode;
}

export function ToolMenu({ choice, by, panel }: ToolMenuProps) {
  const { tools: chosen } = useStore(choice);
  const model = useModel(by, chosen.length > 0);
  const isRefused = model !== null && !model.tools;
  const words = strings.tools;
  return (
    <Popover
      role="dialog"
      aria-label={strings.sections.tools}
      button={(props) => (
        <button
          {...props}
          type="button"
          className={styles.button}
          aria-label={words.chosen(chosen.length)}
          title={isRefused ? words.notForModel(model.name) : words.chosen(chosen.length)}
          data-refused={isRefused || undefined}
        >
          <ToolIcon />
          {chosen.length > 0 && chosen.length}
        </button>
      )}
    >
      {(close) => panel(() => close())}
    </Popover>
  );
}
