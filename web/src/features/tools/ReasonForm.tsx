/** A refusal that tells the model why. */
import { useEffect, useId, useRef, useState } from "react";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { Button } from "../../ui/Button";
import type { ApprovalFormProps } from "./decideCall";
import styles from "./tools.module.css";

/** As much as the host takes. */
const MOST_CHARACTERS = 2_000;

export function ReasonForm({ isFree, onDecide }: Omit<ApprovalFormProps, "call">) {
  const [reason, setReason] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => field.current?.focus(), []);
  const deny = () => onDecide({ verdict: "deny", reason: reason.trim() });
  return (
    <div className={styles.form}>
      <label htmlFor={id}>{strings.tools.reason}</label>
      <input
        ref={field}
        id={id}
        type="text"
        dir="auto"
        maxLength={MOST_CHARACTERS}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && !isComposing(event) && deny()}
      />
      <div className={styles.buttons}>
        <Button isFree={isFree} onClick={deny}>
          {strings.tools.deny}
        </Button>
      </div>
    </div>
  );
}
