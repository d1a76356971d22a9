/** What is wrong with a template, and where. */
import type { TemplateProblem } from "../../bridge/contract";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";

export function problemText({ message, line, column }: TemplateProblem): string {
  return (line === undefined ? "" : texts.place(line, column)) + withEscapes(message);
}
