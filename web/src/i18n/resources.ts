/** The texts for the slash menu and for what servers offer, loaded with the parts that show them. */
import { resourcesInEnglish } from "./en/resources";
import { inLanguage } from "./inLanguage";
import type { Worded } from "./types";

export const resources = await inLanguage<Worded<typeof resourcesInEnglish>>(
  resourcesInEnglish,
  async () => (await import("./de/resources")).resourcesInGerman,
);
