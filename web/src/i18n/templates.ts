/** The texts for prompt templates, loaded with their form. */
import { templatesInEnglish } from "./en/templates";
import { PSEUDO, shownLanguage } from "./language";
import type { Worded } from "./types";

export const templates: Worded<typeof templatesInEnglish> = await chosen();

async function chosen() {
  switch (shownLanguage()) {
    case "de":
      return (await import("./de/templates")).templatesInGerman;
    case PSEUDO:
      return (await import("./pseudo")).pseudo<typeof templates>(templatesInEnglish);
    default:
      return templatesInEnglish;
  }
}
