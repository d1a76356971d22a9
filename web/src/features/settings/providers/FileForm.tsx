/** The form for a model that runs in this program, from a file of weights. */
import { useState } from "react";
import { strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import { useSettings } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import formStyles from "../../../ui/form/form.module.css";
import { TextField } from "../../../ui/form/TextField";
import { Problem } from "../../../ui/Problem";
import { useAsyncAction } from "../../../ui/useAsyncAction";
import { useIsBrowser } from "../../../ui/useIsBrowser";
import { type AddedProvider, AddForm } from "./AddForm";
import { idOf } from "./providerId";

const LEAST_CONTEXT = 512;
const MOST_CONTEXT = 1_048_576;

export function FileForm({ onAdded }: { readonly onAdded: (added: AddedProvider) => void }) {
  const [path, setPath] = useState("");
  const [name, setName] = useState("");
  const [context, setContext] = useState("");
  const { chooseModelFile } = useSettings();
  const { problem, attempt } = useAsyncAction();
  // A browser hides the path of a file from a page, so the person types it.
  const isWindow = !useIsBrowser();
  const label = name.trim() === "" ? modelNameOf(path) : name.trim();
  const id = idOf(label);
  const file = path.trim();
  const contextTokens = context === "" ? null : Number(context);
  const provider = { id, label, kind: "gguf", file, contextTokens } as const;

  async function choose(): Promise<void> {
    const chosen = await chooseModelFile();
    if (chosen !== null) setPath(chosen);
  }

  return (
    <AddForm provider={id === "" || file === "" ? null : provider} onAdded={onAdded}>
      <TextField
        label={words.filePath}
        hint={words.filePathHint}
        isTall
        autoFocus
        dir="ltr"
        value={path}
        onChange={setPath}
      >
        {isWindow && <Button onClick={() => attempt(choose())}>{words.chooseFile}</Button>}
      </TextField>
      <Problem>{problem}</Problem>
      <TextField
        label={strings.name}
        maxLength={60}
        placeholder={modelNameOf(path)}
        value={name}
        onChange={setName}
      />
      <TextField
        label={strings.spending.context}
        hint={words.contextHint}
        unit={words.tokens}
        className={formStyles.number}
        type="number"
        min={LEAST_CONTEXT}
        max={MOST_CONTEXT}
        value={context}
        onChange={setContext}
      />
    </AddForm>
  );
}

/** The file's name without folders and extension. */
function modelNameOf(path: string): string {
  const last = path.trim().split(/[/\\]/).pop() ?? "";
  return last.replace(/\.gguf$/i, "").slice(0, 60);
}
