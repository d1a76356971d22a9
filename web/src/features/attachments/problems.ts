/** Why something that is attached cannot go with the message, in a sentence. */
import { type DraftAttachment, isText } from "../../attachments/draftAttachment";
import type { ModelSummary } from "../../bridge/contract";
import { strings } from "../../i18n";

/** Bytes of a token, as in most texts. */
const BYTES_OF_TOKEN = 4;
/** A text so much longer than a model reads is too long, however its tokens are cut. */
const DOUBT = 2;

export interface AttachmentProblem {
  readonly text: string;
  /** Whether another model might take it. */
  readonly isModels: boolean;
}

/** By the key of what is in the way; empty when all can be sent. */
export function problemsOf(
  all: readonly DraftAttachment[],
  model: ModelSummary | null,
): ReadonlyMap<string, AttachmentProblem> {
  const found = new Map<string, AttachmentProblem>();
  const bytes = all.filter(isText).reduce((sum, { size }) => sum + size, 0);
  for (const one of all) {
    const own = problemOf(one);
    const text = own ?? (model === null ? null : problemText(one, model, bytes));
    if (text !== null) found.set(one.key, { text, isModels: own === null });
  }
  return found;
}

export const tokensIn = (bytes: number): number => Math.ceil(bytes / BYTES_OF_TOKEN);

function problemOf({ state }: DraftAttachment): string | null {
  if (typeof state === "string") return null;
  const { problems } = strings.attachments;
  return "limit" in state ? problems[state.code](state.limit) : problems[state.code];
}

function problemText(one: DraftAttachment, model: ModelSummary, textBytes: number): string | null {
  const { noPictures, noFiles, tooLong } = strings.attachments;
  if (one.kind === "image") return model.images ? null : noPictures(model.name);
  if (!isText(one)) return model.files || one.mediaType === "" ? null : noFiles(model.name);
  const { contextTokens } = model;
  const isLonger = contextTokens !== null && tokensIn(textBytes) > DOUBT * contextTokens;
  return isLonger ? tooLong(model.name, contextTokens) : null;
}
