/** German texts for tool servers. */
import type { Strings } from "../types";

export const mcpInGerman: Strings["mcp"] = {
  title: "MCP-Server",
  text: "Programme und Dienste, die Werkzeuge anbieten. Jeder läuft erst, wenn du zugestimmt hast.",
  none: "Es gibt noch keinen Server.",
  states: {
    off: "Aus",
    consent: "Wartet auf deine Zustimmung",
    idle: "Startet, wenn er gebraucht wird",
    starting: "Startet …",
    ready: "Bereit",
    restarting: "Startet neu …",
    sign_in: "Wartet auf deine Anmeldung",
    failed: "Fehlgeschlagen",
    stopping: "Wird beendet …",
  },
  tools: (count) => (count === 1 ? "1 Werkzeug" : `${count} Werkzeuge`),
  switch: (name) => `Server ${name} verwenden`,
  gets: (names) => `Bekommt ${names}`,
  signIn: "Anmelden",
  signInTo: (name) => `Bei ${name} anmelden`,
  testOf: (name) => `${name} testen`,
  removeOf: (name) => `${name} entfernen`,
  output: "Was er ausgegeben hat",
  toolsOf: (name) => `Werkzeuge von ${name}`,
  flagOf: (tool, flag) => `${tool}: ${flag}`,
  addTitle: "Server hinzufügen",
  addText: "Du wirst gefragt, bevor etwas läuft oder angesprochen wird.",
  where: "Befehl oder Adresse",
  values: "Variablen oder Kopfzeilen",
  valuesText: "Ein NAME=WERT je Zeile. Die Werte kommen in den Schlüsselbund.",
  importTitle: "Server importieren",
  importText:
    "Aus der Einstellungsdatei eines anderen Programms mit „mcpServers“. Alle kommen aus.",
  imported: (count) =>
    count === 1
      ? "1 Server wurde importiert, ausgeschaltet."
      : `${count} Server wurden importiert, ausgeschaltet.`,
};
