/** A tool call: its arguments while the model writes them, then the call with its state. */
import { lazy, memo, Suspense } from "react";
import { strings } from "../../../i18n";
import { withEscapes } from "../../../lib/hiddenCharacters";
import { ToolIcon } from "../../../ui/icons";
import { Verbatim } from "../../tools/Verbatim";
import type { PartProps } from "./partProps";
import { SideNote } from "./SideNote";
import styles from "./ToolPart.module.css";

/** Loaded with the first call: most conversations have none. */
const CallCard = lazy(() => import("../../tools/CallCard"));

export const ToolPart = memo(function ToolPart({ part, isOpen }: PartProps<"tool">) {
  const name = withEscapes(part.call?.tool ?? part.name);
  const written = (
    <SideNote icon={<ToolIcon />} title={strings.tools.call(name)} isLive={isOpen} isOpen={isOpen}>
      <code dir="ltr">
        <Verbatim text={part.arguments} />
      </code>
    </SideNote>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <div className={styles.tool} role="group" aria-label={strings.tools.call(name)}>
      {part.call === undefined ? (
        written
      ) : (
        <Suspense fallback={written}>
          <CallCard call={part.call} />
        </Suspense>
      )}
    </div>
  );
});
