/** The language that the page is shown in: the one that was chosen, or the system's. */

import { readStored, writeStored } from "../lib/storage";

const KEY = "tidewire.language";

/** Every language that there is, by its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;

/** English in brackets, from right to left: it shows what a mirrored page would look like. */
export const PSEUDO = "en-XB";

export type Language = keyof typeof LANGUAGES | typeof PSEUDO;

/** What this page is shown in, from its beginning to its end. */
export function shownLanguage(page: Window = window): Language {
  return languageOf(read(page) ?? "", page.navigator.languages);
}

/** Where its lines begin. */
export function directionOf(language: Language): "ltr" | "rtl" {
  return language === PSEUDO ? "rtl" : "ltr";
}

/** How dates and numbers are written: as the system does, where it speaks the page's language. */
export function localeOf(language: Language, system: readonly string[]): string {
  return system.find((tag) => baseOf(tag) === baseOf(language)) ?? language;
}

/**
 * The settings say so: remembered for the next page. True when this one is in another language, so
 * that it has to be loaded again, which helps once at most.
 */
export function rememberLanguage(wanted: string, page: Window = window): boolean {
  const shown = shownLanguage(page);
  if ((readStored(KEY, page) ?? "") === wanted) return false;
  // Where nothing is kept, a page loaded again would be the same.
  if (!writeStored(KEY, wanted, page)) return false;
  return languageOf(wanted, page.navigator.languages) !== shown;
}

/** The first language that there is, of those that are wanted. */
export function languageOf(wanted: string, system: readonly string[]): Language {
  if (wanted.toLowerCase() === PSEUDO.toLowerCase()) return PSEUDO;
  for (const tag of wanted === "" ? system : [wanted]) {
    const base = baseOf(tag);
    if (base in LANGUAGES) return base as keyof typeof LANGUAGES;
  }
  return "en";
}

function baseOf(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}

/** What the host has put into the page; where it puts nothing, what the last page was told. */
function read(page: Window): string | null {
  return page.document.documentElement.dataset.language ?? readStored(KEY, page);
}
