/** Deutsch: wie viel ein Modell nachdenkt, und was Antworten kosten. */
import type { Strings } from "../types";

export const costsInGerman: Strings["costs"] = {
  effort: "Denktiefe",
  effortHint: "Wie viel das Modell nachdenkt, bevor es antwortet.",
  efforts: { off: "Aus", low: "Niedrig", medium: "Mittel", high: "Hoch", max: "Maximal" },
  withEffort: (model, effort) => `${model} · Denktiefe ${effort.toLowerCase()}`,
  modelsOwn: "Wie das Modell es vorsieht",
};
