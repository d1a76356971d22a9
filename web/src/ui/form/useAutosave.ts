/** A value stored elsewhere: local changes are kept until they are saved. */
import { useCallback, useEffect, useRef, useState } from "react";
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

export function useAutosave<T>(stored: T, save: (value: T) => Promise<unknown>): Autosave<T> {
  const toasts = useToasts();
  const [draft, setDraft] = useState<{ readonly value: T } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isSaved, setIsSaved] = useState(false);
  const latest = useRef({ stored, draft, save });
  useEffect(() => {
    latest.current = { stored, draft, save };
  });

  // Saves also when the dialog closes while typing.
  useEffect(
    () => () => {
      const { stored, draft, save } = latest.current;
      if (draft === null || draft.value === stored) return;
      save(draft.value).catch((error) => toasts.show(settingsTexts.notSaved(reasonOf(error))));
    },
    [toasts],
  );

  const change = useCallback((value: T) => {
    setDraft({ value });
    setProblem(null);
    setIsSaved(false);
  }, []);

  const commit = useCallback((...args: [value?: T]) => {
    const { stored, draft, save } = latest.current;
    const value = args.length > 0 ? (args[0] as T) : draft === null ? stored : draft.value;
    if (value === stored) {
      setDraft(null);
      setProblem(null);
      return;
    }
    const submitted = { value };
    setDraft(submitted);
    setProblem(null);
    save(value).then(
      () => {
        setDraft((now) => (now === submitted ? null : now));
        setIsSaved(true);
      },
      (error) => setProblem(reasonOf(error)),
    );
  }, []);

  return { value: draft === null ? stored : draft.value, problem, isSaved, change, commit };
}
