/**
 * A form made from a list of typed fields. It checks the values when it is sent, shows each error
 * beside its field, and focuses the first wrong field. Enter sends it, Escape cancels it.
 */
import { type FormEvent, type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { FormField, FormValue } from "../../bridge/contract";
import { failureOf } from "../../bridge/hostError";
import { reasonOf, strings } from "../../i18n";
import { forms } from "../../i18n/forms";
import { isComposing } from "../../lib/ime";
import { Button } from "../Button";
import { Problem } from "../Problem";
import formStyles from "./form.module.css";
import { entryOf, type Typed, typedOf } from "./formValues";
import { TypedField } from "./TypedField";

export type FormValues = Readonly<Record<string, FormValue>>;
type Draft = Readonly<Record<string, Typed>>;

function own<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

const MOST_DRAFTS = 50;
/** The contents of forms that were neither sent nor cancelled, by their keys. Only in memory. */
const drafts = new Map<string, Draft>();

export interface TypedFormProps {
  readonly fields: readonly FormField[];
  /** In place of the fields' defaults. */
  readonly values?: FormValues;
  /** With a key, the form keeps its contents until it is shown again. */
  readonly draftKey?: string;
  readonly submitLabel: string;
  /** False while the form cannot be sent. */
  readonly isFree?: boolean;
  /** May reject: the host's error is shown beside its fields. False: nothing was sent. */
  readonly onSubmit: (values: FormValues) => Promise<unknown> | undefined;
  readonly onCancel?: () => void;
  /** More buttons. */
  readonly children?: ReactNode;
}

export default function TypedForm(props: TypedFormProps) {
  const { fields, values = {}, draftKey, submitLabel, isFree = true, onSubmit, onCancel } = props;
  const [draft, setDraft] = useState<Draft>(() => drafts.get(draftKey ?? "") ?? {});
  /** Newer than the render's: a file is read for a while, and its field changes then. */
  const latest = useRef(draft);
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setIsSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // A field may be called like a property of every object.
  const typed = (field: FormField) =>
    own(draft, field.name) ?? typedOf(field, own(values, field.name) ?? field.default);

  function change(name: string, value: Typed, problem?: string): void {
    const changed = { ...latest.current, [name]: value };
    latest.current = changed;
    setDraft(changed);
    setProblems(({ [name]: _, ...others }) => (problem ? { ...others, [name]: problem } : others));
    if (draftKey === undefined) return;
    drafts.delete(draftKey);
    drafts.set(draftKey, changed);
    for (const oldest of drafts.keys()) if (drafts.size > MOST_DRAFTS) drafts.delete(oldest);
  }

  const controlOf = (place: number) =>
    form.current?.querySelector<HTMLInputElement>(
      `[data-field="${place}"] :is(input, select, textarea)`,
    );

  function show(errors: Readonly<Record<string, string>>): void {
    setProblems(errors);
    const first = fields.findIndex(({ name }) => Object.hasOwn(errors, name));
    // A control with `aria-describedby` is read with its problem when it has the focus.
    controlOf(first)?.focus();
  }

  async function send(entered: FormValues): Promise<void> {
    setIsSending(true);
    setProblem(null);
    try {
      if ((await onSubmit(entered)) !== false) drafts.delete(draftKey ?? "");
    } catch (error) {
      const names = (failureOf(error).issues ?? []).map(({ path }) => path);
      const wrong = fields.filter(({ name }) => names.includes(name));
      if (wrong.length === 0) setProblem(reasonOf(error));
      else show(Object.fromEntries(wrong.map(({ name }) => [name, forms.refused])));
    } finally {
      setIsSending(false);
    }
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!isFree || isSending) return;
    const valid: [string, FormValue][] = [];
    const wrong: [string, string][] = [];
    for (const [place, field] of fields.entries()) {
      const isBad = controlOf(place)?.validity?.badInput === true;
      const { value, problem = own(problems, field.name) } = entryOf(field, typed(field), isBad);
      if (problem !== undefined && problem !== forms.refused) wrong.push([field.name, problem]);
      else if (value !== undefined) valid.push([field.name, value]);
    }
    if (wrong.length > 0) show(Object.fromEntries(wrong));
    else void send(Object.fromEntries(valid));
  }

  function cancel(): void {
    drafts.delete(draftKey ?? "");
    onCancel?.();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "Escape" && onCancel !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) cancel();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.current?.requestSubmit();
    }
  }

  return (
    <form
      ref={form}
      className={formStyles.section}
      noValidate
      autoComplete="off"
      onSubmit={submit}
      onKeyDown={onKeyDown}
    >
      {fields.map((field, place) => (
        <div key={field.name} className={`${formStyles.row} ${formStyles.tall}`} data-field={place}>
          <TypedField
            field={field}
            typed={typed(field)}
            problem={own(problems, field.name) ?? null}
            onChange={(value, problem) => change(field.name, value, problem)}
          />
        </div>
      ))}
      <Problem>{problem}</Problem>
      <div className="wrap">
        <Button type="submit" tone="filled" isFree={isFree && !isSending}>
          {submitLabel}
        </Button>
        {props.children}
        {onCancel !== undefined && <Button onClick={cancel}>{strings.cancel}</Button>}
      </div>
    </form>
  );
}
