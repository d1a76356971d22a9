/** Translations of the host's English messages, by their codes. */
import type {
  Activity,
  ErrorCode,
  Notice,
  NoticeCode,
  Reason,
  Remark,
  RemarkCode,
} from "../bridge/contract";

/** Tables for all messages of the host to the page. A code without a text is a type error. */
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
