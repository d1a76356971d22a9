/** The end of every form for a new provider: its test and add buttons, and errors. */
import type { ReactNode } from "react";
import type { NewProvider } from "../../../bridge/contract";
import { reasonOf, remarkOf, strings } from "../../../i18n";
import { useSettings } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import { Problem } from "../../../ui/Problem";
import { useAsyncAction } from "../../../ui/useAsyncAction";
import { TestResult, useConnectionTest } from "./ConnectionTest";
import styles from "./Providers.module.css";

/** A provider that was just added, with an error of its key and the changes made to it. */
export interface AddedProvider {
  readonly id: string;
  readonly problem: string | null;
  readonly note?: string | null;
}

export interface AddFormProps {
  /** The completed form; null while a field is missing. */
  readonly provider: NewProvider | null;
  /** Its key; empty for none. */
  readonly secret?: string;
  readonly onAdded: (added: AddedProvider) => void;
  /** The fields. */
  readonly children: ReactNode;
}

export function AddForm({ provider, secret = "", onAdded, children }: AddFormProps) {
  const { providers, setKey } = useSettings();
  const { problem, attempt, isBusy } = useAsyncAction();
  const trial = useConnectionTest();

  async function submit(newProvider: NewProvider): Promise<void> {
    const { id, remark } = await providers.add(newProvider);
    // The provider exists now, so an error of its key is shown and fixed at its place in the list.
    const keyProblem = secret === "" ? null : await setKey(id, secret).then(() => null, reasonOf);
    onAdded({ id, problem: keyProblem, note: remark == null ? null : remarkOf(remark) });
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (provider !== null && !isBusy) attempt(submit(provider));
      }}
    >
      {children}
      <TestResult trial={trial} />
      <Problem>{problem}</Problem>
      <div className="wrap">
        <Button tone="filled" type="submit" disabled={provider === null} isFree={!isBusy}>
          {strings.add}
        </Button>
        <Button
          tone="quiet"
          disabled={provider === null}
          isFree={!trial.isBusy}
          onClick={() =>
            provider && trial.run({ settings: provider, ...(secret !== "" && { key: secret }) })
          }
        >
          {strings.test}
        </Button>
      </div>
    </form>
  );
}
