/** German texts for typed forms. */
import type { formsInEnglish } from "../en/forms";
import type { Worded } from "../types";

export const formsInGerman: Worded<typeof formsInEnglish> = {
  optional: "optional",
  listHint: "Ein Eintrag je Zeile.",
  choose: "Auswählen …",
  required: "Gib hier etwas ein.",
  requiredChoice: "Wähle hier etwas aus.",
  number: "Gib eine Zahl ein.",
  integer: "Gib eine ganze Zahl ein.",
  between: (least, most) => `Gib eine Zahl von ${least} bis ${most} ein.`,
  least: (least) => `Gib ${least} oder mehr ein.`,
  most: (most) => `Gib ${most} oder weniger ein.`,
  fewest: (count) => `Gib mindestens ${count} Zeichen ein.`,
  longest: (count) => `Gib höchstens ${count} Zeichen ein.`,
  fewestEntries: (count) => `Gib mindestens ${count} an.`,
  mostEntries: (count) => `Gib höchstens ${count} an.`,
  email: "Gib eine E-Mail-Adresse ein, etwa name@example.org.",
  uri: "Gib eine Adresse ein, etwa https://example.org.",
  date: "Gib ein Datum ein, etwa 2026-11-29.",
  dateTime: "Gib ein Datum und eine Uhrzeit ein, etwa 2026-11-29 18:30.",
  refused: "Gib das in der verlangten Form ein.",
  noText: "Wähle eine Datei mit Text.",
  largeFile: (limit) => `Wähle eine Datei mit höchstens ${limit}.`,
  chosenFile: (name) => `Gewählt: ${name}`,
};
