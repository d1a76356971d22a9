/** German texts for tools, their calls and decisions. */
import type { Strings } from "../types";

export const toolsInGerman: Strings["tools"] = {
  call: (tool) => `Werkzeugaufruf ${tool}`,
  calls: (number) => `${number} Werkzeugaufrufe`,
  from: (source) => `aus ${source}`,
  states: {
    proposed: "Wird geprüft",
    invalid: "Ungültig",
    waiting: "Wartet auf deine Entscheidung",
    allowed: "Erlaubt",
    approved: "Erlaubt",
    edited: "Mit Änderungen erlaubt",
    denied: "Abgelehnt",
    running: "Läuft …",
    done: "Fertig",
    failed: "Fehlgeschlagen",
    timed_out: "Zeit abgelaufen",
    cancelled: "Abgebrochen",
    lost: "Verloren",
  },
  arguments: "Argumente",
  noArguments: "Keine Argumente",
  changed: "Deine Argumente",
  result: "Ergebnis",
  sound: "Ton im Ergebnis",
  shownOf: (shown, whole) => `Das Modell hat ${shown} von ${whole} bekommen.`,
  showAll: "Alles zeigen",
  showLess: "Weniger zeigen",
  lost: "Tidewire wurde während dieses Aufrufs beendet. Vielleicht hat er schon gewirkt; wiederholt wurde er nicht.",

  approve: (tool) => `Über ${tool} entscheiden`,
  question: (tool) => `Das Modell will ${tool} aufrufen`,
  flags: {
    reads: "Liest private Daten",
    brings: "Bringt Inhalte von Fremden",
    sends: "Sendet Daten oder ändert etwas",
    none: "Liest nichts Privates, bringt nichts von Fremden, sendet und ändert nichts",
  },
  whyAsked: (why) => `Du wirst gefragt, auch wenn du das erlaubt hast: ${why}`,
  once: "Einmal erlauben",
  conversation: "In dieser Unterhaltung erlauben",
  always: "Immer erlauben …",
  edit: "Ändern",
  deny: "Ablehnen",
  denyReason: "Mit Grund ablehnen",
  allowEdited: "Mit diesen Argumenten erlauben",
  alwaysTitle: "Dieses Werkzeug immer erlauben, wenn gilt:",
  alwaysEvery: "Dieses Werkzeug immer erlauben.",
  alwaysAllow: "Immer erlauben, wenn das gilt",
  earlier: (matching, calls) =>
    calls === 1
      ? `Das hätte den letzten Aufruf ${matching === 1 ? "" : "nicht "}erlaubt.`
      : `Das hätte ${matching} der letzten ${calls} Aufrufe erlaubt.`,
  never: "Dieses Werkzeug nie erlauben",
  rule: (argument) => `Regel für ${argument}`,
  ruleValue: (argument) => `Wert für ${argument}`,
  rules: {
    exact: "ist genau",
    prefix: "beginnt mit",
    host: "ist eine Adresse auf",
    inside: "liegt im Ordner",
    any: "ist beliebig",
  },
  editTitle: "Argumente als JSON",
  notObject: "Das muss ein JSON-Objekt sein, etwa {}.",
  notJson: (problem) => `Das ist kein gültiges JSON: ${problem}`,
  reason: "Grund für das Modell",
  pressedEarly: "Das hat sich gerade bewegt, darum zählte der Klick nicht. Drücke noch einmal.",
  decidedElsewhere: "Das wurde in einem anderen Fenster entschieden.",

  waiting: (number) =>
    number === 1 ? "Wartet auf deine Entscheidung" : `Wartet auf ${number} Entscheidungen`,
  waitingIn: (title) => `„${title}“ wartet auf deine Entscheidung`,
  goToCard: "Zeigen",
  notification: (tool) => `Ein Modell will ${tool} aufrufen.`,
  titleMark: (title) => `(!) ${title}`,

  chosen: (number) => (number === 0 ? "Werkzeuge: keine" : `Werkzeuge: ${number}`),
  menuText: "Das Modell darf in dieser Unterhaltung darum bitten, diese aufzurufen.",
  notForModel: (model) => `${model} kann keine Werkzeuge verwenden.`,
  nothingOn:
    "Es ist kein Werkzeug eingeschaltet. Schalte in den Einstellungen der Werkzeuge welche ein.",
  attach: "Von einem Server anhängen",
  settings: "Einstellungen der Werkzeuge",

  listText:
    "Funktionen, die ein Modell aufrufen kann. Vor jedem Aufruf, den du nicht erlaubt hast, wirst du gefragt.",
  list: "Werkzeuge auf diesem Rechner",
  kinds: { python: "deine Datei", mcp: "Server", builtin: "kommt mit Tidewire" },
  switch: (tool) => `${tool} verwenden`,
  folder: "Ordner",
  folderText: "Jede öffentliche Funktion einer Python-Datei in diesem Ordner ist ein Werkzeug.",
  newTool: "Neues Werkzeug",
  opened: "Diese Datei ist in deinem Editor geöffnet. Gespeicherte Änderungen gelten sofort:",
  written:
    "Diese Datei wurde angelegt. Öffne sie im Editor. Gespeicherte Änderungen gelten sofort:",
  openFolder: "Ordner öffnen",
  folderOutcome: {
    copied: "Ein Browser kann keine Ordner öffnen. Der Pfad wurde kopiert.",
    notCopied: "Ein Browser kann keine Ordner öffnen.",
  },
  trustEdits: "Meinen Dateien beim Bearbeiten vertrauen",
  trustEditsText:
    "Was du immer erlaubst, bleibt erlaubt, wenn sich eine deiner Dateien ändert, bis du Tidewire beendest.",
  empty:
    "Du hast noch keine eigenen Werkzeuge. „Neues Werkzeug“ legt eine Datei an, die schon funktioniert.",
  grants: "Deine dauerhaften Entscheidungen",
  noGrants: "Kein Werkzeug ist immer oder nie erlaubt.",
  verdicts: { allow: "Immer erlaubt", deny: "Nie erlaubt" },
  where: (rules) => `wenn gilt: ${rules}`,
  ruleIn: (argument, rule, value) =>
    value === "" ? `${argument} ${rule}` : `${argument} ${rule} „${value}“`,
  suspended:
    "Ausgesetzt: Das Werkzeug hat sich geändert, darum wirst du vor jedem Aufruf wieder gefragt.",
  difference: "Was sich geändert hat",
  revoke: "Widerrufen",
  revokeOf: (tool) => `Entscheidung über ${tool} widerrufen`,
};
