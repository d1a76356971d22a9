/** A provider that was just added, with an error of its key and the changes made to it. */
export interface AddedProvider {
  readonly id: string;
  readonly problem: string | null;
  readonly note?: string | null;
}
