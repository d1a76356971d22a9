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
  /** Saved since the dialog opened. */
  readonly isSaved: boolean;
  /** Changes the value without saving, such as while typing. */
  change(value: T): void;
  /** Saves the local change, or this value. */
  commit(value?: T): void;
}

export function useAutosave<T>(kept: T, save: (value: T) => Promise<unknown>): Autosave<T> {
  const toasts = useToasts();
  const [draft, setDraft] = useState<{ readonly value: T } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isSaved, setIsSaved] = useState(false);
  const latest = useRef({ kept, draft, save });
  useEffect(() => {
    latest.current = { kept, draft, save };
  });

  // Saves also when the dialog closes while typing.
  useEffect(
    () => () => {
      const { kept, draft, save } = latest.current;
      if (draft === null || draft.value === kept) return;
      save(draft.value).catch((error) => toasts.say(settingsTexts.notSaved(reasonOf(error))));
    },
    [toasts],
  );

  const change = useCallback((value: T) => {
    setDraft({ value });
    setProblem(null);
    setIsSaved(false);
  }, []);

  const commit = useCallback((...given: [value?: T]) => {
    const { kept, draft, save } = latest.current;
    const value = given.length > 0 ? (given[0] as T) : draft === null ? kept : draft.value;
    if (value === kept) {
      setDraft(null);
      setProblem(null);
      return;
    }
    const wanted = { value };
    setDraft(wanted);
    setProblem(null);
    save(value).then(
      () => {
        setDraft((now) => (now === wanted ? null : now));
        setIsSaved(true);
      },
      (error) => setProblem(reasonOf(error)),
    );
  }, []);

  return { value: draft === null ? kept : draft.value, problem, isSaved, change, commit };
}
