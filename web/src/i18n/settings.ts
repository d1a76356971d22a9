/** The texts of the settings, loaded with the parts that show them. */
import { settingsInEnglish } from "./en/settings";
import { inLanguage } from "./inLanguage";

export const settingsTexts = await inLanguage(settingsInEnglish, {
  de: async () => (await import("./de/settings")).settingsInGerman,
});
