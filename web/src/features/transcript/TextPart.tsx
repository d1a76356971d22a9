/** AnswerText: the words of an answer, with the form that the model gave them. */

import { strings } from "../../i18n";
import { Markdown } from "../../markdown";

export interface AnswerTextProps {
  readonly text: string;
  /** More is on its way. */
  readonly live?: boolean;
}

export function AnswerText({ text, live = false }: AnswerTextProps) {
  return (
    <div className="message-text">
      <Markdown text={text} live={live} onOpenLink={openLink} words={strings.markdown} />
    </div>
  );
}

/** The host opens it in the system's own program; this page stays where it is. */
function openLink(url: string): void {
  void window.shell.openLink(url).catch(() => false);
}
