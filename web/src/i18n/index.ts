/** Every text that the page shows, in the language that was chosen when it was loaded. */
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
import { activityIn, errorIn, noticeIn, quoteIn, remarkIn } from "./hostMessages";
import { localeOf, PSEUDO, shownLanguage } from "./language";
import type { Strings } from "./types";

export type { Strings } from "./types";

export const strings: Strings = await chosen();

/** The tag for `Intl`: dates and numbers are written in the page's language. */
export const locale: string = localeOf(shownLanguage(), navigator.languages);

async function chosen(): Promise<Strings> {
  switch (shownLanguage()) {
    case "de":
      return (await import("./de")).german;
    case PSEUDO:
      return (await import("./pseudo")).pseudo<Strings>(english);
    default:
      return english;
  }
}

/** What went wrong: the host's sentence, in the page's language. */
export const sentenceOf = (failure: Problem): string => errorIn(strings.host, failure);

/** A provider's own words, where the sentence does not hold them. */
export const quoteOf = (words: string | null | undefined): string | null =>
  quoteIn(strings.host, words);

/** Thrown by the page itself: its message is in the page's language already. */
export class PageError extends Error {
  override readonly name = "OwnWords";
}

/** The same, of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof PageError) return thrown.message;
  const failure = failureOf(thrown);
  return [sentenceOf(failure), quoteOf(failure.words)].filter((text) => text !== null).join(" ");
}

/** What came of an import. */
export function importResult(told: ImportState): string {
  const { state, conversations, messages, skipped, failure } = told;
  if (state === "cancelled") return strings.importCancelled;
  if (failure?.reason === "NO_CONVERSATIONS") return strings.notAnExport;
  if (failure !== null) return strings.refusedAction(sentenceOf(failure));
  if (conversations + messages > 0) return strings.imported(conversations, messages, skipped);
  const isUnread = told.remarks.some(({ code }) => code === "CONVERSATION_LEFT_OUT");
  return skipped === 0 || isUnread ? strings.notAnExport : strings.allHere(skipped);
}

/** Why something is tried again. */
export function whyOf(code: ErrorCode): string {
  const reasons: Partial<Record<ErrorCode, string>> = strings.retryReasons;
  return reasons[code] ?? strings.host.errors[code] ?? code;
}

export const noticeOf = (notice: Notice): string => noticeIn(strings.host, notice);

export const remarkOf = (remark: Remark): string => remarkIn(strings.host, remark);

/** A provider's name: the embedded model's is the host's own, the others are names of people. */
export const nameOfProvider = ({ id, name }: { readonly id: string; readonly name: string }) =>
  id === "local" ? strings.localModel : name;

/** What goes on before the first word; a status that has no code is a provider's own. */
export function activityOf(status: string, activity: Activity | null | undefined): string {
  return activityIn(strings.host, activity) ?? status;
}

/** What to do about an error, where there is something to say. */
export function hintFor(code: ErrorCode): string | null {
  const hints: Partial<Record<ErrorCode, string>> = strings.hints;
  return hints[code] ?? null;
}

/** Why an answer ended, where it did not simply finish. */
export function finishFor(reason: EndReason | null): string | null {
  const finish: Partial<Record<EndReason, string>> = strings.finish;
  return reason === null ? null : (finish[reason] ?? null);
}
