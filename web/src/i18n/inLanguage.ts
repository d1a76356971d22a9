/** Chooses the texts in the page's language; those of another one are loaded. */
import { PSEUDO, shownLanguage } from "./language";
import type { Worded } from "./types";

export async function inLanguage<T>(
  english: T,
  german: () => Promise<Worded<T>>,
): Promise<Worded<T>> {
  switch (shownLanguage()) {
    case "de":
      return german();
    case PSEUDO:
      return (await import("./pseudo")).pseudo(english) as Worded<T>;
    default:
      return english as Worded<T>;
  }
}
