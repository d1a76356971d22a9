/** The form of a template, then the text that it makes. Nothing is sent before the person has seen it. */
import { useEffect, useState } from "react";
import type { MessageTemplate, RenderedTemplate, TemplateDetail } from "../../bridge/contract";
import { reasonOf, strings } from "../../i18n";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import styles from "../../ui/form/form.module.css";
import TypedForm, { type FormValues } from "../../ui/form/TypedForm";
import { Problem } from "../../ui/Problem";
import own from "./TemplateDialog.module.css";

export interface TemplateDialogProps {
  readonly name: string;
  readonly onClose: () => void;
  /** May reject: the reason is shown. */
  readonly onSend: (said: RenderedTemplate, template: MessageTemplate) => Promise<void>;
}

export function TemplateDialog({ name, onClose, onSend }: TemplateDialogProps) {
  const { templates } = useSettings();
  const [detail, setDetail] = useState<TemplateDetail | null>(null);
  const [values, setValues] = useState<FormValues>({});
  const [said, setSaid] = useState<RenderedTemplate | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    templates.get({ name }).then(setDetail, (error) => setProblem(reasonOf(error)));
  }, [templates, name]);

  async function preview(given: FormValues): Promise<void> {
    const found = await templates.render({ name, values: given });
    setProblem(null);
    setValues(given);
    setSaid(found);
  }

  async function send(): Promise<void> {
    if (said === null) return;
    try {
      await onSend(said, { name: said.name, version: said.version, values: plain(values) });
      onClose();
    } catch (error) {
      setProblem(reasonOf(error));
    }
  }

  return (
    <Dialog title={detail?.title ?? name} onClose={onClose}>
      <div className={styles.section}>
        {detail !== null && detail.description !== "" && (
          <p className={styles.text}>{withEscapes(detail.description)}</p>
        )}
        {detail !== null && said === null && (
          <TypedForm
            fields={detail.inputs}
            values={values}
            submitLabel={texts.preview}
            onSubmit={preview}
            onCancel={onClose}
          />
        )}
        {said !== null && (
          <>
            {said.system !== undefined && <Text title={texts.instructions} text={said.system} />}
            <Text title={texts.message} text={said.user} />
            <div className={styles.buttons}>
              <Button tone="filled" onClick={() => void send()}>
                {strings.send}
              </Button>
              <Button onClick={() => setSaid(null)}>{texts.change}</Button>
            </div>
          </>
        )}
        <Problem>{problem}</Problem>
      </div>
    </Dialog>
  );
}

/** The values as JSON. */
function plain(values: FormValues): MessageTemplate["values"] {
  const entries = Object.entries(values).map(([name, value]) => {
    const isFile = typeof value === "object" && "name" in value;
    return [name, isFile ? { ...value } : value] as const;
  });
  return Object.fromEntries(entries);
}

function Text({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section className={styles.section} aria-label={title}>
      <h3>{title}</h3>
      <p className={`${styles.text} ${own.said}`} dir="auto">
        {withEscapes(text)}
      </p>
    </section>
  );
}
