/** A button with its words. While it is not free it does nothing, but keeps the focus: a disabled one loses it. */
import type { ComponentProps } from "react";
import buttons from "./buttons.module.css";

export interface ButtonProps extends ComponentProps<"button"> {
  /** False while what it does is going on, or makes no sense. */
  readonly isFree?: boolean;
}

export function Button({ isFree = true, className = "", onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`${buttons.bordered} ${className}`}
      aria-disabled={!isFree || undefined}
      onClick={(event) => {
        if (isFree) onClick?.(event);
        else event.preventDefault();
      }}
      {...rest}
    />
  );
}
