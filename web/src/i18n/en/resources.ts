/** English texts for the slash menu, and for resources and prompts of servers. */

export const resourcesInEnglish = {
  slash: "Commands",
  found: (count: number) =>
    `${count === 1 ? "1 command" : `${count} commands`}. The arrow keys choose one.`,
} as const;
