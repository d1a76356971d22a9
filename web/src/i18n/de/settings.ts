/** German texts for the settings and shortcuts. */
import type { settingsInEnglish } from "../en/settings";
import type { Translated } from "../types";

export const settingsInGerman: Translated<typeof settingsInEnglish> = {
  saved: "Gespeichert",
  notSaved: (reason) => `Nicht gespeichert: ${reason}`,
  modelsOwn: "Standard des Modells",
  nextStart: "Gilt nach einem Neustart von Tidewire.",
  toStandard: "Auf Standard zurücksetzen",
  between: (least, most) => `Gib einen Wert von ${least} bis ${most} ein.`,
  seconds: "s",
  tokens: "Token",

  providersText:
    "Füge die Dienste und Server hinzu, die du nutzen willst. Jeder Schlüssel wird nur an seinen Anbieter gesendet.",
  keyGoesTo: (host) => `Wird nur an ${host} gesendet`,
  needsKey: "braucht einen Schlüssel",
  testGood: (model, first, whole) =>
    `Es funktioniert. ${model} begann nach ${first} und war nach ${whole} fertig.`,
  modelCount: (count) => (count === 1 ? "1 Modell" : `${count} Modelle`),
  listFromTable: "Dieser Anbieter listet seine Modelle nicht auf. Das sind die bekannten.",
  askingModels: "Modelle werden geladen …",
  refresh: "Aktualisieren",
  useInNewChats: "In neuen Chats verwenden",
  usedInNewChats: "In neuen Chats verwendet",
  removed: (name) => `${name} und der Schlüssel dazu wurden entfernt.`,
  addTitle: "Anbieter hinzufügen",
  looking: "Server auf diesem Rechner werden gesucht …",
  presetRuns: (models) => (models === 0 ? "läuft" : `läuft, ${count(models)}`),
  otherServer: "Anderer Server …",
  modelFile: "Modelldatei …",
  serverKind: "Schnittstelle",
  serverKinds: {
    "openai-compatible": "OpenAI (Chat Completions)",
    "openai-responses": "OpenAI (Responses)",
    anthropic: "Anthropic (Messages)",
  },
  addressHint: "Zum Beispiel localhost:8080. Der Rest wird ergänzt.",
  presetSilent: (name) =>
    `${name} antwortet nicht. Starte es, ändere die Adresse oder füge es trotzdem hinzu.`,
  plainHttp: "Diese Verbindung ist nicht verschlüsselt. Ich vertraue diesem Netz.",
  filePath: "Datei",
  filePathHint: "Der vollständige Pfad einer GGUF-Datei auf diesem Rechner.",
  contextHint: "In Token. Ein größeres Fenster braucht mehr Speicher.",

  newChats: "Neue Chats",
  newChatsText: "Was du in einem Chat wählst, hat Vorrang.",
  defaultModel: "Anbieter",
  standardModel: "Standardmodell",
  standardProvider: "Beim Start gewählt",
  temperature: "Temperatur",
  temperatureHint: "Niedriger ist berechenbarer, höher ist abwechslungsreicher.",
  maxTokens: "Maximale Antwortlänge",
  maxTokensHint: "Leer lassen, damit das Modell entscheidet.",
  systemPrompt: "Anweisungen",
  systemPromptHint: "Das Modell bekommt sie zu Beginn jedes neuen Chats.",
  titles: "Titel",
  titlesHint: "Schickt die erste Nachricht an dieses Modell, das einen Titel vorschlägt.",
  titlesBy: "Erstellt von",
  titlesNobody: "Kein Modell: die ersten Wörter",

  atOnce: "Gleichzeitig, je Fenster",
  inferences: "Antworten",
  inferencesHint: "Weitere werden abgelehnt, bis eine fertig ist.",
  sessions: "Skript-Sitzungen",
  sessionsHint: "Unterhaltungen, die Skripte in einem Fenster offen halten können.",
  waits: "Zeitlimits",
  overallMs: "Vollständige Antwort an ein Skript",
  overallMsHint: "Für Skripte ohne eigenes Limit. Chats haben keines, solange Text kommt.",
  firstMs: "Erstes Wort",
  firstMsHint: "Vom Senden bis zum ersten Wort der Antwort.",
  firstSilentMs: "Erstes Wort langsamer Modelle",
  firstSilentMsHint: "Für Modelle auf diesem Rechner und solche, die still nachdenken.",
  betweenMs: "Zwischen Wörtern",
  betweenMsHint: "Nach einer längeren Pause gilt die Verbindung als verloren.",

  textSize: "Schriftgröße",
  textSizes: { small: "Klein", standard: "Standard", large: "Groß", larger: "Größer" },

  shortcutsText: "Wähle ein Feld und drücke die Tasten. Die Rücktaste löscht sie, Esc behält sie.",
  noKeys: "Kein Kürzel",
  pressKeys: "Tasten drücken …",
  keysRefused: {
    plain: "Nimm Strg, Alt oder Cmd dazu oder eine Funktionstaste.",
    text: "Mit diesen Tasten wird Text bearbeitet.",
    chat: "Diese Tasten sind im Chat schon vergeben.",
    system: "Diese Tasten sind für das System oder den Browser reserviert.",
  },
  keysTaken: (act) => `Schon vergeben für „${act}“.`,
  takeKeys: "Hier verwenden",
  allToStandard: "Alle auf Standard zurücksetzen",
  keysEverywhere: "Überall",
  keysInBox: "Beim Schreiben",
  keysInList: "In der Liste der Unterhaltungen",
  fixedKeys: {
    line: "Neue Zeile",
    next: "Einreihen, während eine Antwort kommt",
    stop: "Antwort anhalten oder schließen, was offen ist",
    last: "Letzte Frage bearbeiten, aus dem leeren Feld",
    earlier: "Vorige und nächste Frage, aus allen Unterhaltungen",
  },
  changeKeys: "Tastenkürzel ändern",

  place: "Speicherort",
  placeText:
    "Unterhaltungen, Anhänge, Einstellungen und Anbieter. Schlüssel liegen im Schlüsselbund des Systems, nie hier.",
  places: {
    data: "Alle Daten",
    settings: "Einstellungen",
    backups: "Sicherungen",
    exports: "Exporte",
  },
  requests: "Anfragen",
  recordRequests: "Anfragen und Antworten aufbewahren",
  recordRequestsText:
    "Bewahrt die Anfragen der letzten 50 Antworten auf, bis 20 MB, im Ordner „wire“ des Datenordners, ohne Schlüssel. Sicherungen lassen sie aus. Ausschalten löscht sie.",
  backups: "Sicherungen",
  importTitle: "Importieren",
  importText:
    "Importiere einen Export von Tidewire oder ChatGPT. Deine Unterhaltungen ändern sich nicht.",
  chooseFile: "Datei wählen …",
  exportTitle: "Alles exportieren",
  exportText: "Alle Unterhaltungen in einer Datei. Nur JSON lässt sich wieder importieren.",
  exportFormats: { json: "JSON", md: "Markdown", html: "Webseite" },
  exportedAs: (name) => `Gespeichert als ${name}.`,

  aboutText: "Ein ruhiger Ort, um mit Sprachmodellen zu reden.",
  licence: "Freie Software unter der MIT-Lizenz.",
  facts: { version: "Version", platform: "System", shownIn: "Läuft in", engine: "Web-Ansicht" },
  shownIn: { window: "einem Fenster", browser: "einem Browser" },
  works: "bereit",
  copyFacts: "Für einen Fehlerbericht kopieren",
  factsText: "Enthält keine Schlüssel und nichts aus deinen Unterhaltungen.",

  states: { ready: "Bereit", needsKey: "Braucht einen Schlüssel", notReady: "Nicht bereit" },
  presetFree: "Braucht keinen Schlüssel",
};

function count(models: number): string {
  return models === 1 ? "1 Modell" : `${models} Modelle`;
}
