/** German texts for efforts and costs. */
import { amountsIn } from "../amounts";
import type { costsInEnglish } from "../en/costs";
import type { Translated } from "../types";

const { dollars } = amountsIn("de");

export const costsInGerman: Translated<typeof costsInEnglish> = {
  effort: "Denktiefe",
  effortHint: "Wie viel das Modell nachdenkt, bevor es antwortet.",
  efforts: { off: "Aus", low: "Niedrig", medium: "Mittel", high: "Hoch", max: "Maximal" },
  effortIs: (effort) => `Denktiefe: ${effort}`,
  effortOnce: "Nur für die nächste Antwort",
  effortOfChat: "Wie in diesem Chat",
  modelsOwn: "Wie das Modell es vorsieht",
  effortOwn: "Das Modell entscheidet",

  chatOptions: "Optionen dieses Chats",
  instructionsHint: "Das Modell bekommt sie vor der Unterhaltung.",
  asInSettings: (value) => `Wie in den Einstellungen: ${value}`,
  budgetHint:
    "So viel darf dieser Chat höchstens verbrauchen. Leer lassen, um das Budget der Einstellungen zu verwenden.",
  toDefaults: "Standard verwenden",
  keepForFolder: (folder) => `Für neue Chats in „${folder}“ verwenden`,
  keptForFolder: (folder) => `Neue Chats in „${folder}“ beginnen mit diesen Optionen.`,
  budget: "Budget",
  inDollars: (name) => `${name} (US-Dollar)`,
  inTokens: (name) => `${name} (Token)`,
  scopes: { answer: "Je Antwort", conversation: "Je Chat", day: "Je Tag", month: "Je Monat" },
  scopeHints: {
    answer: "Mit allen Schritten und Werkzeugen.",
    conversation: "Ein Chat kann ein eigenes Budget haben.",
    day: "Für alle Chats zusammen, mit ihren Titeln.",
    month: "Für alle Chats zusammen, mit ihren Titeln.",
  },
  budgets: "Budgets",
  budgetsText:
    "Vor jedem Aufruf eines Modells wird reserviert, was er höchstens kosten kann. Eine Antwort, die ein Budget überschreiten würde, hält an und fragt dich. Es gelten Listenpreise.",
  usage: "Verbrauch",
  usageText:
    "Alles, was Antworten, Titel und Zusammenfassungen auf diesem Rechner verbraucht haben.",
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

  inputTokens: (tokens) => `${tokens} Token zu lesen`,
  about: (tokens) => `Etwa ${tokens}`,
  priceBefore: (input, most) => `${input} fürs Lesen, mit der Antwort höchstens ${most}`,
  leftOut: (messages) =>
    messages === 1
      ? "Die älteste Nachricht passt nicht mehr hinein und wird weggelassen"
      : `Die ${messages} ältesten Nachrichten passen nicht mehr hinein und werden weggelassen`,

  soFar: {
    nearlyFull:
      "Das Kontextfenster ist fast voll. Fasse frühere Nachrichten zusammen oder wähle ein Modell mit einem größeren.",
    answers: "Antworten",
    read: "Eingabe-Token",
    written: "Ausgabe-Token",
    cost: "Kosten",
    estimate: "Nach Listenpreis, alle Versionen mitgezählt.",
    free: "Für diese Antworten ist kein Preis bekannt.",
    unpriced: (count: number) =>
      count === 1
        ? "Für 1 Antwort ist kein Preis bekannt."
        : `Für ${count} Antworten ist kein Preis bekannt.`,
  },
  summary: {
    title: "Frühere Nachrichten sind zusammengefasst",
    undone: "Alle Nachrichten werden gesendet",
    label: "Zusammenfassung",
    sendAll: "Alles senden",
    use: "Zusammenfassung senden",
    messages: (messages) => (messages === 1 ? "1 Nachricht" : `${messages} Nachrichten`),
    tokens: (tokens) => `${tokens} Token`,
    edited: "bearbeitet",
    ask: "Frühere Nachrichten zusammenfassen",
    explain:
      "Das Modell erhält dann eine Zusammenfassung. Deine Nachrichten bleiben, und du kannst es rückgängig machen.",
    begin: "Zusammenfassen",
    offer: "Zusammenfassen …",
    noPrice: "Preis unbekannt",
    atMost: (cost) => `höchstens ${cost}`,
    running: (part) => `Frühere Nachrichten werden zusammengefasst (${part}) …`,
    stop: "Zusammenfassen abbrechen",
    offered: (cost) =>
      cost === null
        ? "Dieser Chat füllt das Kontextfenster des Modells fast."
        : `Dieser Chat füllt das Kontextfenster des Modells fast. Eine Zusammenfassung kostet höchstens ${cost}.`,
    stopped: "Die Zusammenfassung wurde abgebrochen. Es hat sich nichts geändert.",
    failed: (why) => `Es wurde keine Zusammenfassung geschrieben: ${why}`,
  },
  priceInWords: (input, output, date) =>
    input === 0 && output === 0
      ? "kostenlos"
      : `Eingabe ${dollars(input)} $, Ausgabe ${dollars(output)} $ je Million Token${date === null ? "" : ` (${date})`}`,
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
  continueWith: {
    usd: (more) => `Mit weiteren ${more} fortfahren`,
    tokens: (more) => `Mit weiteren ${more} Token fortfahren`,
  },
};
