/** The form for the reason of a denial, which the model is given. */
import { useEffect, useId, useRef } from "react";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import parts from "../../ui/form/form.module.css";

/** The host's limit. */
const MOST_CHARACTERS = 2_000;

export interface ReasonFormProps {
  readonly reason: string;
  readonly onChange: (reason: string) => void;
  readonly onDeny: () => void;
}

export function ReasonForm({ reason, onChange, onDeny }: ReasonFormProps) {
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => field.current?.focus(), []);
  return (
    <div className={parts.list}>
      <label htmlFor={id}>{strings.tools.reason}</label>
      <input
        ref={field}
        id={id}
        type="text"
        dir="auto"
        maxLength={MOST_CHARACTERS}
        value={reason}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && !isComposing(event) && onDeny()}
      />
    </div>
  );
}
