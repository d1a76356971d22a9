/** The kinds of rules for one argument of a permission, and the initial value of each. */
import type { ArgumentRule, JsonValue } from "../../bridge/contract";
import { parsedUrl } from "../../lib/parsedUrl";

type Match = ArgumentRule["match"];

/** From the strictest to the loosest; only those that can match the value. */
export function matchesFor(value: JsonValue): readonly Match[] {
  if (typeof value === "object" && value !== null) return ["any"];
  if (typeof value !== "string") return ["exact", "any"];
  const special: Match[] = hostOf(value) !== "" ? ["host"] : isPath(value) ? ["inside"] : [];
  return ["exact", "prefix", ...special, "any"];
}

/** The rule of this kind that matches the call itself. */
export function ruleFor(match: Match, value: JsonValue): ArgumentRule {
  const text = typeof value === "string" ? value : value === null ? "none" : JSON.stringify(value);
  const first = { exact: text, prefix: text, host: hostOf(text), inside: folderOf(text), any: "" };
  return { match, value: first[match] };
}

function hostOf(text: string): string {
  if (!/^https?:\/\//i.test(text)) return "";
  return parsedUrl(text)?.hostname ?? "";
}

const isPath = (text: string): boolean => /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(text);

function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end <= 0 ? path.slice(0, 1) : path.slice(0, end);
}
