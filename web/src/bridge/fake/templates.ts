/** The templates of the fake host: texts in memory, with variables and no Jinja. */
import type {
  FormField,
  FormValue,
  Handlers,
  SavedVersion,
  TemplateDetail,
  TemplateProblem,
} from "../contract";
import { refusal } from "./refusal";

const REVIEW = `---
name: Review
description: Reviews a piece of code
inputs:
  language: {type: string, title: Language}
  code: {type: text, title: Code}
---
{% system %}You review {{ language }}.{% endsystem %}
Review this:
{{ code }}`;
const HEAD = /^---\n([\s\S]*?)\n---\n/;
const SYSTEM = /\{% system %\}([\s\S]*)\{% endsystem %\}\s*/;
const VARIABLE = /\{\{ (\w+) \}\}/g;

interface Saved {
  readonly text: string;
  readonly savedAt: number;
}

export function createFakeTemplates(): Handlers["templates"] {
  const files = new Map<string, Saved>([
    ["review", { text: REVIEW, savedAt: Date.UTC(2026, 0, 2) }],
    ["daily/broken", { text: "Sum up {{ text", savedAt: Date.UTC(2026, 0, 2) }],
  ]);
  const earlier = new Map<string, readonly Saved[]>();

  const savedText = (name: string, version: string | null = null): Saved => {
    const all = [files.get(name) ?? [], earlier.get(name) ?? []].flat();
    const found = version === null ? files.get(name) : all.find((saved) => isOf(saved, version));
    if (found === undefined) throw refusal("NOT_FOUND", `There is no template ${name}.`);
    return found;
  };
  const isOf = ({ text }: Saved, version: string) => versionOf(text) === version;

  function detailOf(name: string, { text, savedAt }: Saved): TemplateDetail {
    const head = HEAD.exec(text)?.[1] ?? "";
    const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(head)?.[1];
    const effort = field("effort") as TemplateDetail["effort"];
    const model = field("model");
    const tools = field("tools")
      ?.replace(/[[\] ]/g, "")
      .split(",");
    return {
      name,
      title: field("name") ?? name.split("/").at(-1) ?? name,
      description: field("description") ?? "",
      version: versionOf(text),
      updatedAt: savedAt,
      text,
      ...parseInputs(text),
      ...(model && { model }),
      ...(effort && { effort }),
      ...(tools && { tools }),
    };
  }

  function write(name: string, text: string): TemplateDetail {
    const before = files.get(name);
    if (before !== undefined && before.text !== text) addVersion(name, before);
    files.set(name, { text, savedAt: Date.now() });
    return detailOf(name, savedText(name));
  }

  function addVersion(name: string, saved: Saved): void {
    earlier.set(name, [saved, ...(earlier.get(name) ?? [])]);
  }

  function freeName(name: string): string {
    let found = name;
    for (let number = 2; files.has(found); number++) found = `${name}-${number}`;
    return found;
  }

  const create = (name: string, text: string) => write(freeName(name), text);

  return {
    list: () =>
      [...files]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, saved]) => {
          const { text, inputs, model, effort, tools, ...summary } = detailOf(name, saved);
          return summary;
        }),
    get: ({ name, version = null }) => detailOf(name, savedText(name, version)),
    check: (text) => parseInputs(text),
    render({ name, values, version = null, text = null }) {
      const used = text ?? savedText(name, version).text;
      const { problem } = parseInputs(used);
      if (problem !== undefined) throw refusal("VALIDATION", problem.message);
      const rendered = used
        .replace(HEAD, "")
        .replace(VARIABLE, (_, key: string) => shownValue(values[key]));
      const system = SYSTEM.exec(rendered)?.[1];
      const user = rendered.replace(SYSTEM, "").trim();
      return { name, version: versionOf(used), user, ...(system !== undefined && { system }) };
    },
    save({ name, text, version = null }) {
      const before = files.get(name);
      if (version !== null && before !== undefined && !isOf(before, version)) {
        throw refusal("VALIDATION", `${name} was changed elsewhere. Load it again.`);
      }
      return write(name, text);
    },
    create: ({ name, text }) => create(name, text),
    duplicate: (name) => create(name, savedText(name).text),
    rename({ name, to }) {
      const { text } = savedText(name);
      if (files.has(to)) throw refusal("VALIDATION", `There is a template ${to} already.`);
      files.delete(name);
      earlier.set(to, earlier.get(name) ?? []);
      return write(to, text);
    },
    remove(name) {
      addVersion(name, savedText(name));
      return files.delete(name);
    },
    restore(name) {
      const [last] = earlier.get(name) ?? [];
      if (last === undefined) throw refusal("NOT_FOUND", `There is no removed template ${name}.`);
      return write(name, last.text);
    },
    versions: (name) =>
      (earlier.get(name) ?? []).map(
        ({ text, savedAt }): SavedVersion => ({ version: versionOf(text), savedAt }),
      ),
    importFile({ name, text }) {
      if (name.endsWith(".json")) throw refusal("VALIDATION", "This JSON has no prompts.");
      const { text: _, ...template } = create(name.replace(/\.\w+$/, ""), text);
      return [template];
    },
  };
}

function parseInputs(text: string): { inputs: FormField[]; problem?: TemplateProblem } {
  const lines = text.split("\n");
  const row = lines.findIndex((line) => line.lastIndexOf("{{") > line.lastIndexOf("}}"));
  if (row >= 0) {
    const column = (lines[row]?.lastIndexOf("{{") ?? 0) + 1;
    const message = "This variable has no end.";
    const facts = { words: message };
    return { inputs: [], problem: { code: "TEXT_WRONG", message, facts, line: row + 1, column } };
  }
  const matches = [...text.matchAll(/^ {2}(\w+): \{type: (\w+), title: (\w+)\}$/gm)];
  const inputs = matches.map(
    ([, name = "", type, title = ""]): FormField => ({
      name,
      type: type as FormField["type"],
      title,
      required: true,
    }),
  );
  const used = new Set([...text.matchAll(VARIABLE)].map(([, name = ""]) => name));
  for (const { name } of inputs) used.delete(name);
  const more = [...used].map((name): FormField => ({ name, type: "string", required: true }));
  return { inputs: [...inputs, ...more] };
}

const shownValue = (value: FormValue | undefined): string =>
  typeof value === "object" && "text" in value ? value.text : String(value ?? "");

function versionOf(text: string): string {
  let hash = 0n;
  for (const letter of text) {
    hash = (hash * 31n + BigInt(letter.codePointAt(0) ?? 0)) % 2n ** 64n;
  }
  return hash.toString(16).padStart(16, "0");
}
