/** All texts of the page, in the language that was chosen when it loaded. */
import type {
  Activity,
  EndReason,
  ErrorCode,
  ImportState,
  Notice,
  Problem,
  Remark,
} from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import { english } from "./en";
import { inLanguage } from "./inLanguage";
import { localeOf, shownLanguage } from "./language";
import type { Strings } from "./types";

export type { Strings } from "./types";

export const strings: Strings = await inLanguage(english, {
  de: async () => (await import("./de")).german,
});

/** The tag for `Intl`: dates and numbers are formatted for the page's language. */
export const locale: string = localeOf(shownLanguage(), navigator.languages);

/** The host's error message in the page's language. */
export function sentenceOf({ code, reason, message }: Problem): string {
  const { reasons, errors } = strings.host;
  const finer = reason == null ? undefined : textFor(reasons, reason);
  return finer ?? textFor(errors, code) ?? message;
}

/** A provider's own error text, unless the sentence contains it. */
export const quoteOf = (words: string | null | undefined): string | null =>
  words ? strings.host.quote(words) : null;

/** Thrown by the page itself: its message is in the page's language already. */
export class PageError extends Error {
  override readonly name = "PageError";
}

/** The error message of anything thrown. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof PageError) return thrown.message;
  const failure = failureOf(thrown);
  return [sentenceOf(failure), quoteOf(failure.words)].filter((text) => text !== null).join(" ");
}

/** The result of an import. */
export function importResult(result: ImportState): string {
  const { state, conversations, messages, skipped, failure } = result;
  if (state === "cancelled") return strings.importCancelled;
  if (failure?.reason === "NO_CONVERSATIONS") return strings.notAnExport;
  if (failure !== null) return strings.refusedAction(sentenceOf(failure));
  if (conversations + messages > 0) return strings.imported(conversations, messages, skipped);
  const isUnread = result.remarks.some(({ code }) => code === "CONVERSATION_LEFT_OUT");
  return skipped === 0 || isUnread ? strings.notAnExport : strings.allHere(skipped);
}

/** The reason of a retry. */
export const whyOf = (code: ErrorCode): string =>
  textFor(strings.retryReasons, code) ?? textFor(strings.host.errors, code) ?? code;

export const noticeOf = (notice: Notice): string =>
  textFor(strings.host.notices, notice.code)?.(notice) ?? notice.text;

export const remarkOf = ({ code, facts, text }: Remark): string =>
  textFor(strings.host.remarks, code)?.(facts) ?? text;

/** A provider's name: the embedded model's name is translated, others were given by people. */
export const nameOfProvider = ({ id, name }: { readonly id: string; readonly name: string }) =>
  id === "local" ? strings.localModel : name;

/** The progress before the first text; a status without a code is the provider's own. */
export function activityOf(status: string, activity: Activity | null | undefined): string {
  return (activity && textFor(strings.host.activities, activity)) ?? status;
}

/** The remedy for an error, if there is one. */
export const hintFor = (code: ErrorCode): string | null => textFor(strings.hints, code) ?? null;

/** Why an answer ended, unless it simply finished. */
export const finishFor = (reason: EndReason | null): string | null =>
  (reason && textFor(strings.finish, reason)) ?? null;

/** The text for a code, if there is one: a host of a later version has codes unknown to this page. */
function textFor<T>(table: Readonly<Record<string, T | undefined>>, code: string): T | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
