/** Deutsch: wie viel ein Modell nachdenkt, und was Antworten kosten. */
import type { costsInEnglish } from "../en/costs";
import type { Worded } from "../types";

export const costsInGerman: Worded<typeof costsInEnglish> = {
  effort: "Denktiefe",
  effortHint: "Wie viel das Modell nachdenkt, bevor es antwortet.",
  efforts: { off: "Aus", low: "Niedrig", medium: "Mittel", high: "Hoch", max: "Maximal" },
  effortOf: (effort) => `· Denktiefe: ${effort.toLowerCase()}`,
  modelsOwn: "Wie das Modell es vorsieht",

  chatOptions: "Optionen dieses Chats",
  instructionsHint: "Das Modell bekommt sie vor dem Gespräch.",
  asInSettings: (value) => `Wie in den Einstellungen: ${value}`,
  budgetHint: "So viel darf dieser Chat höchstens verbrauchen. Leer gilt die Einstellung.",
  toDefaults: "Standard verwenden",
  budget: "Budget",
  inDollars: (name) => `${name} (US-Dollar)`,
  inTokens: (name) => `${name} (Token)`,
  scopes: {
    answer: "Je Antwort",
    conversation: "Je Chat",
    day: "Je Tag",
    month: "Je Monat",
  },
  scopeHints: {
    answer: "Mit allen Schritten und Werkzeugen.",
    conversation: "Ein Chat kann ein eigenes Budget haben.",
    day: "Für alle Chats zusammen, mit ihren Titeln.",
    month: "Für alle Chats zusammen, mit ihren Titeln.",
  },
  budgets: "Budgets",
  budgetsText:
    "Vor jedem Aufruf eines Modells wird reserviert, was er höchstens kosten kann. Eine Antwort, die nicht hineinpasst, hält an und fragt dich. Es gelten Listenpreise.",
  noBudget: "Keine Grenze",
  usage: "Verbrauch",
  usageText: "Alles, was Antworten und Titel auf diesem Computer verbraucht haben.",
  noUsage: "Es wurde noch nichts gezählt.",
  by: "Nach",
  groups: { day: "Tag", model: "Modell", conversation: "Chat" },
  calls: "Aufrufe",
  input: "Eingabe (Token)",
  output: "Ausgabe (Token)",
  cost: "Kosten",
  unpriced: (tokens) => `${tokens} Token ohne bekannten Preis`,
  noTitle: "Andere Chats",
  chart: (first, last, most) => `Kosten je Tag vom ${first} bis zum ${last}, höchstens ${most}`,
  saveCsv: "Als CSV exportieren",
  spent: (amount) => `${amount} ausgegeben`,

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
