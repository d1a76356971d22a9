/** German texts for the slash menu, and for resources and prompts of servers. */
import type { resourcesInEnglish } from "../en/resources";
import type { Translated } from "../types";

export const resourcesInGerman: Translated<typeof resourcesInEnglish> = {
  slash: "Befehle",
  found: (count) =>
    `${count === 1 ? "1 Befehl" : `${count} Befehle`}. Wähle mit den Pfeiltasten einen aus.`,
  template: "Vorlage",
  newTemplate: "Neue Vorlage …",
  noTemplates: "Du hast noch keine Vorlagen.",
  library: "Alle Vorlagen …",
  libraryText: "Suchen, bearbeiten, importieren",
  promptsOf: (server) => `Prompts von ${server} …`,
  startsServer: "Startet diesen Server und zeigt seine Prompts.",
  promptOf: (prompt, server) => `${prompt}, ein Prompt von ${server}`,
  insert: "Einfügen",
  loading: "Der Server wird gefragt …",
  none: "Kein Server bietet hier etwas an.",
  text: "Es wird an deine Nachricht angehängt und mit ihr gesendet.",
};
