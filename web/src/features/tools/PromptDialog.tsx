/** Asks for the arguments of a server's prompt, and puts its text into the message box. */
import type { McpPrompt } from "../../bridge/contract";
import { resources } from "../../i18n/resources";
import { withEscapes } from "../../lib/hiddenCharacters";
import { useSettings } from "../../settings/useSettings";
import { Dialog } from "../../ui/Dialog";
import formStyles from "../../ui/form/form.module.css";
import { ItemForm } from "./ItemForm";
import styles from "./ServerDialog.module.css";

export interface PromptDialogProps {
  readonly prompt: McpPrompt;
  readonly onInsert: (text: string, files: readonly File[]) => void;
  readonly onClose: () => void;
}

export function PromptDialog({ prompt, onInsert, onClose }: PromptDialogProps) {
  const { mcp } = useSettings();
  const { server, name, description, fields } = prompt;
  return (
    <Dialog title={resources.promptOf(withEscapes(name), withEscapes(server))} onClose={onClose}>
      <section className={`${formStyles.body} ${styles.body}`}>
        {description !== "" && <p className={formStyles.text}>{withEscapes(description)}</p>}
        <ItemForm
          fields={fields}
          fetch={(values) => mcp.prompt({ server, name, values })}
          onInsert={onInsert}
          onCancel={onClose}
        />
      </section>
    </Dialog>
  );
}
