/** The slash menu of a chat, which opens templates, the library and the prompts of servers. */
import { type RefObject, useMemo, useRef, useState } from "react";
import type { McpPrompt } from "../../bridge/contract";
import type { Store } from "../../lib/store";
import { useOpenSettings, useSettings } from "../../settings/useSettings";
import { SlashMenu } from "../composer/SlashMenu";
import { promptSource, templateSource } from "./slashSources";

export interface SlashCommandsProps {
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly draft: Store<string>;
  readonly onTemplate: (template: { readonly name: string }) => void;
  readonly onPrompt: (prompt: McpPrompt) => void;
}

export function SlashCommands({ box, draft, onTemplate, onPrompt }: SlashCommandsProps) {
  const { mcp, templates } = useSettings();
  const openSettings = useOpenSettings();
  const isStarting = useRef(false);
  const [asked, setAsked] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new sources are asked again
  const sources = useMemo(
    () => [
      templateSource(templates, onTemplate, () => openSettings("templates")),
      promptSource(mcp, {
        // Once: the next slash starts no server again.
        start() {
          const wanted = isStarting.current;
          isStarting.current = false;
          return wanted;
        },
        choose: onPrompt,
        onStart() {
          isStarting.current = true;
          setAsked((count) => count + 1);
          draft.set("/");
        },
        onProblem: () => openSettings("servers"),
      }),
    ],
    [mcp, templates, onTemplate, onPrompt, openSettings, draft, asked],
  );
  return <SlashMenu box={box} draft={draft} sources={sources} />;
}
