/** A button with its words. While it is not free it does nothing, but keeps the focus: a disabled one loses it. */
import type { ComponentProps } from "react";
import buttons from "./buttons.module.css";

export interface ButtonProps extends ComponentProps<"button"> {
  /** False while what it does is going on, or makes no sense. */
  readonly isFree?: boolean;
  /** `filled` is the one thing to do next, `quiet` what is rarely wanted, `destructive` what loses something. */
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
