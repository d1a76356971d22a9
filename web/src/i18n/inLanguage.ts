/** Chooses the texts in the page's language; those of another one are loaded. */
import { type LANGUAGES, PSEUDO, shownLanguage } from "./language";
import type { Translated } from "./types";

type Translations<T> = Readonly<
  Record<Exclude<keyof typeof LANGUAGES, "en">, () => Promise<Translated<T>>>
>;

export async function inLanguage<T>(english: T, others: Translations<T>): Promise<Translated<T>> {
  const language = shownLanguage();
  if (language === PSEUDO) return (await import("./pseudo")).pseudo(english) as Translated<T>;
  return language === "en" ? (english as Translated<T>) : others[language]();
}
