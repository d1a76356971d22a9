/** Copies a text to the clipboard, and confirms it. */
import { type ReactNode, type RefObject, useContext, useEffect, useState } from "react";
import { LabelsContext } from "./labels";

const SHOWN_MS = 2_000;

interface CopyButtonProps {
  readonly text: string;
  /** The element with the text, which is selected if the clipboard refuses. */
  readonly shown: RefObject<HTMLElement | null>;
}

type Outcome = "none" | "copied" | "selected";

export function CopyButton({ text, shown }: CopyButtonProps): ReactNode {
  const words = useContext(LabelsContext);
  const [outcome, setOutcome] = useState<Outcome>("none");

  useEffect(() => {
    if (outcome === "none") return undefined;
    const timer = setTimeout(() => setOutcome("none"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      if (shown.current !== null) getSelection()?.selectAllChildren(shown.current);
      setOutcome("selected");
    }
  }

  return (
    <button
      type="button"
      aria-label={outcome === "none" ? words.copyCode : words[outcome]}
      onClick={copy}
    >
      {outcome === "none" ? words.copy : words[outcome]}
    </button>
  );
}
