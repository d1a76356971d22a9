/** A provider that was added a moment ago, and what was wrong with its key. */
export interface AddedProvider {
  readonly id: string;
  readonly problem: string | null;
}
