/** The texts for typed forms, loaded with the parts that show them. */
import { formsInEnglish } from "./en/forms";
import { inLanguage } from "./inLanguage";

export const forms = await inLanguage(formsInEnglish, {
  de: async () => (await import("./de/forms")).formsInGerman,
});
