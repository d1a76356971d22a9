/** One field of a typed form: its title, the native control for its type, and its error. */
import { type ChangeEvent, type ReactNode, useId } from "react";
import type { FormField } from "../../bridge/contract";
import { forms } from "../../i18n/forms";
import { withEscapes } from "../../lib/hiddenCharacters";
import problemStyles from "../Problem.module.css";
import { Check } from "./Check";
import type { FieldNames } from "./Field";
import formStyles from "./form.module.css";
import { kindOf, readText, type Typed } from "./formValues";

export interface TypedFieldProps {
  readonly field: FormField;
  readonly typed: Typed;
  readonly problem: string | null;
  /** `problem` is given if the control could not accept the choice. */
  readonly onChange: (typed: Typed, problem?: string) => void;
}

interface ControlNames extends FieldNames {
  readonly "aria-required": true | undefined;
}

interface ControlProps extends Omit<TypedFieldProps, "problem"> {
  readonly names: ControlNames;
}

const INPUTS: Readonly<Record<string, string>> = {
  "date-time": "datetime-local",
  date: "date",
  email: "email",
  integer: "number",
  number: "number",
  uri: "url",
};

export function TypedField({ field, typed, problem, onChange }: TypedFieldProps) {
  const id = useId();
  const hints = [withEscapes(field.description ?? ""), field.type === "list" && forms.listHint];
  const hint = hints.filter(Boolean).join(" ");
  const described = [problem !== null && `${id}-problem`, hint !== "" && `${id}-hint`];
  const title = (
    <>
      <bdi>{withEscapes(field.title ?? field.name)}</bdi>
      {!field.required && field.type !== "boolean" && (
        <span className="soft"> ({forms.optional})</span>
      )}
    </>
  );
  const names: ControlNames = {
    id,
    "aria-describedby": described.filter(Boolean).join(" ") || undefined,
    "aria-invalid": problem === null ? undefined : true,
    "aria-required": (field.required && field.type !== "boolean") || undefined,
  };
  const controlProps = { field, typed, onChange, names };
  return (
    <>
      {field.multiple ? (
        <Choices {...controlProps} title={title} />
      ) : field.type === "boolean" ? (
        <Check {...names} checked={typed === true} onChange={onChange}>
          {title}
        </Check>
      ) : (
        <>
          <label htmlFor={id}>{title}</label>
          <div className={formStyles.field}>
            <Control {...controlProps} />
          </div>
        </>
      )}
      <div className={formStyles.words}>{hint !== "" && <p id={`${id}-hint`}>{hint}</p>}</div>
      {problem !== null && (
        <p id={`${id}-problem`} className={problemStyles.problem}>
          {problem}
        </p>
      )}
    </>
  );
}

/** A control whose content is a text. */
function Control(props: ControlProps) {
  const { field, typed, onChange, names } = props;
  const text = typeof typed === "string" ? typed : "";
  const onText = (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
    onChange(event.target.value);
  const kind = kindOf(field);
  switch (kind) {
    case "text":
    case "list":
      return <textarea {...names} dir="auto" value={text} onChange={onText} />;
    case "enum":
      return <Select {...props} />;
    case "file":
      return <FileInput {...props} />;
    default:
      return (
        <input
          {...names}
          type={INPUTS[kind] ?? "text"}
          className={kind === "number" || kind === "integer" ? formStyles.number : undefined}
          step={kind === "number" ? "any" : undefined}
          dir="auto"
          value={text}
          onChange={onText}
        />
      );
  }
}

function Select({ field, typed, onChange, names }: ControlProps) {
  const { options = [], required } = field;
  const at = options.findIndex(({ value }) => value === typed);
  return (
    <select
      {...names}
      value={at}
      onChange={(event) => onChange(options[Number(event.target.value)]?.value ?? "")}
    >
      {(at < 0 || !required) && <option value={-1}>{forms.choose}</option>}
      {options.map(({ value, title }, place) => (
        <option key={value} value={place}>
          {withEscapes(title ?? value)}
        </option>
      ))}
    </select>
  );
}

function Choices(props: ControlProps & { readonly title: ReactNode }) {
  const { field, typed, onChange, names, title } = props;
  const chosen = Array.isArray(typed) ? typed : [];
  const { "aria-required": _, "aria-invalid": isWrong, ...described } = names;
  return (
    <fieldset {...described}>
      <legend>{title}</legend>
      <div className={formStyles.choices}>
        {field.options?.map(({ value, title = value }) => (
          <Check
            key={value}
            aria-invalid={isWrong}
            aria-describedby={described["aria-describedby"]}
            checked={chosen.includes(value)}
            onChange={(isChecked) =>
              onChange(isChecked ? [...chosen, value] : chosen.filter((other) => other !== value))
            }
          >
            <bdi>{withEscapes(title)}</bdi>
          </Check>
        ))}
      </div>
    </fieldset>
  );
}

function FileInput({ typed, onChange, names }: ControlProps) {
  const chosen = typeof typed === "object" && "name" in typed ? typed.name : null;

  async function choose(file: File | undefined): Promise<void> {
    const read = file === undefined ? "" : await readText(file);
    if (file === undefined || typeof read === "object") onChange(read);
    else onChange("", String(read));
  }

  return (
    <>
      <input
        {...names}
        type="file"
        onChange={(event) => {
          choose(event.target.files?.[0]).catch(() => onChange("", forms.noText));
        }}
      />
      {chosen !== null && <span role="status">{forms.chosenFile(withEscapes(chosen))}</span>}
    </>
  );
}
