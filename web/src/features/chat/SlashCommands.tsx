/** The slash menu of a chat, which opens templates, the library and the prompts of servers. */
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
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
  const starts = useRef(false);
  const [promptRequests, setPromptRequests] = useState(0);
  const [ready, setReady] = useState("");

  useEffect(
    () =>
      mcp.onChange((servers = []) =>
        setReady(servers.flatMap(({ name, state }) => (state === "ready" ? name : [])).join()),
      ),
    [mcp],
  );
  const template = useMemo(
    () => templateSource(templates, onTemplate, () => openSettings("templates")),
    [templates, onTemplate, openSettings],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new source is asked again
  const prompt = useMemo(
    () =>
      promptSource(mcp, {
        starts,
        choose: onPrompt,
        onStart() {
          starts.current = true;
          setPromptRequests((count) => count + 1);
          draft.set("/");
        },
        onProblem: () => openSettings("servers"),
      }),
    [mcp, onPrompt, openSettings, draft, promptRequests, ready],
  );
  const sources = useMemo(() => [template, prompt], [template, prompt]);
  return <SlashMenu box={box} draft={draft} sources={sources} />;
}
