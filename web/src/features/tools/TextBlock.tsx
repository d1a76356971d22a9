/** A text of a call with its label: scrolled where it is long, shown whole on request, and copied. */
import { useId, useState } from "react";
import { strings } from "../../i18n";
import { useCopy } from "../../ui/useCopy";
import styles from "./tools.module.css";
import { Verbatim } from "./Verbatim";

/** A text that is longer, or has more lines, does not fit without scrolling. */
const FITS = { characters: 600, lines: 10 };

export interface TextBlockProps {
  readonly label: string;
  readonly text: string;
}

export function TextBlock({ label, text }: TextBlockProps) {
  const [isWhole, setIsWhole] = useState(false);
  const [copyState, copy] = useCopy(text);
  const id = useId();
  const isLong = text.length > FITS.characters || text.split("\n").length > FITS.lines;
  return (
    <div className={styles.block}>
      <div className={styles.head}>
        <span id={id}>
          <Verbatim text={label} />
        </span>
        {isLong && (
          <button type="button" aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
            {isWhole ? strings.tools.showLess : strings.tools.showAll}
          </button>
        )}
        <button type="button" onClick={copy}>
          {strings[copyState]}
        </button>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form's */}
      <div
        className={`${styles.text} ${isWhole ? styles.whole : ""}`}
        role="group"
        aria-labelledby={id}
        dir="ltr"
        // A place that scrolls must be reached by the keyboard.
        tabIndex={isLong ? 0 : undefined}
      >
        <Verbatim text={text} />
      </div>
    </div>
  );
}
