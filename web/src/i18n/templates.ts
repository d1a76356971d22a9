/** The texts for prompt templates, loaded with the parts that show them. */
import { templatesInEnglish } from "./en/templates";
import { inLanguage } from "./inLanguage";

export const templates = await inLanguage(templatesInEnglish, {
  de: async () => (await import("./de/templates")).templatesInGerman,
});
