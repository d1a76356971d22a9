/** The texts for efforts and costs, loaded with the parts that show them. */
import { costsInEnglish } from "./en/costs";
import { PSEUDO, shownLanguage } from "./language";
import type { Worded } from "./types";

export const costs: Worded<typeof costsInEnglish> = await chosen();

async function chosen() {
  switch (shownLanguage()) {
    case "de":
      return (await import("./de/costs")).costsInGerman;
    case PSEUDO:
      return (await import("./pseudo")).pseudo<typeof costs>(costsInEnglish);
    default:
      return costsInEnglish;
  }
}
