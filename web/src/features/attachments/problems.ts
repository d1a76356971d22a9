/** Explains in a sentence why an attachment cannot be sent. */
import { type DraftAttachment, isText } from "../../attachments/draftAttachment";
import type { ModelSummary } from "../../bridge/contract";
import { strings } from "../../i18n";

/** Bytes per token, as in most texts. */
const BYTES_OF_TOKEN = 4;
/** A text longer than the model's context by this factor is too long, however it is tokenized. */
const DOUBT = 2;

export interface AttachmentProblem {
  readonly text: string;
  /** Whether another model might accept it. */
  readonly isModels: boolean;
}

/** Problems by attachment key; empty if all can be sent. */
export function problemsOf(
  all: readonly DraftAttachment[],
  model: ModelSummary | null,
): ReadonlyMap<string, AttachmentProblem> {
  const problems = new Map<string, AttachmentProblem>();
  const bytes = all.filter(isText).reduce((sum, { size }) => sum + size, 0);
  for (const attachment of all) {
    const own = problemOf(attachment);
    const text = own ?? (model === null ? null : problemText(attachment, model, bytes));
    if (text !== null) problems.set(attachment.key, { text, isModels: own === null });
  }
  return problems;
}

export const tokensIn = (bytes: number): number => Math.ceil(bytes / BYTES_OF_TOKEN);

function problemOf({ state }: DraftAttachment): string | null {
  if (typeof state === "string") return null;
  const { problems } = strings.attachments;
  return "limit" in state ? problems[state.code](state.limit) : problems[state.code];
}

function problemText(file: DraftAttachment, model: ModelSummary, textBytes: number): string | null {
  const { noPictures, noFiles, tooLong } = strings.attachments;
  if (file.kind === "image") return model.images ? null : noPictures(model.name);
  if (!isText(file)) return model.files || file.mediaType === "" ? null : noFiles(model.name);
  const { contextTokens } = model;
  const isLonger = contextTokens !== null && tokensIn(textBytes) > DOUBT * contextTokens;
  return isLonger ? tooLong(model.name, contextTokens) : null;
}
