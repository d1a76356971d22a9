/** The texts for efforts and costs, loaded with the parts that show them. */
import { costsInEnglish } from "./en/costs";
import { inLanguage } from "./inLanguage";

export const costs = await inLanguage(costsInEnglish, {
  de: async () => (await import("./de/costs")).costsInGerman,
});
