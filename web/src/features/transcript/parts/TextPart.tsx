/** Text of an answer, as Markdown. */
import { memo } from "react";
import { strings } from "../../../i18n";
import { Markdown } from "../../../markdown";
import type { PartProps } from "./partProps";

export const TextPart = memo(function TextPart({ part, isOpen }: PartProps<"text">) {
  return (
    <div className="message-text">
      <Markdown text={part.text} live={isOpen} onOpenLink={openLink} labels={strings.markdown} />
    </div>
  );
});

/** The host opens it in the system's own program; this page stays where it is. */
function openLink(url: string): void {
  void window.shell.openLink(url).catch(() => false);
}
