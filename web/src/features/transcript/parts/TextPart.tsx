/** Text of an answer, as Markdown. */
import { memo } from "react";
import { strings } from "../../../i18n";
import { keyLabels } from "../../../lib/keyCombo";
import { Markdown, type Slots } from "../../../markdown";
import { lazyPart } from "../../../ui/lazyPart";
import type { PartProps } from "./partProps";

const CodeActions = lazyPart(
  async () => (await import("../CodeActions")).CodeActions,
  () => null,
);

const LABELS = {
  ...strings.markdown,
  selected: strings.markdown.selected(keyLabels("Mod+C", strings.keyNames).join("+")),
};

/** The page itself has headings of the first and second level. */
const SLOTS: Slots = {
  headingsBelow: 2,
  codeActions: (code, own) => <CodeActions code={code} own={own} />,
};

export const TextPart = memo(function TextPart({ part, isOpen }: PartProps<"text">) {
  return (
    <div className="message-text">
      <Markdown
        text={part.text}
        live={isOpen}
        onOpenLink={openLink}
        labels={LABELS}
        slots={SLOTS}
      />
    </div>
  );
});

/** The host opens the link in the system's browser; this page stays. */
function openLink(url: string): void {
  void window.shell.openLink(url).catch(() => false);
}
