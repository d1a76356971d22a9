/** A checkbox, or a switch, with its label beside it. */
import type { ComponentProps } from "react";
import formStyles from "./form.module.css";

export interface CheckProps extends Omit<ComponentProps<"input">, "onChange" | "role" | "type"> {
  readonly checked: boolean;
  readonly isSwitch?: boolean;
  readonly hint?: string;
  readonly onChange: (isChecked: boolean) => void;
}

export function Check(props: CheckProps) {
  const {
    isSwitch = false,
    hint,
    onChange,
    className = formStyles.check,
    children,
    ...input
  } = props;
  return (
    <label className={className}>
      <input
        {...input}
        {...(isSwitch && { role: "switch", "aria-checked": input.checked })}
        type="checkbox"
        onChange={({ target }) => onChange(target.checked)}
      />
      {hint === undefined ? (
        children
      ) : (
        <span className={formStyles.words}>
          {children}
          <p>{hint}</p>
        </span>
      )}
    </label>
  );
}
