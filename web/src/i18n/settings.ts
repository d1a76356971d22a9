/** The texts of the settings, loaded with the parts that show them. */
import { settingsInEnglish } from "./en/settings";
import { inLanguage } from "./inLanguage";
import type { Worded } from "./types";

export const settingsTexts = await inLanguage<Worded<typeof settingsInEnglish>>(
  settingsInEnglish,
  async () => (await import("./de/settings")).settingsInGerman,
);
