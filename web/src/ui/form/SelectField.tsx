/** Choice: one of several, saved as soon as it is chosen. */
import type { ReactNode } from "react";
import { Row } from "./Field";
import { useSaved } from "./useAutosave";

export interface ChoiceProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly save: (value: string) => Promise<unknown>;
  /** The options. */
  readonly children: ReactNode;
}

export function Choice({ label, value, save, children, ...rest }: ChoiceProps) {
  const saved = useSaved(value, save);
  return (
    <Row label={label} problem={saved.problem} isSaved={saved.isSaved} {...rest}>
      {(names) => (
        <select
          {...names}
          value={saved.value}
          onChange={(event) => saved.commit(event.target.value)}
        >
          {children}
        </select>
      )}
    </Row>
  );
}
