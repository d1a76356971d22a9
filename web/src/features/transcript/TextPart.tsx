/** The words of an answer, with the form that the model gave them. */

import { strings } from "../../i18n";
import { Markdown } from "../../markdown";

export interface TextPartProps {
  readonly text: string;
  /** More is on its way. */
  readonly live?: boolean;
}

export function TextPart({ text, live = false }: TextPartProps) {
  return (
    <div className="message-text">
      <Markdown text={text} live={live} onOpenLink={openLink} labels={strings.markdown} />
    </div>
  );
}

/** The host opens it in the system's own program; this page stays where it is. */
function openLink(url: string): void {
  void window.shell.openLink(url).catch(() => false);
}
