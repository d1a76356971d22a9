/** The page's language: the chosen one, or the system's. */

import { readStored, writeStored } from "../lib/storage";

const KEY = "tidewire.language";

/** The available languages, by their own names. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;

/** English in brackets, from right to left: it shows how a mirrored page looks. */
export const PSEUDO = "en-XB";

export type Language = keyof typeof LANGUAGES | typeof PSEUDO;

/** The language of this page, which does not change while the page lives. */
export function shownLanguage(page: Window = window): Language {
  return languageOf(read(page) ?? "", page.navigator.languages);
}

/** The writing direction of a language. */
export function directionOf(language: Language): "ltr" | "rtl" {
  return language === PSEUDO ? "rtl" : "ltr";
}

/** The locale for dates and numbers: the system's, if it has the page's language. */
export function localeOf(language: Language, system: readonly string[]): string {
  return system.find((tag) => baseOf(tag) === baseOf(language)) ?? language;
}

/**
 * Remembers the language of the settings for the next page load. True if this page is in another
 * language and must be reloaded, which it does at most once.
 */
export function rememberLanguage(preference: string, page: Window = window): boolean {
  const shown = shownLanguage(page);
  if ((readStored(KEY, page) ?? "") === preference) return false;
  // Without storage, a reload would change nothing.
  if (!writeStored(KEY, preference, page)) return false;
  return languageOf(preference, page.navigator.languages) !== shown;
}

/** The first available language among the wanted ones. */
export function languageOf(preference: string, system: readonly string[]): Language {
  if (preference.toLowerCase() === PSEUDO.toLowerCase()) return PSEUDO;
  for (const tag of preference === "" ? system : [preference]) {
    const base = baseOf(tag);
    if (base in LANGUAGES) return base as keyof typeof LANGUAGES;
  }
  return "en";
}

function baseOf(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}

/** The language that the host put into the page, or else the one remembered. */
function read(page: Window): string | null {
  return page.document.documentElement.dataset.language ?? readStored(KEY, page);
}
