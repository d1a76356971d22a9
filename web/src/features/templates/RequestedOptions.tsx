/** The model, the effort and the tools that a template asks for. The person may leave them out. */
import { useCallback, useEffect } from "react";
import type { TemplateDetail } from "../../bridge/contract";
import type { ChosenOptions } from "../../conversations/answerOptions";
import type { ModelRef } from "../../conversations/conversation";
import { costs } from "../../i18n/costs";
import { formatList } from "../../i18n/formatList";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import { requestName } from "../../settings/toolNames";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Check } from "../../ui/form/Check";
import { useRequest } from "../../ui/form/useRequest";
import { Notice } from "../../ui/Problem";

/** The options that a template asks for, as far as they are available. */
export interface RequestedOptions {
  readonly model: ModelRef | null;
  readonly options: Partial<ChosenOptions>;
  /** Descriptions of the available options, and of the missing ones. */
  readonly lines: readonly string[];
  readonly missing: readonly string[];
}

/** Null until they are known. `by` is the present model of the chat. */
export function useRequestedOptions(
  detail: TemplateDetail | null,
  by: ModelRef | null,
): RequestedOptions | null {
  const { tools, loadProviders } = useSettings();
  const { providers } = useSettingsState();
  const { model, effort, tools: toolNames } = detail ?? {};

  // A list that cannot be read has no tools in it: those of the template are then missing.
  const list = useCallback(() => tools.list().catch(() => []), [tools]);
  const { value: all } = useRequest(toolNames === undefined ? null : list);
  useEffect(() => {
    if (model !== undefined) void loadProviders().catch(() => {});
  }, [model, loadProviders]);

  if (detail === null || (toolNames !== undefined && all === null)) return null;
  const lines: string[] = [];
  const missing: string[] = [];
  const [first = "", ...rest] = model?.split("/") ?? [];
  // A model without a provider belongs to the chat's present provider.
  const chosen: ModelRef | null =
    rest.length > 0
      ? { providerId: first, modelId: rest.join("/") }
      : model !== undefined && by !== null
        ? { providerId: by.providerId, modelId: model }
        : null;
  const isThere = providers.some(({ id }) => id === chosen?.providerId);
  if (model !== undefined && isThere) lines.push(texts.requestedModel(model));
  else if (rest.length > 0 && providers.length > 0) missing.push(texts.noProvider(first));
  if (effort !== undefined) lines.push(texts.requestedEffort(costs.efforts[effort]));
  const usable = (all ?? []).filter(({ enabled, problem }) => enabled && problem === undefined);
  const names = usable.map((tool) => requestName(tool, all ?? []));
  const found = toolNames === "all" ? names : names.filter((name) => toolNames?.includes(name));
  if (found.length > 0) lines.push(texts.requestedTools(formatList(found)));
  const missingTools =
    toolNames === "all" ? [] : (toolNames ?? []).filter((name) => !names.includes(name));
  if (missingTools.length > 0) missing.push(texts.noTools(formatList(missingTools)));
  return {
    model: isThere ? chosen : null,
    options: { ...(effort && { effort }), ...(found.length > 0 && { tools: found }) },
    lines,
    missing,
  };
}

export interface RequestedOptionsCheckProps {
  readonly requested: RequestedOptions;
  readonly isUsed: boolean;
  readonly onUse: (isUsed: boolean) => void;
}

export function RequestedOptionsCheck({ requested, isUsed, onUse }: RequestedOptionsCheckProps) {
  const { lines, missing } = requested;
  return (
    <>
      {lines.length > 0 && (
        <Check checked={isUsed} hint={withEscapes(lines.join(" · "))} onChange={onUse}>
          {texts.useRequested}
        </Check>
      )}
      {missing.map((line) => (
        <Notice key={line} isBad>
          {withEscapes(line)}
        </Notice>
      ))}
    </>
  );
}
