/** A text from a model or a tool, as plain text, with its hidden characters as marked escapes. */
import { segmentsOf, withEscapes } from "../../lib/hiddenCharacters";
import styles from "./tools.module.css";

/** More marks would block the page for seconds; beyond this, escapes are plain text. */
const MOST_MARKS = 2_000;

export function Verbatim({ text }: { readonly text: string }) {
  const segments = segmentsOf(text);
  if (segments.length > 2 * MOST_MARKS) return withEscapes(text);
  return segments.map(({ text: piece, isEscape }, place) =>
    isEscape ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the position is the only identity
      <mark key={place} className={styles.escape}>
        {piece}
      </mark>
    ) : (
      piece
    ),
  );
}
