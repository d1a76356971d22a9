/** German texts for prompt templates. */
import type { templatesInEnglish } from "../en/templates";
import type { Worded } from "../types";

export const templatesInGerman: Worded<typeof templatesInEnglish> = {
  preview: "Vorschau",
  instructions: "Anweisungen für diesen Chat",
  message: "Nachricht",
  change: "Ändern",
};
