/** What this chat asks of the model that answers, below the list of models. */
import { useEffect, useState } from "react";
import type { BudgetState, Defaults } from "../../bridge/contract";
import type { AnswerChoice } from "../../conversations/answerOptions";
import { useConversations } from "../../conversations/useConversations";
import { useStore } from "../../conversations/useStore";
import { reasonOf, strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { count, money } from "../../i18n/format";
import { useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import parts from "../../ui/form/form.module.css";
import { Instructions } from "../../ui/form/Instructions";
import { NumberField } from "../../ui/form/NumberField";
import { SelectField } from "../../ui/form/SelectField";
import { Temperature } from "../../ui/form/Temperature";
import { Problem } from "../../ui/Problem";
import { Summary } from "../../ui/Summary";
import { BudgetFields } from "./BudgetFields";
import styles from "./ChatOptions.module.css";
import { useModel } from "./useModel";

const MOST_TOKENS = 100_000;

export interface ChatOptionsProps {
  readonly by: Defaults;
  readonly choice: AnswerChoice;
  /** Null while the host has no such conversation. */
  readonly conversationId: string | null;
}

export function ChatOptions({ by, choice, conversationId }: ChatOptionsProps) {
  const { effort } = useStore(choice);
  const efforts = useModel(by, true)?.efforts ?? [];
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div className={styles.options}>
      {efforts.length > 0 && (
        <SelectField
          label={costs.effort}
          hint={costs.effortHint}
          // What another model was asked is not asked of this one.
          value={efforts.find((one) => one === effort) ?? ""}
          save={async (value) =>
            choice.choose({ effort: efforts.find((one) => one === value) ?? null })
          }
          options={[
            ["", costs.modelsOwn],
            ...efforts.map((one) => [one, costs.efforts[one]] as const),
          ]}
        />
      )}
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <Summary>{costs.chatOptions}</Summary>
        {isOpen && <Sheet choice={choice} conversationId={conversationId} />}
      </details>
    </div>
  );
}

/** What the host has of the chat; of a new one, what it is to begin with. */
interface Kept {
  readonly instructions: string;
  readonly state: BudgetState | null;
}

function Sheet({ choice, conversationId: id }: Omit<ChatOptionsProps, "by">) {
  const { costs: host, instructions } = useConversations();
  const { preferences } = useSettingsState();
  const { temperature, maxTokens } = useStore(choice);
  const first = useStore(choice.first);
  const [kept, setKept] = useState<Kept | null>(null);
  const [round, setRound] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const standard = preferences?.defaultSystemPrompt ?? "";
  const { defaultTemperature = null, defaultMaxTokens = null } = preferences ?? {};

  // biome-ignore lint/correctness/useExhaustiveDependencies: again when something was reset
  useEffect(() => {
    if (id === null) return;
    Promise.all([instructions.get({ conversationId: id, limit: 1 }), host.budgets(id)]).then(
      ([{ systemPrompt }, states]) =>
        setKept({ instructions: systemPrompt ?? "", state: states[0] ?? null }),
      (error) => setProblem(reasonOf(error)),
    );
  }, [id, host, instructions, round]);

  async function instruct(text: string): Promise<void> {
    if (id === null) choice.first.set({ ...first, instructions: text });
    else {
      const systemPrompt = text.trim() === "" ? null : text;
      await instructions.instruct({ conversationId: id, systemPrompt });
    }
  }

  async function reset(): Promise<void> {
    choice.choose({ effort: null, temperature: null, maxTokens: null });
    if (id === null) choice.first.set({ instructions: null, budget: null });
    else {
      await instruct(standard);
      await host.setBudget({ conversationId: id, budget: null });
    }
    setRound(round + 1);
  }

  if (id !== null && kept === null) return <Problem>{problem}</Problem>;
  const { state = null } = kept ?? {};
  return (
    <section key={round} className={`${parts.section} ${styles.sheet}`}>
      <Instructions
        hint={costs.instructionsHint}
        kept={kept?.instructions ?? first.instructions ?? standard}
        save={instruct}
      />
      <Temperature
        kept={temperature}
        standard={
          defaultTemperature === null
            ? costs.modelsOwn
            : costs.asInSettings(`${defaultTemperature}`)
        }
        save={async (chosen) => choice.choose({ temperature: chosen })}
      />
      <NumberField
        label={strings.preferences.maxTokens}
        hint={
          defaultMaxTokens === null ? costs.modelsOwn : costs.asInSettings(count(defaultMaxTokens))
        }
        unit={strings.preferences.tokens}
        value={maxTokens}
        least={1}
        most={MOST_TOKENS}
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
            setKept({ instructions: kept?.instructions ?? "", state: now });
          }
        }}
      />
      <Button
        className={parts.start}
        onClick={() => reset().catch((error) => setProblem(reasonOf(error)))}
      >
        {costs.toDefaults}
      </Button>
      <Problem>{problem}</Problem>
    </section>
  );
}
