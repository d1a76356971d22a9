/** The header of a `<details>`, with an arrow that turns when it opens. */
import type { ReactNode } from "react";
import { ChevronIcon } from "./icons";

export interface SummaryProps {
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

export function Summary({ className = "", children }: SummaryProps) {
  return (
    <summary className={`row ${className}`}>
      {children}
      <ChevronIcon />
    </summary>
  );
}
