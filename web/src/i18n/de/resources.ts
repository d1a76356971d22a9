/** German texts for the slash menu, and for resources and prompts of servers. */
import type { resourcesInEnglish } from "../en/resources";
import type { Worded } from "../types";

export const resourcesInGerman: Worded<typeof resourcesInEnglish> = {
  slash: "Befehle",
  found: (count) =>
    `${count === 1 ? "1 Befehl" : `${count} Befehle`}. Die Pfeiltasten wählen einen aus.`,
};
