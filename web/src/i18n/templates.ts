/** The texts for prompt templates, loaded with the parts that show them. */
import { templatesInEnglish } from "./en/templates";
import { inLanguage } from "./inLanguage";
import type { Worded } from "./types";

export const templates = await inLanguage<Worded<typeof templatesInEnglish>>(
  templatesInEnglish,
  async () => (await import("./de/templates")).templatesInGerman,
);
