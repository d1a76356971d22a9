/** The texts for typed forms, loaded with the parts that show them. */
import { formsInEnglish } from "./en/forms";
import { PSEUDO, shownLanguage } from "./language";
import type { Worded } from "./types";

export const forms: Worded<typeof formsInEnglish> = await chosen();

async function chosen() {
  switch (shownLanguage()) {
    case "de":
      return (await import("./de/forms")).formsInGerman;
    case PSEUDO:
      return (await import("./pseudo")).pseudo<typeof forms>(formsInEnglish);
    default:
      return formsInEnglish;
  }
}
