/** German texts for the slash menu, and for resources and prompts of servers. */
import type { resourcesInEnglish } from "../en/resources";
import type { Worded } from "../types";

export const resourcesInGerman: Worded<typeof resourcesInEnglish> = {
  slash: "Befehle",
  found: (count) =>
    `${count === 1 ? "1 Befehl" : `${count} Befehle`}. Die Pfeiltasten wählen einen aus.`,
  promptOf: (prompt, server) => `${prompt}, ein Prompt von ${server}`,
  insert: "Einfügen",
  loading: "Der Server wird gefragt …",
  attach: "Von einem Server anhängen",
  search: "Suchen",
  none: "Kein Server bietet hier etwas an.",
  text: "Es wird an deine Nachricht angehängt und mit ihr gesendet.",
};
