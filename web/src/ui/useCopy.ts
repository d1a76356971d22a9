/** Copies a text, and shows the outcome for a moment. */
import { useEffect, useState } from "react";
import { copyText } from "../lib/clipboard";

const SHOWN_MS = 2_000;

/** Names the button's text. */
export type CopyState = "copy" | "copied" | "notCopied";

export function useCopy(text: string): [state: CopyState, copy: () => void] {
  const [state, setState] = useState<CopyState>("copy");
  useEffect(() => {
    if (state === "copy") return;
    const timer = setTimeout(() => setState("copy"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => void copyText(text).then((done) => setState(done ? "copied" : "notCopied"));
  return [state, copy];
}
