/** The prompts of servers, as entries of the slash menu. */
import type { McpPrompt } from "../../bridge/contract";
import type { Settings } from "../../settings/settings";
import type { SlashSource } from "../composer/SlashMenu";

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
