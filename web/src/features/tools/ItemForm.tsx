/** Fetches a prompt or a resource of a server, after its fields are filled in. */
import { useEffect, useRef } from "react";
import type { FormField, McpContents } from "../../bridge/contract";
import { resources } from "../../i18n/resources";
import { fromBase64 } from "../../lib/blobs";
import TypedForm, { type FormValues } from "../../ui/form/TypedForm";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";

export interface ItemFormProps {
  readonly fields: readonly FormField[];
  readonly fetch: (values: Readonly<Record<string, string>>) => Promise<McpContents>;
  /** The files are checked like those that a person chooses. */
  readonly onInsert: (text: string, files: readonly File[]) => void;
  readonly onCancel: () => void;
}

export function ItemForm({ fields, fetch, onInsert, onCancel }: ItemFormProps) {
  const { problem, isBusy, attempt } = useAsyncAction();
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);

  async function insert(values: FormValues): Promise<void> {
    const texts = Object.entries(values).map(([key, value]) => [key, String(value)]);
    const { text, files } = await fetch(Object.fromEntries(texts));
    // The person has cancelled it while the server was asked.
    if (isGone.current) return;
    const attachedFiles = files.map(
      ({ name, mediaType, data }) => new File([fromBase64(data)], name, { type: mediaType }),
    );
    onInsert(text, attachedFiles);
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when there is nothing to fill in
  useEffect(() => {
    if (fields.length === 0) attempt(insert({}));
  }, []);

  if (fields.length > 0) {
    return (
      <TypedForm
        fields={fields}
        submitLabel={resources.insert}
        onCancel={onCancel}
        onSubmit={insert}
      />
    );
  }
  return isBusy ? <p role="status">{resources.loading}</p> : <Problem>{problem}</Problem>;
}
