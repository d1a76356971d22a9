/** The panel to choose a conversation's tools from the enabled ones. */
import { useEffect, useState } from "react";
import type { ToolSummary } from "../../bridge/contract";
import type { AnswerChoice } from "../../conversations/answerOptions";
import type { ModelRef } from "../../conversations/conversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { withEscapes } from "../../lib/hiddenCharacters";
import { requestName } from "../../settings/toolNames";
import { useOpenSettings, useSettings } from "../../settings/useSettings";
import buttons from "../../ui/buttons.module.css";
import { Check } from "../../ui/form/Check";
import formStyles from "../../ui/form/form.module.css";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useModel } from "../models/useModel";
import styles from "./ToolMenu.module.css";

export interface ToolPanelProps {
  readonly choice: AnswerChoice;
  /** The model that answers; null until it is known. */
  readonly by: ModelRef | null;
  readonly onLeave: () => void;
  /** Opens the list of the resources of servers. */
  readonly onAttach: () => void;
}

export function ToolPanel({ choice, by, onLeave, onAttach }: ToolPanelProps) {
  const { tools, mcp } = useSettings();
  const [hasServers, setHasServers] = useState(false);
  const { tools: chosen } = useStore(choice);
  /** Each with its name in a request. */
  const [known, setKnown] = useState<readonly { tool: ToolSummary; name: string }[] | null>(null);
  const { problem, attempt } = useAsyncAction();
  const openSettings = useOpenSettings();
  const model = useModel(by, true);
  const isRefused = model !== null && !model.tools;
  const words = strings.tools;

  useEffect(() => {
    async function load(): Promise<void> {
      const [all, servers] = await Promise.all([tools.list(), mcp.list()]);
      setHasServers(servers.some(({ enabled }) => enabled));
      const usable = all
        .filter(({ enabled }) => enabled)
        .map((tool) => ({ tool, name: requestName(tool, all) }));
      setKnown(usable);
      // The host refuses a request with a tool that is off or gone.
      const wanted = choice.get().tools;
      const available = wanted.filter((name) => usable.some((other) => other.name === name));
      if (available.length < wanted.length) choice.choose({ tools: available });
    }
    attempt(load());
  }, [tools, mcp, choice, attempt]);

  const linkButton = (label: string, open: () => void) => (
    <button
      type="button"
      className={`${buttons.pill} ${formStyles.start}`}
      onClick={() => {
        onLeave();
        open();
      }}
    >
      {label}
    </button>
  );
  return (
    <div className={styles.panel}>
      <p className="soft">{isRefused ? words.notForModel(model.name) : words.menuText}</p>
      {known?.map(({ tool, name }) => {
        const isChosen = chosen.includes(name);
        return (
          <Check
            key={`${tool.source}/${tool.name}`}
            className={styles.tool}
            checked={isChosen}
            disabled={isRefused}
            onChange={() =>
              choice.choose({
                tools: isChosen ? chosen.filter((other) => other !== name) : [...chosen, name],
              })
            }
          >
            <span>
              {withEscapes(tool.name)} <small>{words.from(withEscapes(tool.source))}</small>
            </span>
          </Check>
        );
      })}
      {known?.length === 0 && <p>{words.nothingOn}</p>}
      <Problem>{problem}</Problem>
      {hasServers && linkButton(words.attach, onAttach)}
      {linkButton(words.settings, () => openSettings("tools"))}
    </div>
  );
}
