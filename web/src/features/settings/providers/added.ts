/** A provider that was added a moment ago, what was wrong with its key, and what was changed. */
export interface AddedProvider {
  readonly id: string;
  readonly problem: string | null;
  readonly note?: string | null;
}
