/** Converts the contents of a form's fields to values, and finds errors in them. */
import { textIn } from "../../attachments/sniff";
import type { FormField, FormFile, FormValue } from "../../bridge/contract";
import { locale, strings } from "../../i18n";
import { forms } from "../../i18n/forms";
import { parsedUrl } from "../../lib/parsedUrl";

/** A field's content while it is edited: the control's own text, or the choice. */
export type Typed = string | boolean | readonly string[] | FormFile;

/** The host's limit. */
const MOST_FILE_BYTES = 1_000_000;

/** A field's initial content. */
export function typedOf(field: FormField, value: FormValue | undefined): Typed {
  if (field.type === "boolean") return value === true;
  if (field.multiple) return Array.isArray(value) ? value : [];
  if (Array.isArray(value)) return value.join("\n");
  if (typeof value === "object") return value;
  if (value === undefined || typeof value === "boolean") return "";
  return kindOf(field) === "date-time" ? localTime(String(value)) : String(value);
}

/** The value to send; undefined for none. The problem is a sentence. */
export interface Entry {
  readonly value?: FormValue;
  readonly problem?: string;
}

/** `isBad`: the control has an input that it does not report, such as half a number. */
export function entryOf(field: FormField, typed: Typed, isBad = false): Entry {
  if (typeof typed === "boolean") return { value: typed };
  const entries = field.type === "list" ? lines(typed) : typed;
  if (isBad || (typeof entries === "string" && entries.trim() !== "")) {
    return typedText(field, isBad ? "?" : String(entries));
  }
  if (typeof entries === "object" && "name" in entries) return { value: entries };
  if (entries.length === 0 || typeof entries === "string") {
    const isChoice = field.type === "enum" || field.type === "file";
    if (!field.required) return {};
    return { problem: isChoice ? forms.requiredChoice : forms.required };
  }
  const problem = lengthProblem(field, entries.length, forms.fewestEntries, forms.mostEntries);
  return problem === null ? { value: [...entries] } : { problem };
}

/** The type of the control: `date` and `date-time` may stand in either place. */
export const kindOf = ({ type, format }: FormField) => (type === "string" && format) || type;

/** The text of a chosen file, or what is wrong with it. */
export async function readText(file: File): Promise<FormFile | string> {
  if (file.size > MOST_FILE_BYTES) return forms.largeFile(strings.size(MOST_FILE_BYTES));
  const text = textIn(new Uint8Array(await file.arrayBuffer()));
  return text === null ? forms.noText : { name: file.name, text };
}

function typedText(field: FormField, text: string): Entry {
  switch (kindOf(field)) {
    case "number":
    case "integer":
      return typedNumber(field, Number(text.trim() === "" ? "?" : text));
    case "date":
      return isDate(text) ? { value: text } : { problem: forms.date };
    case "date-time": {
      const time = new Date(text.trim());
      const isTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text.trim());
      if (!isTime || Number.isNaN(time.getTime())) return { problem: forms.dateTime };
      return { value: time.toISOString() };
    }
    case "email":
      if (!/^[^@\s]+@[^@\s]+$/.test(text.trim())) return { problem: forms.email };
      break;
    case "uri":
      if (parsedUrl(text.trim()) === null) return { problem: forms.uri };
      break;
    case "enum":
      return { value: text };
  }
  const value = field.format === undefined ? text : text.trim();
  const length = [...value].length;
  const problem = lengthProblem(field, length, forms.fewest, forms.longest);
  return problem === null ? { value } : { problem };
}

function typedNumber({ type, minimum, maximum }: FormField, value: number): Entry {
  const shown = (limit: number) => limit.toLocaleString(locale);
  if (!Number.isFinite(value)) return { problem: forms.number };
  if (type === "integer" && !Number.isSafeInteger(value)) return { problem: forms.integer };
  const isBelow = minimum !== undefined && value < minimum;
  const isAbove = maximum !== undefined && value > maximum;
  if (!isBelow && !isAbove) return { value };
  if (minimum === undefined) return { problem: forms.most(shown(maximum ?? value)) };
  if (maximum === undefined) return { problem: forms.least(shown(minimum)) };
  return { problem: forms.between(shown(minimum), shown(maximum)) };
}

function lengthProblem(
  { minLength = 0, maxLength = 100_000 }: FormField,
  length: number,
  fewest: (count: string) => string,
  most: (count: string) => string,
): string | null {
  if (length < minLength) return fewest(minLength.toLocaleString(locale));
  return length > maxLength ? most(maxLength.toLocaleString(locale)) : null;
}

function lines(typed: string | readonly string[] | FormFile): readonly string[] {
  const text = typeof typed === "string" ? typed : "";
  return text.split("\n").filter((line) => line.trim() !== "");
}

function isDate(text: string): boolean {
  const [, month, day] = /^\d{4}-(\d\d)-(\d\d)$/.exec(text) ?? [];
  const time = new Date(text);
  if (month === undefined || Number.isNaN(time.getTime())) return false;
  return time.getUTCDate() === Number(day) && time.getUTCMonth() + 1 === Number(month);
}

/** As `datetime-local` has it: in the person's time zone, without one. */
export function localTime(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
