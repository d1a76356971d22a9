/** The button with the number of a conversation's tools, and the panel to choose them. */
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { ToolIcon } from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { Popover } from "../../ui/Popover";
import { useModel } from "../models/useModel";
import styles from "./ToolMenu.module.css";
import type { ToolPanelProps } from "./ToolPanel";

const ToolPanel = lazyPart(async () => (await import("./ToolPanel")).ToolPanel);

export function ToolMenu({ choice, by, onAttach }: Omit<ToolPanelProps, "onLeave">) {
  const { tools: chosen } = useStore(choice);
  const model = useModel(by, chosen.length > 0);
  const isRefused = model !== null && !model.tools;
  const words = strings.tools;
  return (
    <Popover
      role="dialog"
      aria-label={words.menu}
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
      {(close) => <ToolPanel choice={choice} by={by} onLeave={close} onAttach={onAttach} />}
    </Popover>
  );
}
