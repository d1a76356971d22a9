/** Deutsch: wie viel ein Modell nachdenkt, und was Antworten kosten. */
import type { costsInEnglish } from "../en/costs";
import type { Worded } from "../types";

export const costsInGerman: Worded<typeof costsInEnglish> = {
  effort: "Denktiefe",
  effortHint: "Wie viel das Modell nachdenkt, bevor es antwortet.",
  efforts: { off: "Aus", low: "Niedrig", medium: "Mittel", high: "Hoch", max: "Maximal" },
  effortOf: (effort) => `· Denktiefe: ${effort.toLowerCase()}`,
  modelsOwn: "Wie das Modell es vorsieht",

  step: (step, most) => `Schritt ${step} von ${most}`,
  spentOf: {
    usd: (spent, limit) => `${spent} von ${limit}`,
    tokens: (spent, limit) => `${spent} von ${limit} Token`,
  },
  reached: "Budget erreicht",
  reachedBy: {
    answer: "Das Budget dieser Antwort ist aufgebraucht.",
    conversation: "Das Budget dieses Chats ist aufgebraucht.",
    day: "Das heutige Budget ist aufgebraucht.",
    month: "Das Budget dieses Monats ist aufgebraucht.",
  },
  priceUnknown:
    "Der Preis dieses Modells ist nicht bekannt. Wähle, wie viele Token es verbrauchen darf.",
  needed: {
    usd: (needed) => `Der nächste Schritt kostet vielleicht ${needed} oder mehr.`,
    tokens: (needed) => `Der nächste Schritt braucht vielleicht ${needed} Token oder mehr.`,
  },
  more: { usd: "US-Dollar", tokens: "Token" },
  goOn: {
    usd: (more) => `Mit weiteren ${more} fortfahren`,
    tokens: (more) => `Mit weiteren ${more} Token fortfahren`,
  },
};
