/** A call that waits for a person: its effects and arguments, and the possible decisions. */
import { type KeyboardEvent, useContext, useEffect, useId, useRef, useState } from "react";
import type { AnswerCall } from "../../bridge/contract";
import { failureOf } from "../../bridge/hostError";
import { reasonOf, strings } from "../../i18n";
import { withEscapes } from "../../lib/hiddenCharacters";
import { isComposing } from "../../lib/ime";
import { FLAGS } from "../../settings/toolFlags";
import { Button } from "../../ui/Button";
import { Notice, Problem } from "../../ui/Problem";
import { AlwaysForm } from "./AlwaysForm";
import { Arguments } from "./Arguments";
import { DecideCallContext, type Verdict } from "./decideCall";
import { EditForm } from "./EditForm";
import styles from "./tools.module.css";
import { useGuard } from "./useGuard";
import { Verbatim } from "./Verbatim";

type FormName = "always" | "edit" | "reason";

/** The host's limit. */
const MOST_REASON_CHARACTERS = 2_000;
const words = strings.tools;

export function ApprovalCard({ call }: { readonly call: AnswerCall }) {
  const { callId, tool, source, nonce = "", why } = call;
  const decideCall = useContext(DecideCallContext);
  const card = useRef<HTMLDivElement>(null);
  const guard = useGuard(card);
  const [form, setForm] = useState<FormName | null>(null);
  const [reason, setReason] = useState("");
  const [isSent, setIsSent] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [isLate, setIsLate] = useState(false);
  const isFree = guard.isReady && !isSent;

  async function onDecide(verdict: Verdict): Promise<void> {
    if (decideCall === null || isSent || !guard.press()) return;
    setIsSent(true);
    setProblem(null);
    try {
      setIsLate(!(await decideCall({ callId, nonce, ...verdict })));
    } catch (error) {
      setProblem(problemOf(error));
      setIsSent(false);
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Elsewhere Escape stops the answer; here it closes the open form.
    if (event.key !== "Escape" || form === null || isComposing(event)) return;
    event.preventDefault();
    setForm(null);
    card.current?.focus();
  }

  /** Includes the reason, if one is being written. */
  function deny(): void {
    const denyReason = form === "reason" ? reason.trim() : "";
    void onDecide({ verdict: "deny", ...(denyReason !== "" && { reason: denyReason }) });
  }

  const decisionButton = (label: string, decide: () => void) => (
    <Button isFree={isFree} onClick={decide}>
      {label}
    </Button>
  );
  const formButton = (label: string, name: FormName) => (
    <Button
      isFree={isFree}
      aria-expanded={form === name}
      onClick={() => guard.press() && setForm(form === name ? null : name)}
    >
      {label}
    </Button>
  );
  const flags = FLAGS.filter((flag) => call[flag]);
  const formProps = { call, isFree, onDecide };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <div
      ref={card}
      className={styles.approval}
      role="group"
      aria-label={words.approve(withEscapes(tool))}
      data-approval
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      <p className={styles.question}>
        <Verbatim text={words.question(tool)} />{" "}
        {source !== "" && (
          <span>
            <Verbatim text={words.from(source)} />
          </span>
        )}
      </p>
      <ul className={styles.flags}>
        {flags.map((flag) => (
          <li key={flag}>{words.flags[flag]}</li>
        ))}
        {flags.length === 0 && <li>{words.flags.none}</li>}
      </ul>
      {why !== undefined && (
        <Notice>
          <Verbatim text={words.whyAsked(why)} />
        </Notice>
      )}
      <Arguments label={words.arguments} values={call.arguments} />
      {decideCall !== null && (
        <div className="wrap">
          {decisionButton(words.once, () => onDecide({ verdict: "allow", scope: "once" }))}
          {decisionButton(words.conversation, () =>
            onDecide({ verdict: "allow", scope: "conversation" }),
          )}
          {formButton(words.always, "always")}
          {formButton(words.edit, "edit")}
          {decisionButton(words.deny, deny)}
          {formButton(words.denyReason, "reason")}
        </div>
      )}
      {form === "always" && <AlwaysForm {...formProps} />}
      {form === "edit" && <EditForm {...formProps} />}
      {form === "reason" && <ReasonForm reason={reason} onChange={setReason} onDeny={deny} />}
      <Problem>{problem}</Problem>
      <Notice>{guard.isEarly ? words.pressedEarly : null}</Notice>
      <Notice>{isLate ? words.decidedElsewhere : null}</Notice>
    </div>
  );
}

interface ReasonFormProps {
  readonly reason: string;
  readonly onChange: (reason: string) => void;
  readonly onDeny: () => void;
}

/** The form for the reason of a denial, which the model receives. */
function ReasonForm({ reason, onChange, onDeny }: ReasonFormProps) {
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => field.current?.focus(), []);
  return (
    <div className="stack">
      <label htmlFor={id}>{words.reason}</label>
      <input
        ref={field}
        id={id}
        type="text"
        dir="auto"
        maxLength={MOST_REASON_CHARACTERS}
        value={reason}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && !isComposing(event) && onDeny()}
      />
    </div>
  );
}

/** The host's error, with details that it does not contain. */
function problemOf(error: unknown): string {
  const sentence = reasonOf(error);
  const { issues } = failureOf(error);
  const more = (issues ?? [])
    .map(({ message }) => message)
    .filter((text) => !sentence.includes(text));
  return [sentence, ...more].join(" ");
}
