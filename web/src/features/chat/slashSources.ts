/** Entries of the slash menu: templates and the prompts of servers. */
import type { McpPrompt } from "../../bridge/contract";
import { resources } from "../../i18n/resources";
import type { Settings } from "../../settings/settings";
import type { SlashEntry, SlashSource } from "../composer/SlashMenu";

/** `choose` gets the chosen template; `open` shows the library. */
export function templateSource(
  templates: Settings["templates"],
  choose: (template: { readonly name: string }) => void,
  open: () => void,
): SlashSource {
  return async () => {
    const all = await templates.list();
    const entries: SlashEntry[] = all
      .filter(({ problem }) => problem === undefined)
      .map(({ name, description }) => ({
        name,
        description,
        source: resources.template,
        choose: () => choose({ name }),
      }));
    const [label, description] =
      all.length === 0
        ? [resources.newTemplate, resources.noTemplates]
        : [resources.library, resources.libraryText];
    return [...entries, { name: "", label, description, source: "", choose: open }];
  };
}

export interface PromptSourceOptions {
  /** Whether servers that do not run yet are started: once, so false after the answer. */
  readonly starts: { current: boolean };
  readonly choose: (prompt: McpPrompt) => void;
  /** Called when the person wants the prompts of a server that does not run yet. */
  readonly onStart: () => void;
  /** Shows the servers, for one that did not answer. */
  readonly onProblem: () => void;
}

export function promptSource(
  mcp: Settings["mcp"],
  { starts, choose, onStart, onProblem }: PromptSourceOptions,
): SlashSource {
  return async () => {
    const isWanted = starts.current;
    const request = mcp.prompts({ start: isWanted });
    const { items, waiting, problems } = await request.finally(() => {
      starts.current = false;
    });
    const entries: SlashEntry[] = items.map((prompt) => ({
      name: prompt.name,
      description: prompt.description,
      source: prompt.server,
      choose: () => choose(prompt),
    }));
    for (const server of waiting) {
      const [label, description] = [resources.promptsOf(server), resources.startsServer];
      entries.push({ name: "", label, description, source: server, choose: onStart });
    }
    // A slash alone is no request for servers, so their problems are not shown then.
    for (const [server, description] of isWanted ? Object.entries(problems) : []) {
      entries.push({ name: "", label: server, description, source: "", choose: onProblem });
    }
    return entries;
  };
}
