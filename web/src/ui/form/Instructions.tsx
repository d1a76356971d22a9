import { settingsTexts } from "../../i18n/settings";
import { Field } from "./Field";
import { useAutosave } from "./useAutosave";

const MOST_CHARACTERS = 100_000;

export interface InstructionsProps {
  readonly hint: string;
  readonly value: string;
  readonly save: (text: string) => Promise<unknown>;
}

export function Instructions({ hint, value, save }: InstructionsProps) {
  const saved = useAutosave(value, save);
  return (
    <Field label={settingsTexts.systemPrompt} hint={hint} saved={saved} isTall>
      {(names) => (
        <textarea
          {...names}
          dir="auto"
          maxLength={MOST_CHARACTERS}
          value={saved.value}
          onChange={(event) => saved.change(event.target.value)}
          onBlur={() => saved.commit()}
        />
      )}
    </Field>
  );
}
