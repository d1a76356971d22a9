/** English texts for prompt templates. */
import type { TemplateProblem, TemplateProblemCode } from "../../bridge/contract";

export type ProblemTexts = {
  readonly [C in TemplateProblemCode]?: (facts: NonNullable<TemplateProblem["facts"]>) => string;
};

export const templatesInEnglish = {
  preview: "Preview",
  instructions: "Instructions for this chat",
  change: "Change",
  changed: "The template has changed since this message was sent.",
  changedGone: "The template has changed since this message was sent. That version is gone.",
  useThen: "Use the version of this message",
  useNow: "Use the new version",
  removed: "The template was deleted. This form is the version of this message.",
  removedGone: "The template and the version of this message are gone. Edit the message instead.",
  fromTemplate: (name: string) => `From the template ${name}`,

  useRequested: "Use the template's choices in this chat",
  requestedModel: (model: string) => `Model: ${model}`,
  requestedEffort: (effort: string) => `Effort: ${effort}`,
  requestedTools: (tools: string) => `Tools: ${tools}`,
  noProvider: (provider: string) =>
    `The provider ${provider} is not set up. This chat's model answers.`,
  noTools: (tools: string) => `These tools are missing or off and are not used: ${tools}.`,

  text: "A template is a prompt with a form. Type / and its name in a chat to use it.",
  search: "Search templates",
  newTemplate: "New template",
  importFile: "Import…",
  importLabel: "Import templates",
  none: "You have no templates yet. Start with an example, or import what you have.",
  nothingFound: (query: string) => `No templates match “${query}”.`,
  count: (count: number) => (count === 1 ? "1 template" : `${count} templates`),
  editOf: (name: string) => `Edit ${name}`,
  more: (name: string) => `More actions for ${name}`,
  duplicate: "Duplicate",
  rename: "Rename or move",
  renameLabel: "Name. A slash makes a folder.",
  exportFile: "Export",
  removedToast: (name: string) => `Deleted ${name}.`,
  imported: (names: string) => `Imported ${names}.`,
  isUnsaved: "Unsaved changes",
  place: (line: number, column: number | undefined) =>
    column === undefined ? `Line ${line}: ` : `Line ${line}, column ${column}: `,

  /** Errors of templates. The host's own sentences are in English. */
  problems: {} as ProblemTexts,

  nameHint: "A slash makes a folder, as in work/review.",
  body: "Text of the template",
  help: "The fields of the form go between the lines of dashes, the prompt with {{ variables }} below.",
  goToLine: "Go to the line",
  saved: "Saved.",
  form: "Form",
  noFields: "This template has no fields.",
  discard: "Discard changes",
  reload: "Load the saved version",
  versions: "Earlier versions",
  show: "Show",
  showOf: (date: string) => `Show the version of ${date}`,
  isEarlier: "This is an earlier version. Save it to go back to it.",
  back: "Back to my text",

  examples: [
    {
      label: "Translate",
      name: "translate",
      text: `---
name: Translate
description: Translates a text
inputs:
  language: {type: string, title: Language, default: German}
  tone: {type: enum, title: Tone, options: [neutral, friendly, formal], default: neutral}
  text: {type: text, title: Text, required: true}
---
Translate this text into {{ language }}. The tone is {{ tone }}.

{{ text }}
`,
    },
    {
      label: "Review code",
      name: "review-code",
      text: `---
name: Review code
description: Names the worst problems of a piece of code
inputs:
  code: {type: text, title: Code, required: true}
  most: {type: integer, title: Most problems, default: 3, minimum: 1, maximum: 9}
---
{% system %}
You review code. Be brief and concrete.
{% endsystem %}
Name at most {{ most }} problems of this code, the worst one first:

{{ code }}
`,
    },
    {
      label: "Summarize a file",
      name: "summarize",
      text: `---
name: Summarize
description: Sums up a text file
inputs:
  file: {type: file, title: File, required: true}
  asPoints: {type: boolean, title: As a list}
---
Sum up this file{% if asPoints %} as a list of points{% else %} in one paragraph{% endif %}:

{{ file }}
`,
    },
  ],
} as const;
