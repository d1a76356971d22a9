/** The texts of parts that are loaded later, which come with those parts. */
import { PSEUDO, shownLanguage } from "./language";

/** The texts in the page's language. */
export async function inLanguage<T>(english: T, german: () => Promise<T>): Promise<T> {
  switch (shownLanguage()) {
    case "de":
      return german();
    case PSEUDO:
      return (await import("./pseudo")).pseudo(english);
    default:
      return english;
  }
}
