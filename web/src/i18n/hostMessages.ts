/** What the host says in English, in words of the page's own, by the codes that come along. */
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

/** Every sentence of the host that can reach the page. A code without its words is a type error. */
interface HostTables {
  readonly errors: Readonly<Record<ErrorCode, string>>;
  /** Finer than the code, and said instead of its sentence. */
  readonly reasons: Readonly<Record<Reason, string>>;
  readonly activities: Readonly<Record<Activity, string>>;
  readonly notices: Readonly<Record<NoticeCode, (notice: Notice) => string>>;
  readonly remarks: Readonly<Record<RemarkCode, (facts: Remark["facts"]) => string>>;
}

interface HostWords {
  /** What a provider said in its own language; null where the host's sentence holds it already. */
  readonly quote: (words: string) => string | null;
  /** A sentence of the host that has no code, or what the page says instead. */
  readonly sentence: (own: string, instead: string) => string;
}

/** What a language needs that the host does not speak. */
export type HostMessages = HostTables & HostWords;

/** The host's own sentence is shown where a table has no words: in English, and for a later host. */
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

/** A host of a later version may have codes that this page has never heard of. */
function ofLater<T>(table: Readonly<Record<string, T | undefined>>, code: string): T | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
