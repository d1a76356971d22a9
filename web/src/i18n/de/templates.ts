/** German texts for prompt templates. */
import type { templatesInEnglish } from "../en/templates";
import type { Translated } from "../types";
import { problemsInGerman } from "./templateProblems";

export const templatesInGerman: Translated<typeof templatesInEnglish> = {
  preview: "Vorschau",
  instructions: "Anweisungen für diesen Chat",
  change: "Ändern",
  changed: "Die Vorlage wurde geändert, seit diese Nachricht gesendet wurde.",
  changedGone:
    "Die Vorlage wurde geändert, seit diese Nachricht gesendet wurde. Die Fassung von damals gibt es nicht mehr.",
  useThen: "Fassung dieser Nachricht verwenden",
  useNow: "Neue Fassung verwenden",
  removed: "Die Vorlage wurde gelöscht. Dieses Formular ist die Fassung dieser Nachricht.",
  removedGone:
    "Die Vorlage und die Fassung dieser Nachricht gibt es nicht mehr. Bearbeite stattdessen die Nachricht.",
  fromTemplate: (name) => `Aus der Vorlage ${name}`,

  useRequested: "Die Angaben der Vorlage in diesem Chat verwenden",
  requestedModel: (model) => `Modell: ${model}`,
  requestedEffort: (effort) => `Denktiefe: ${effort}`,
  requestedTools: (tools) => `Werkzeuge: ${tools}`,
  noProvider: (provider) =>
    `Der Anbieter ${provider} ist nicht eingerichtet. Es antwortet das Modell dieses Chats.`,
  noTools: (tools) =>
    `Diese Werkzeuge fehlen oder sind ausgeschaltet und werden nicht verwendet: ${tools}.`,

  text: "Eine Vorlage ist ein Prompt mit einem Formular. Tippe / und ihren Namen in einem Chat, um sie zu verwenden.",
  search: "Vorlagen durchsuchen",
  newTemplate: "Neue Vorlage",
  importFile: "Importieren …",
  importLabel: "Vorlagen importieren",
  none: "Du hast noch keine Vorlagen. Beginne mit einem Beispiel, oder importiere, was du hast.",
  nothingFound: (query) => `Keine Vorlage passt zu „${query}“.`,
  count: (count) => (count === 1 ? "1 Vorlage" : `${count} Vorlagen`),
  editOf: (name) => `${name} bearbeiten`,
  more: (name) => `Weitere Aktionen für ${name}`,
  duplicate: "Duplizieren",
  rename: "Umbenennen oder verschieben",
  renameLabel: "Name. Ein Schrägstrich macht einen Ordner.",
  exportFile: "Exportieren",
  removedToast: (name) => `${name} gelöscht.`,
  imported: (names) => `Importiert: ${names}.`,
  isUnsaved: "Ungespeicherte Änderungen",
  place: (line, column) =>
    column === undefined ? `Zeile ${line}: ` : `Zeile ${line}, Spalte ${column}: `,

  problems: problemsInGerman,

  nameHint: "Ein Schrägstrich macht einen Ordner, wie in arbeit/prüfung.",
  body: "Text der Vorlage",
  help: "Zwischen die Zeilen aus Strichen gehören die Felder des Formulars, darunter der Prompt mit {{ Variablen }}.",
  goToLine: "Zur Zeile gehen",
  saved: "Gespeichert.",
  form: "Formular",
  noFields: "Diese Vorlage hat keine Felder.",
  discard: "Änderungen verwerfen",
  reload: "Gespeicherte Fassung laden",
  versions: "Frühere Fassungen",
  show: "Zeigen",
  showOf: (date) => `Fassung von ${date} zeigen`,
  isEarlier: "Das ist eine frühere Fassung. Speichere sie, um zu ihr zurückzukehren.",
  back: "Zurück zu meinem Text",

  examples: [
    {
      label: "Übersetzen",
      name: "übersetzen",
      text: `---
name: Übersetzen
description: Übersetzt einen Text
inputs:
  sprache: {type: string, title: Sprache, default: Englisch}
  ton: {type: enum, title: Ton, options: [neutral, freundlich, förmlich], default: neutral}
  text: {type: text, title: Text, required: true}
---
Übersetze diesen Text. Zielsprache: {{ sprache }}. Ton: {{ ton }}.

{{ text }}
`,
    },
    {
      label: "Code prüfen",
      name: "code-prüfen",
      text: `---
name: Code prüfen
description: Nennt die schlimmsten Probleme eines Programms
inputs:
  code: {type: text, title: Code, required: true}
  anzahl: {type: integer, title: Höchstens so viele, default: 3, minimum: 1, maximum: 9}
---
{% system %}
Du prüfst Code. Sei knapp und konkret.
{% endsystem %}
Nenne höchstens {{ anzahl }} Probleme dieses Codes, das schlimmste zuerst:

{{ code }}
`,
    },
    {
      label: "Datei zusammenfassen",
      name: "zusammenfassen",
      text: `---
name: Zusammenfassen
description: Fasst eine Textdatei zusammen
inputs:
  datei: {type: file, title: Datei, required: true}
  liste: {type: boolean, title: Als Liste}
---
Fasse diese Datei{% if liste %} in einer Liste von Punkten{% else %} in einem Absatz{% endif %} zusammen:

{{ datei }}
`,
    },
  ],
};
