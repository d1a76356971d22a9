/** Chooses the texts in the page's language; those of another one are loaded. */
import { type LANGUAGES, PSEUDO, shownLanguage } from "./language";
import type { Worded } from "./types";

type Translations<T> = Readonly<
  Record<Exclude<keyof typeof LANGUAGES, "en">, () => Promise<Worded<T>>>
>;

export async function inLanguage<T>(english: T, others: Translations<T>): Promise<Worded<T>> {
  const language = shownLanguage();
  if (language === PSEUDO) return (await import("./pseudo")).pseudo(english) as Worded<T>;
  return language === "en" ? (english as Worded<T>) : others[language]();
}
