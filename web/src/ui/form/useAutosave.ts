/** A value that is kept elsewhere: what was chosen here stays until it is saved. */
import { useCallback, useEffect, useRef, useState } from "react";
import { reasonOf, strings } from "../../i18n";
import { useToasts } from "../toasts/toastStore";

export interface Autosave<T> {
  /** What to show: what is being chosen, else what is kept. */
  readonly value: T;
  /** Why it was refused; what was chosen stands there still. */
  readonly problem: string | null;
  /** Saved since the dialog is open. */
  readonly isSaved: boolean;
  /** Not yet to be saved, such as a word that is being written. */
  change(value: T): void;
  /** Save what was changed, or this. */
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

  // The dialog is closed in the middle of a word: that counts as well.
  useEffect(
    () => () => {
      const { kept, draft, save } = latest.current;
      if (draft === null || draft.value === kept) return;
      save(draft.value).catch((error) => toasts.say(strings.preferences.notSaved(reasonOf(error))));
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
