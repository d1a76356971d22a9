/** The texts for the slash menu and for what servers offer, loaded with the parts that show them. */
import { resourcesInEnglish } from "./en/resources";
import { PSEUDO, shownLanguage } from "./language";
import type { Worded } from "./types";

export const resources: Worded<typeof resourcesInEnglish> = await chosen();

async function chosen() {
  switch (shownLanguage()) {
    case "de":
      return (await import("./de/resources")).resourcesInGerman;
    case PSEUDO:
      return (await import("./pseudo")).pseudo<typeof resources>(resourcesInEnglish);
    default:
      return resourcesInEnglish;
  }
}
