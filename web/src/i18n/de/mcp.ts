/** German texts for tool servers. */
import type { Strings } from "../types";

export const mcpInGerman: Strings["mcp"] = {
  title: "MCP-Server",
  text: "Programme und Dienste, die Werkzeuge anbieten. Ein Server läuft erst, wenn du zugestimmt hast.",
  none: "Es gibt noch keinen Server. Füge unten einen hinzu.",
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
  output: "Ausgabe",
  toolsOf: (name) => `Werkzeuge von ${name}`,
  flagOf: (tool, flag) => `${tool}: ${flag}`,
  addTitle: "Server hinzufügen",
  addText: "Du wirst gefragt, bevor etwas läuft oder angesprochen wird.",
  nameText: "Buchstaben, Ziffern, - und _, höchstens 40.",
  where: "Befehl oder Adresse",
  values: "Variablen oder Kopfzeilen",
  valuesText: "Je Zeile ein NAME=WERT. Die Werte werden im Schlüsselbund gespeichert.",
  importTitle: "Server importieren",
  importText:
    "Wähle die Einstellungsdatei eines anderen Programms, die „mcpServers“ enthält. Importierte Server sind aus, bis du sie einschaltest.",
  imported: (count) =>
    count === 0
      ? "Es wurde kein Server importiert."
      : count === 1
        ? "1 Server wurde importiert. Schalte ihn ein, um ihn zu verwenden."
        : `${count} Server wurden importiert. Schalte sie ein, um sie zu verwenden.`,
};
