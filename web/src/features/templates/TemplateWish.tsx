/** The model, the effort and the tools that a template asks for. The person may leave them out. */
import { useCallback, useEffect } from "react";
import type { SetUp } from "../../attachments/draftAttachment";
import type { TemplateDetail } from "../../bridge/contract";
import type { ChosenOptions } from "../../conversations/answerOptions";
import type { Conversation, ModelRef } from "../../conversations/conversation";
import { costs } from "../../i18n/costs";
import { listed } from "../../i18n/listed";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import { requestName } from "../../settings/toolNames";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Check } from "../../ui/form/Check";
import { useRequest } from "../../ui/form/useRequest";
import { Notice } from "../../ui/Problem";

/** What a template asks for, as far as it is there. */
export interface Wish {
  readonly model: ModelRef | null;
  readonly options: Partial<ChosenOptions>;
  /** What is there, and what is not, for the person. */
  readonly lines: readonly string[];
  readonly missing: readonly string[];
}

/** Null until it is known. `by` answers in this chat so far. */
export function useWish(detail: TemplateDetail | null, by: ModelRef | null): Wish | null {
  const { tools, loadProviders } = useSettings();
  const { providers } = useSettingsState();
  const { model, effort, tools: wanted } = detail ?? {};

  // A list that cannot be read has no tools in it: those of the template are then missing.
  const list = useCallback(() => tools.list().catch(() => []), [tools]);
  const { value: all } = useRequest(wanted === undefined ? null : list);
  useEffect(() => {
    if (model !== undefined) void loadProviders().catch(() => {});
  }, [model, loadProviders]);

  if (detail === null || (wanted !== undefined && all === null)) return null;
  const lines: string[] = [];
  const missing: string[] = [];
  const [first = "", ...rest] = model?.split("/") ?? [];
  // A model without a provider is one of the provider that answers.
  const chosen: ModelRef | null =
    rest.length > 0
      ? { providerId: first, modelId: rest.join("/") }
      : model !== undefined && by !== null
        ? { providerId: by.providerId, modelId: model }
        : null;
  const isThere = providers.some(({ id }) => id === chosen?.providerId);
  if (model !== undefined && isThere) lines.push(texts.wishModel(model));
  else if (rest.length > 0 && providers.length > 0) missing.push(texts.noProvider(first));
  if (effort !== undefined) lines.push(texts.wishEffort(costs.efforts[effort]));
  const usable = (all ?? []).filter(({ enabled, problem }) => enabled && problem === undefined);
  const names = usable.map((tool) => requestName(tool, all ?? []));
  const found = wanted === "all" ? names : names.filter((name) => wanted?.includes(name));
  if (found.length > 0) lines.push(texts.wishTools(listed(found)));
  const left = wanted === "all" ? [] : (wanted ?? []).filter((name) => !names.includes(name));
  if (left.length > 0) missing.push(texts.noTools(listed(left)));
  return {
    model: isThere ? chosen : null,
    options: { ...(effort && { effort }), ...(found.length > 0 && { tools: found }) },
    lines,
    missing,
  };
}

/**
 * Sets what a template asks for. Taken back, it leaves what the person has chosen meanwhile; and a retry
 * sets nothing once the person has chosen something else.
 */
export function setUpFor({ model, options }: Wish, conversation: Conversation): SetUp {
  const choice = conversation.options;
  const now = () => ({ by: conversation.get().by, options: choice.get() });
  let left: ReturnType<typeof now> | null = null;
  return () => {
    const before = now();
    if (left !== null && (left.by !== before.by || left.options !== before.options))
      return () => {};
    if (model !== null) conversation.choose(model);
    choice.choose(options);
    const set = now();
    return () => {
      if (conversation.get().by === set.by) conversation.choose(before.by);
      if (choice.get() === set.options) choice.choose(before.options);
      left = now();
    };
  };
}

export interface TemplateWishProps {
  readonly wish: Wish;
  readonly isUsed: boolean;
  readonly onUse: (isUsed: boolean) => void;
}

export function TemplateWish({ wish, isUsed, onUse }: TemplateWishProps) {
  const { lines, missing } = wish;
  return (
    <>
      {lines.length > 0 && (
        <Check checked={isUsed} hint={withEscapes(lines.join(" · "))} onChange={onUse}>
          {texts.wish}
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
