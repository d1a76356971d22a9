/** The texts for requests, responses and recordings, loaded with the parts that show them. */
import { wireInEnglish } from "./en/wire";
import { inLanguage } from "./inLanguage";

export const wireTexts = await inLanguage(wireInEnglish, {
  de: async () => (await import("./de/wire")).wireInGerman,
});
