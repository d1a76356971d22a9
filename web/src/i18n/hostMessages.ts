/** Translates the host's English messages by their codes. */
import type {
  Activity,
  ErrorCode,
  Notice,
  NoticeCode,
  Problem,
  Reason,
  Remark,
  RemarkCode,
} from "../bridge/contract";

/**
 * Tables for every message of the host that can reach the page. A code without a text is a type error.
 */
interface HostTables {
  readonly errors: Readonly<Record<ErrorCode, string>>;
  /** More precise than the code, and shown instead of its sentence. */
  readonly reasons: Readonly<Record<Reason, string>>;
  readonly activities: Readonly<Record<Activity, string>>;
  readonly notices: Readonly<Record<NoticeCode, (notice: Notice) => string>>;
  readonly remarks: Readonly<Record<RemarkCode, (facts: Remark["facts"]) => string>>;
}

interface HostWords {
  /** A provider's own error text; null if the host's sentence contains it already. */
  readonly quote: (words: string) => string | null;
  /** A host message without a code, or the page's replacement. */
  readonly sentence: (own: string, instead: string) => string;
}

/** The texts of a language other than the host's. */
export type HostMessages = HostTables & HostWords;

/** The host's own sentence is shown where a table has no text: in English, and for a later host. */
export type HostTranslation = {
  readonly [K in keyof HostTables]: Partial<HostTables[K]>;
} & HostWords;

export const hostInEnglish: HostTranslation = {
  errors: {},
  reasons: {},
  activities: {},
  notices: {},
  remarks: {},
  quote: () => null,
  sentence: (own) => own,
};

export function errorIn(host: HostTranslation, { code, reason, message }: Problem): string {
  const finer = reason == null ? undefined : ofLater(host.reasons, reason);
  return finer ?? ofLater(host.errors, code) ?? message;
}

export function quoteIn(host: HostTranslation, words: string | null | undefined): string | null {
  return words == null || words === "" ? null : host.quote(words);
}

export function noticeIn(host: HostTranslation, notice: Notice): string {
  return ofLater(host.notices, notice.code)?.(notice) ?? notice.text;
}

export function remarkIn(host: HostTranslation, { code, facts, text }: Remark): string {
  return ofLater(host.remarks, code)?.(facts) ?? text;
}

export function activityIn(
  host: HostTranslation,
  activity: Activity | null | undefined,
): string | null {
  return (activity == null ? undefined : host.activities[activity]) ?? null;
}

/** A host of a later version may have codes that this page does not know. */
function ofLater<T>(table: Readonly<Record<string, T | undefined>>, code: string): T | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
