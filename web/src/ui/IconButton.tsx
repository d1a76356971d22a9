/** A button with an icon only; its label is for screen readers and the tooltip. */
import type { ComponentProps } from "react";
import { strings } from "../i18n";
import { keyLabels, parseAll } from "../lib/keyCombo";
import styles from "./IconButton.module.css";

export interface IconButtonProps extends ComponentProps<"button"> {
  readonly label: string;
  /** The keys for the same action: the tooltip shows them. */
  readonly keys?: string | undefined;
  /** 36, 32 or 28 px. */
  readonly size?: "large" | "medium" | "small" | undefined;
}

export function IconButton(props: IconButtonProps) {
  const { label, keys = "", size = "large", className = "", ...rest } = props;
  const [first] = parseAll(keys);
  return (
    <button
      type="button"
      className={`${styles.button} ${className}`}
      data-size={size}
      aria-label={label}
      title={first ? `${label} (${keyLabels(first, strings.keyNames).join("+")})` : label}
      {...rest}
    />
  );
}
