/** The words of an answer, with the form that the model gave them. */

import { strings } from "../../i18n";
import { Markdown, type Slots } from "../../markdown";
import { SaveCode } from "./SaveCode";

export interface TextPartProps {
  readonly text: string;
  /** More is on its way. */
  readonly live?: boolean;
}

/** The page has a heading of the first level and some of the second. */
const SLOTS: Slots = {
  headingsBelow: 2,
  codeActions: (code) => !code.growing && <SaveCode {...code} />,
};

export function TextPart({ text, live = false }: TextPartProps) {
  return (
    <div className="message-text">
      <Markdown
        text={text}
        live={live}
        onOpenLink={openLink}
        labels={strings.markdown}
        slots={SLOTS}
      />
    </div>
  );
}

/** The host opens it in the system's own program; this page stays where it is. */
function openLink(url: string): void {
  void window.shell.openLink(url).catch(() => false);
}
