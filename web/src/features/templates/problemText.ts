/** Describes the error of a template, and its place. */
import type { TemplateProblem } from "../../bridge/contract";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";

export function problemText(problem: TemplateProblem): string {
  const { code, message, facts = {}, line, column } = problem;
  const sentence = texts.problems[code]?.(facts) ?? message;
  return (line === undefined ? "" : texts.place(line, column)) + withEscapes(sentence);
}
