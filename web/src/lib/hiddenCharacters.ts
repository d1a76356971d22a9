/**
 * Finds invisible characters of a text: control characters, direction marks, zero-width characters,
 * unpaired surrogates. They are shown in texts that a person decides about.
 */

/** All except line breaks and tabs, which plain text shows as such. */
export const HIDDEN =
  /(?:(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800])+/gu;

export interface Segment {
  readonly text: string;
  /** It is an escape, such as `U+202E`, in place of hidden characters. */
  readonly isEscape: boolean;
}

/** The text in pieces; neighboring hidden characters are one piece. */
export function segmentsOf(text: string): readonly Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(HIDDEN)) {
    if (index > from) segments.push({ text: text.slice(from, index), isEscape: false });
    segments.push({ text: escapeCharacters(found), isEscape: true });
    from = index + found.length;
  }
  if (from < text.length) segments.push({ text: text.slice(from), isEscape: false });
  return segments;
}

/** The same as one text, for labels and for texts with very many segments. */
export const withEscapes = (text: string): string => text.replace(HIDDEN, escapeCharacters);

function escapeCharacters(hidden: string): string {
  return Array.from(hidden, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
    return `⟨U+${code.padStart(4, "0")}⟩`;
  }).join("");
}
