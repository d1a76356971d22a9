/** A labeled text of a call: scrolled if long, expanded on request, and copied. */
import { useId, useState } from "react";
import { strings } from "../../i18n";
import { useCopy } from "../../ui/useCopy";
import styles from "./tools.module.css";
import { Verbatim } from "./Verbatim";

/** The largest text that fits without scrolling. */
const LIMIT = { characters: 600, lines: 10 };

export interface TextBlockProps {
  readonly label: string;
  readonly text: string;
  /** The whole text, if only its beginning is shown. */
  readonly wholeText?: string;
}

export function TextBlock({ label, text, wholeText = text }: TextBlockProps) {
  const [isWhole, setIsWhole] = useState(false);
  const [copyState, copy] = useCopy(wholeText);
  const id = useId();
  const isLong = text.length > LIMIT.characters || text.split("\n").length > LIMIT.lines;
  return (
    <div className={styles.block}>
      <div className={styles.head}>
        <span id={id}>
          <Verbatim text={label} />
        </span>
        {isLong && (
          <button
            type="button"
            className="word-button"
            aria-expanded={isWhole}
            onClick={() => setIsWhole(!isWhole)}
          >
            {isWhole ? strings.tools.showLess : strings.tools.showAll}
          </button>
        )}
        <button type="button" className="word-button" onClick={copy}>
          {strings[copyState]}
        </button>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form */}
      <div
        className={`${styles.text} ${isWhole ? styles.whole : ""}`}
        role="group"
        aria-labelledby={id}
        dir="ltr"
        // A scrollable area must be reachable by keyboard.
        tabIndex={isLong ? 0 : undefined}
      >
        <Verbatim text={text} />
      </div>
    </div>
  );
}
