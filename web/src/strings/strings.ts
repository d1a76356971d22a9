/** Strings: every text that the page shows, in the language that was chosen when it was loaded. */
import type { ErrorCode, FinishReason } from "../bridge/contract";
import { english } from "./en";
import { localeOf, PSEUDO, shownLanguage } from "./language";

/** The same texts, in whatever words. */
type Worded<T> = T extends string
  ? string
  : T extends (...given: infer G) => string
    ? (...given: G) => string
    : { readonly [K in keyof T]: Worded<T[K]> };

export type Strings = Worded<typeof english>;

export const strings: Strings = await chosen();

/** The tag for `Intl`: dates and numbers are written in the page's language. */
export const locale: string = localeOf(shownLanguage(), navigator.languages);

async function chosen(): Promise<Strings> {
  switch (shownLanguage()) {
    case "de":
      return (await import("./de")).german;
    case PSEUDO:
      return (await import("./pseudo")).pseudo(english);
    default:
      return english;
  }
}

/** What to do about an error, where there is something to say. */
export function hintFor(code: ErrorCode): string | null {
  const hints: Partial<Record<ErrorCode, string>> = strings.hints;
  return hints[code] ?? null;
}

/** Why an answer ended, where it did not simply finish. */
export function finishFor(reason: FinishReason | null): string | null {
  const finish: Partial<Record<FinishReason, string>> = strings.finish;
  return reason === null ? null : (finish[reason] ?? null);
}
