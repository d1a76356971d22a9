/** Deutsch: wie viel ein Modell nachdenkt, und was Antworten kosten. */
import type { costsInEnglish } from "../en/costs";
import type { Worded } from "../types";

export const costsInGerman: Worded<typeof costsInEnglish> = {
  effort: "Denktiefe",
  effortHint: "Wie viel das Modell nachdenkt, bevor es antwortet.",
  efforts: { off: "Aus", low: "Niedrig", medium: "Mittel", high: "Hoch", max: "Maximal" },
  effortOf: (effort) => `· Denktiefe: ${effort.toLowerCase()}`,
  modelsOwn: "Wie das Modell es vorsieht",
};
