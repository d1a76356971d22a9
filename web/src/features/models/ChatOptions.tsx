/** The options of this chat's answers, below the list of models. */
import { type ReactNode, useEffect, useState } from "react";
import type { BudgetState, Defaults } from "../../bridge/contract";
import {
  type AnswerChoice,
  MAX_ANSWER_TOKENS,
  NO_FIRST,
  NO_OPTIONS,
} from "../../conversations/answerOptions";
import { useConversations } from "../../conversations/useConversations";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { count, money } from "../../i18n/format";
import { settingsTexts } from "../../i18n/settings";
import { useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { EffortField } from "../../ui/form/EffortField";
import formStyles from "../../ui/form/form.module.css";
import { Instructions } from "../../ui/form/Instructions";
import { NumberField } from "../../ui/form/NumberField";
import { Temperature } from "../../ui/form/Temperature";
import { ResetContext } from "../../ui/form/useAutosave";
import { ChevronIcon } from "../../ui/icons";
import { Notice, Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { BudgetFields } from "./BudgetFields";
import styles from "./ChatOptions.module.css";
import { useStandardEffort } from "./useStandardEffort";

export interface ChatOptionsProps {
  readonly by: Defaults;
  readonly choice: AnswerChoice;
  /** Null while the host has no such conversation. */
  readonly conversationId: string | null;
  /** The choice of this chat's tools. */
  readonly tools?: ReactNode;
  /** Shows the request that the draft would send. */
  readonly onShowRequest: () => void;
}

export function ChatOptions(props: ChatOptionsProps) {
  const { by, choice, conversationId, tools, onShowRequest } = props;
  const { effort } = useStore(choice);
  const { efforts, standard } = useStandardEffort(by);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div className={styles.options}>
      {efforts.length > 0 && (
        <EffortField
          efforts={efforts}
          value={effort}
          standard={standard}
          save={async (chosen) => choice.choose({ effort: chosen })}
        />
      )}
      <button
        type="button"
        className={styles.more}
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        {costs.chatOptions}
        <ChevronIcon />
      </button>
      <button type="button" className={styles.more} onClick={onShowRequest}>
        {strings.actions.request}
      </button>
      {isOpen && <Sheet choice={choice} conversationId={conversationId} tools={tools} />}
    </div>
  );
}

/** The chat's options as the host has them. */
interface StoredOptions {
  readonly instructions: string;
  readonly state: BudgetState | null;
}

type SheetProps = Omit<ChatOptionsProps, "by" | "onShowRequest">;

function Sheet({ choice, conversationId: id, tools }: SheetProps) {
  const { client, folders, list } = useConversations();
  const { conversations: host } = client;
  const { preferences } = useSettingsState();
  const { temperature, maxTokens } = useStore(choice);
  const first = useStore(choice.first);
  const [stored, setStored] = useState<StoredOptions | null>(null);
  const [resets, setResets] = useState(0);
  const { reason, attempt } = useAsyncAction();
  const [notice, setNotice] = useState<string | null>(null);
  const item = useStore(list, ({ items }) => items.find((entry) => entry.id === id));
  const folder = id === null ? first.folder : (item?.folder ?? null);
  const standard = preferences?.defaultSystemPrompt ?? "";
  const { defaultTemperature = null, defaultMaxTokens = null } = preferences ?? {};

  // biome-ignore lint/correctness/useExhaustiveDependencies: again when something was reset
  useEffect(() => {
    if (id === null) return;
    const all = Promise.all([host.get({ conversationId: id, limit: 1 }), host.budgets(id)]);
    const loading = all.then(([{ systemPrompt }, [state = null]]) =>
      setStored({ instructions: systemPrompt ?? "", state }),
    );
    attempt(loading);
  }, [id, host, resets, attempt]);

  async function instruct(text: string): Promise<void> {
    if (id === null) choice.first.set({ ...first, instructions: text });
    else {
      const systemPrompt = text.trim() === "" ? null : text;
      await host.instruct({ conversationId: id, systemPrompt });
      setStored((before) => before && { ...before, instructions: text });
    }
  }

  async function reset(): Promise<void> {
    choice.choose(NO_OPTIONS);
    choice.once.set(null);
    if (id === null) choice.first.set({ ...NO_FIRST, folder: first.folder });
    else {
      await instruct(standard);
      await host.setBudget({ conversationId: id, budget: null });
    }
    setResets(resets + 1);
  }

  /** Stores this chat's options as the initial ones of its folder. */
  async function saveForFolder(name: string): Promise<void> {
    await folders.save(name, {
      ...choice.get(),
      instructions: stored?.instructions ?? first.instructions,
      budget: id === null ? first.budget : (stored?.state?.budget ?? null),
    });
    setNotice(costs.keptForFolder(name));
  }

  if (id !== null && stored === null) return <Problem>{reason}</Problem>;
  const { state = null } = stored ?? {};
  return (
    <ResetContext value={resets}>
      <section className={`${formStyles.section} ${styles.sheet}`}>
        <Instructions
          hint={costs.instructionsHint}
          value={stored?.instructions ?? first.instructions ?? standard}
          save={instruct}
        />
        <Temperature
          value={temperature}
          standard={inSettings(defaultTemperature, count)}
          save={async (chosen) => choice.choose({ temperature: chosen })}
        />
        <NumberField
          label={settingsTexts.maxTokens}
          hint={inSettings(defaultMaxTokens, count)}
          unit={settingsTexts.tokens}
          value={maxTokens}
          least={1}
          most={MAX_ANSWER_TOKENS}
          mayBeEmpty
          save={async (chosen) => choice.choose({ maxTokens: chosen })}
        />
        <BudgetFields
          label={costs.budget}
          hint={state === null ? costs.budgetHint : costs.spent(money(state.usd))}
          budget={id === null ? first.budget : (state?.budget ?? null)}
          save={async (budget) => {
            if (id === null) choice.first.set({ ...first, budget });
            else {
              const [now = null] = await host.setBudget({ conversationId: id, budget });
              setStored((before) => before && { ...before, state: now });
            }
          }}
        />
        <div className={styles.tools}>{tools}</div>
        <Button className={formStyles.start} onClick={() => attempt(reset())}>
          {costs.toDefaults}
        </Button>
        {folder !== null && (
          <Button className={formStyles.start} onClick={() => attempt(saveForFolder(folder))}>
            {costs.keepForFolder(folder)}
          </Button>
        )}
        <Notice>{notice}</Notice>
        <Problem>{reason}</Problem>
      </section>
    </ResetContext>
  );
}

/** The label of the default, for a chat without its own number. */
function inSettings(value: number | null, format: (value: number) => string): string {
  return value === null ? costs.modelsOwn : costs.asInSettings(format(value));
}
