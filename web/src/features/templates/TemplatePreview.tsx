/** The form of the edited template, and its rendered text, which follows every edit. */
import { useEffect, useRef, useState } from "react";
import type { FormField, RenderedTemplate } from "../../bridge/contract";
import { reasonOf } from "../../i18n";
import { templates as texts } from "../../i18n/templates";
import { useSettings } from "../../settings/useSettings";
import formStyles from "../../ui/form/form.module.css";
import TypedForm, { type FormValues } from "../../ui/form/TypedForm";
import { Problem } from "../../ui/Problem";
import { RenderedText } from "./RenderedText";

export interface TemplatePreviewProps {
  readonly name: string;
  /** A text without problems. */
  readonly text: string;
  readonly inputs: readonly FormField[];
}

export function TemplatePreview({ name, text, inputs }: TemplatePreviewProps) {
  const { templates } = useSettings();
  const [rendered, setRendered] = useState<RenderedTemplate | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  /** The values that were submitted last. */
  const filled = useRef<FormValues | null>(null);

  useEffect(() => {
    const values = filled.current;
    if (values === null) return;
    let isCurrent = true;
    templates.render({ name, text, values }).then(
      (result) => {
        if (!isCurrent) return;
        setRendered(result);
        setProblem(null);
      },
      (error) => isCurrent && setProblem(reasonOf(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [templates, name, text]);

  async function render(values: FormValues): Promise<void> {
    setRendered(await templates.render({ name, text, values }));
    filled.current = values;
    setProblem(null);
  }

  return (
    <>
      <h3>{texts.form}</h3>
      {inputs.length === 0 && <p className={formStyles.text}>{texts.noFields}</p>}
      <TypedForm fields={inputs} submitLabel={texts.preview} onSubmit={render} />
      <Problem>{problem}</Problem>
      {rendered !== null && <RenderedText rendered={rendered} />}
    </>
  );
}
