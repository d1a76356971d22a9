/** The texts for requests, responses and recordings, loaded with the parts that show them. */
import { wireInEnglish } from "./en/wire";
import { inLanguage } from "./inLanguage";
import type { Worded } from "./types";

export const wireTexts = await inLanguage<Worded<typeof wireInEnglish>>(
  wireInEnglish,
  async () => (await import("./de/wire")).wireInGerman,
);
