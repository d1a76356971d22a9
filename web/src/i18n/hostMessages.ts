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
export interface HostMessages {
  readonly errors: Readonly<Record<ErrorCode, string>>;
  /** Finer than the code, and said instead of its sentence. */
  readonly reasons: Readonly<Record<Reason, string>>;
  readonly activities: Readonly<Record<Activity, string>>;
  readonly notices: Readonly<Record<NoticeCode, (notice: Notice) => string>>;
  readonly remarks: Readonly<Record<RemarkCode, (facts: Remark["facts"]) => string>>;
  /** The page and the host do not understand each other. */
  readonly refused: string;
  /** What a provider said in its own language. */
  readonly quote: (words: string) => string;
}

/** English has no table: there the host's own sentence is shown, as for codes of a later host. */
export type HostTranslation = HostMessages | null;

export function errorIn(host: HostTranslation, { code, reason, message }: Problem): string {
  if (host === null) return message;
  const finer = reason == null ? undefined : ofLater(host.reasons, reason);
  return finer ?? ofLater(host.errors, code) ?? message;
}

/** In English they stand in the sentence already. */
export function quoteIn(host: HostTranslation, words: string | null | undefined): string | null {
  return host === null || words == null || words === "" ? null : host.quote(words);
}

export function noticeIn(host: HostTranslation, notice: Notice): string {
  return (host && ofLater(host.notices, notice.code)?.(notice)) ?? notice.text;
}

export function remarkIn(host: HostTranslation, { code, facts, text }: Remark): string {
  return (host && ofLater(host.remarks, code)?.(facts)) ?? text;
}

export function activityIn(
  host: HostTranslation,
  activity: Activity | null | undefined,
): string | null {
  return (activity == null ? undefined : host?.activities[activity]) ?? null;
}

/** A host of a later version may have codes that this page has never heard of. */
function ofLater<T>(table: Readonly<Record<string, T>>, code: string): T | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
