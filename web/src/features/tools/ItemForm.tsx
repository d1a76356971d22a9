/** Fetches a prompt or a resource of a server, after its fields are filled in. */
import { useEffect } from "react";
import type { FormField } from "../../bridge/contract";
import { resources } from "../../i18n/resources";
import TypedForm from "../../ui/form/TypedForm";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";

/** Resolves when it is in the message box. */
export type Fetch = (values: Readonly<Record<string, string>>) => Promise<void>;

export interface ItemFormProps {
  readonly fields: readonly FormField[];
  readonly fetch: Fetch;
  readonly onCancel: () => void;
}

export function ItemForm({ fields, fetch, onCancel }: ItemFormProps) {
  const { problem, isBusy, attempt } = useAsyncAction();

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when there is nothing to fill in
  useEffect(() => {
    if (fields.length === 0) attempt(fetch({}));
  }, []);

  if (fields.length > 0) {
    return (
      <TypedForm
        fields={fields}
        submitLabel={resources.insert}
        onCancel={onCancel}
        onSubmit={(values) =>
          fetch(Object.fromEntries(Object.entries(values).map(([key, one]) => [key, String(one)])))
        }
      />
    );
  }
  return isBusy ? <p role="status">{resources.loading}</p> : <Problem>{problem}</Problem>;
}
