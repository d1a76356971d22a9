/** Language: which one the page is shown in: the one that was chosen, or the system's. */

const KEY = "tidewire.language";

/** Every language that there is, by its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;

export type Language = keyof typeof LANGUAGES;

/** What this page is shown in, from its beginning to its end. */
export function shownLanguage(page: Window = window): Language {
  return languageOf(read(page) ?? "", page.navigator.languages);
}

/**
 * The settings say so: remembered for the next page. True when this one is in another language, so
 * that it has to be loaded again.
 */
export function rememberLanguage(wanted: string, page: Window = window): boolean {
  const before = shownLanguage(page);
  try {
    if (wanted === "") page.sessionStorage.removeItem(KEY);
    else page.sessionStorage.setItem(KEY, wanted);
  } catch {
    return false; // nothing can be remembered: a page loaded again would be the same
  }
  return shownLanguage(page) !== before;
}

/** The first language that there is, of those that are wanted. */
export function languageOf(wanted: string, system: readonly string[]): Language {
  for (const tag of wanted === "" ? system : [wanted]) {
    const [base = ""] = tag.toLowerCase().split("-");
    if (base in LANGUAGES) return base as Language;
  }
  return "en";
}

function read(page: Window): string | null {
  try {
    return page.sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
