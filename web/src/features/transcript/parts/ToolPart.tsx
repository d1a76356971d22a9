/** A tool call: its arguments while the model writes them, then the call with its state. */
import { memo, useEffect } from "react";
import { useStore } from "../../../conversations/useStore";
import { strings } from "../../../i18n";
import { withEscapes } from "../../../lib/hiddenCharacters";
import { addPart } from "../../../lib/loadParts";
import { createStore } from "../../../lib/store";
import { ToolIcon } from "../../../ui/icons";
import { Verbatim } from "../../tools/Verbatim";
import type { PartProps } from "./partProps";
import { SideNote } from "./SideNote";
import styles from "./ToolPart.module.css";

type CallCard = typeof import("../../tools/CallCard").default;

/**
 * Null until it is loaded. React's `lazy` would show a thousand calls a third of a second later,
 * because it delays content after a wait.
 */
const callCard = createStore<CallCard | null>(null);

const loadCallCard = addPart(async () => {
  if (callCard.get() === null) callCard.set((await import("../../tools/CallCard")).default);
});

export const ToolPart = memo(function ToolPart({ part, isOpen }: PartProps<"tool">) {
  const CallCard = useStore(callCard);
  const isCalled = part.call !== undefined;
  useEffect(() => {
    // The next call tries again; until then the arguments are shown.
    if (isCalled) loadCallCard().catch(() => {});
  }, [isCalled]);
  const name = withEscapes(part.call?.tool ?? part.name);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <div className={styles.tool} role="group" aria-label={strings.tools.call(name)}>
      {part.call !== undefined && CallCard !== null ? (
        <CallCard call={part.call} />
      ) : (
        <SideNote
          icon={<ToolIcon />}
          title={strings.tools.call(name)}
          isLive={isOpen}
          isOpen={isOpen}
        >
          <code dir="ltr">
            <Verbatim text={part.arguments} />
          </code>
        </SideNote>
      )}
    </div>
  );
});
