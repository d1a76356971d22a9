/** The texts for the slash menu and for what servers offer, loaded with the parts that show them. */
import { resourcesInEnglish } from "./en/resources";
import { inLanguage } from "./inLanguage";

export const resources = await inLanguage(resourcesInEnglish, {
  de: async () => (await import("./de/resources")).resourcesInGerman,
});
