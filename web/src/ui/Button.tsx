/** A button with a label. `aria-disabled` keeps its focus, which a natively disabled one loses. */
import type { ComponentProps } from "react";
import buttons from "./buttons.module.css";

export interface ButtonProps extends ComponentProps<"button"> {
  /** False to disable the button, for example while its action runs. */
  readonly isFree?: boolean;
  /** `filled` is the primary action, `quiet` a rarely used one, `destructive` one that loses data. */
  readonly tone?: "filled" | "bordered" | "quiet" | "destructive";
}

export function Button(props: ButtonProps) {
  const { isFree = true, tone = "bordered", className = "", onClick, ...rest } = props;
  return (
    <button
      type="button"
      className={`${buttons[tone]} ${className}`}
      aria-disabled={!isFree || undefined}
      onClick={(event) => {
        if (isFree) onClick?.(event);
        else event.preventDefault();
      }}
      {...rest}
    />
  );
}
