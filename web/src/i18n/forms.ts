/** The texts for typed forms, loaded with the parts that show them. */
import { formsInEnglish } from "./en/forms";
import { inLanguage } from "./inLanguage";

export const forms = await inLanguage(
  formsInEnglish,
  async () => (await import("./de/forms")).formsInGerman,
);
