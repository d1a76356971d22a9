/** The button that shows the number of enabled tools and opens the list to choose them. */
import { useState } from "react";
import type { ToolSummary } from "../../bridge/contract";
import type { ModelRef } from "../../conversations/conversation";
import type { ToolChoice } from "../../conversations/toolChoice";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { withEscapes } from "../../lib/hiddenCharacters";
import { requestName } from "../../settings/toolNames";
import { useOpenSettings, useSettings } from "../../settings/useSettings";
import buttons from "../../ui/buttons.module.css";
import { ToolIcon } from "../../ui/icons";
import { Popover } from "../../ui/Popover";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useModel } from "../models/useModel";
import styles from "./ToolMenu.module.css";

export interface ToolMenuProps {
  readonly choice: ToolChoice;
  /** The current model; null until it is known. */
  readonly by: ModelRef | null;
}

interface NamedTool {
  readonly tool: ToolSummary;
  /** Its name in a request. */
  readonly name: string;
}

export function ToolMenu({ choice, by }: ToolMenuProps) {
  const { tools } = useSettings();
  const chosen = useStore(choice);
  const [known, setKnown] = useState<readonly NamedTool[] | null>(null);
  const [isOpened, setIsOpened] = useState(false);
  const { problem, attempt } = useAsyncAction();
  const openSettings = useOpenSettings();
  const model = useModel(by, isOpened || chosen.length > 0);
  const isRefused = model !== null && !model.tools;
  const words = strings.tools;

  async function load(): Promise<void> {
    const all = await tools.list();
    const usable = all
      .filter(({ enabled }) => enabled)
      .map((tool) => ({ tool, name: requestName(tool, all) }));
    const names = usable.map(({ name }) => name);
    setKnown(usable);
    // The host refuses a request with a tool that is disabled or removed.
    const left = choice.get().filter((name) => names.includes(name));
    if (left.length < choice.get().length) choice.choose(left);
  }

  return (
    <Popover
      role="dialog"
      aria-label={words.menu}
      onOpen={() => {
        setIsOpened(true);
        attempt(load());
      }}
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
      {(close) => (
        <div className={styles.panel}>
          <p className="soft">{isRefused ? words.notForModel(model.name) : words.menuText}</p>
          {known?.map(({ tool, name }) => {
            const isChosen = chosen.includes(name);
            return (
              <label key={`${tool.source}/${tool.name}`} className={styles.tool}>
                <input
                  type="checkbox"
                  checked={isChosen}
                  disabled={isRefused}
                  onChange={() =>
                    choice.choose(
                      isChosen ? chosen.filter((one) => one !== name) : [...chosen, name],
                    )
                  }
                />
                <span>
                  {withEscapes(tool.name)} <small>{words.from(withEscapes(tool.source))}</small>
                </span>
              </label>
            );
          })}
          {known?.length === 0 && <p>{words.nothingOn}</p>}
          <Problem>{problem}</Problem>
          <button
            type="button"
            className={`${buttons.pill} ${styles.settings}`}
            onClick={() => {
              close();
              openSettings("tools");
            }}
          >
            {words.settings}
          </button>
        </div>
      )}
    </Popover>
  );
}
