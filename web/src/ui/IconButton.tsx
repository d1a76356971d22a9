/** A button with an icon only; its label is for screen readers and the tooltip. */
import type { ComponentProps } from "react";
import styles from "./IconButton.module.css";

export interface IconButtonProps extends ComponentProps<"button"> {
  readonly label: string;
  /** 36, 32 or 28 px. */
  readonly size?: "large" | "medium" | "small";
}

export function IconButton({ label, size = "large", className = "", ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      className={`${styles.button} ${className}`}
      data-size={size}
      aria-label={label}
      title={label}
      {...rest}
    />
  );
}
