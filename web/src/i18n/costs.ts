/** The texts for efforts and costs, loaded with the parts that show them. */
import { costsInEnglish } from "./en/costs";
import { inLanguage } from "./inLanguage";
import type { Worded } from "./types";

export const costs = await inLanguage<Worded<typeof costsInEnglish>>(
  costsInEnglish,
  async () => (await import("./de/costs")).costsInGerman,
);
