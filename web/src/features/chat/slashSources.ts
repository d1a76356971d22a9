/** What a message that begins with a slash can stand for: templates and the prompts of servers. */
import type { McpPrompt } from "../../bridge/contract";
import { strings } from "../../i18n";
import type { Settings } from "../../settings/settings";
import type { SlashSource } from "../composer/SlashMenu";

/** `choose` gets the name of the template that the person has chosen. */
export function templateSource(
  templates: Settings["templates"],
  choose: (name: string) => void,
): SlashSource {
  return async () =>
    (await templates.list())
      .filter(({ problem }) => problem === undefined)
      .map(({ name, description }) => ({
        name,
        description,
        source: strings.template,
        choose: () => choose(name),
      }));
}

/** `choose` gets the prompt that the person has chosen. */
export function promptSource(
  mcp: Settings["mcp"],
  choose: (prompt: McpPrompt) => void,
): SlashSource {
  return async () =>
    (await mcp.prompts()).items.map((prompt) => ({
      name: prompt.name,
      description: prompt.description,
      source: prompt.server,
      choose: () => choose(prompt),
    }));
}
