/** A value stored elsewhere: local changes are kept until they are saved. */
import { createContext, useCallback, useContext, useEffect, useRef, useState } from "react";
import { reasonOf } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { useToasts } from "../toasts/toastStore";

export interface Autosave<T> {
  /** The local change, or else the stored value. */
  readonly value: T;
  /** Why saving was refused; the local change stays. */
  readonly problem: string | null;
  /** The last change has been saved. */
  readonly isSaved: boolean;
  /** Changes the value without saving, such as while typing. */
  change(value: T): void;
  /** Saves the local change, or this value. */
  commit(value?: T): void;
}

/** Its fields discard their unsaved changes when this number changes. */
export const ResetContext = createContext(0);

export function useAutosave<T>(stored: T, save: (value: T) => Promise<unknown>): Autosave<T> {
  const toasts = useToasts();
  const [draft, setDraft] = useState<{ readonly value: T } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isSaved, setIsSaved] = useState(false);
  const resets = useContext(ResetContext);
  const [seenResets, setSeenResets] = useState(resets);
  if (resets !== seenResets) {
    setSeenResets(resets);
    setDraft(null);
    setProblem(null);
    setIsSaved(false);
  }
  const latest = useRef({ stored, draft, save });
  /** The last change whose save is under way. */
  const inFlight = useRef<{ readonly value: T } | null>(null);
  useEffect(() => {
    latest.current = { stored, draft, save };
  });

  const isGone = useRef(false);
  const report = useCallback(
    (error: unknown) => toasts.show(settingsTexts.notSaved(reasonOf(error))),
    [toasts],
  );

  // Saves also when the dialog closes while typing.
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
      const { stored, draft, save } = latest.current;
      if (draft === null || draft.value === (inFlight.current ?? { value: stored }).value) return;
      save(draft.value).catch(report);
    };
  }, [report]);

  const change = useCallback((value: T) => {
    setDraft({ value });
    setProblem(null);
    setIsSaved(false);
  }, []);

  const commit = useCallback(
    (...args: [value?: T]) => {
      const { stored, draft, save } = latest.current;
      const value = args.length > 0 ? (args[0] as T) : draft === null ? stored : draft.value;
      const last = inFlight.current;
      setProblem(null);
      // While another value is being saved, the stored one must be saved again.
      if (value === (last ?? { value: stored }).value) {
        setDraft(last);
        return;
      }
      const submitted = { value };
      inFlight.current = submitted;
      setDraft(submitted);
      // A later save says by itself how it ends.
      const isLast = () => inFlight.current === submitted;
      save(value)
        .then(
          () => {
            if (!isLast()) return;
            setDraft((now) => (now === submitted ? null : now));
            setIsSaved(true);
          },
          (error) => {
            if (!isLast()) return;
            if (isGone.current) report(error);
            else setProblem(reasonOf(error));
          },
        )
        .finally(() => {
          if (isLast()) inFlight.current = null;
        });
    },
    [report],
  );

  return { value: draft === null ? stored : draft.value, problem, isSaved, change, commit };
}
