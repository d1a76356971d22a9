/** English texts for the slash menu, and for resources and prompts of servers. */

export const resourcesInEnglish = {
  slash: "Commands",
  found: (count: number) =>
    `${count === 1 ? "1 command" : `${count} commands`}. Use the arrow keys to choose one.`,
  template: "Template",
  newTemplate: "New template…",
  noTemplates: "You have no templates yet.",
  library: "All templates…",
  libraryText: "Search, edit, import",
  promptsOf: (server: string) => `Prompts of ${server}…`,
  startsServer: "Starts this server and lists its prompts.",
  promptOf: (prompt: string, server: string) => `${prompt}, a prompt of ${server}`,
  insert: "Insert",
  loading: "Asking the server…",
  none: "No server offers anything here.",
  text: "It is attached to your message and sent with it.",
} as const;
