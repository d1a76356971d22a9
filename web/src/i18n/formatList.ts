/** Names one after the other, as the page's language writes lists. */
import { locale } from ".";

export const formatList = (words: readonly string[]): string =>
  new Intl.ListFormat(locale, { type: "unit" }).format(words);
