/** English, of pictures and files. */
import { amountsIn } from "../amounts";

const { count } = amountsIn("en");

/** Bytes, as people say them. */
function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 999_500) return `${count(Math.round(bytes / 1_000))} kB`;
  return `${count(Math.round(bytes / 100_000) / 10)} MB`;
}

export const attachmentsInEnglish = {
  attach: "Attach pictures or files",
  list: "Attached to your message",
  picture: "Picture",
  pictureOf: (place: number, all: number) => (all === 1 ? "Picture" : `Picture ${place} of ${all}`),
  file: "File",
  size,
  remove: (name: string) => `Remove ${name}`,
  removeRefused: (number: number) => `Remove the ${number} files that cannot be sent`,
  reading: "Reading…",
  waiting: "Sent as soon as the files are read.",
  scaled: (pixels: number) => `scaled to ${count(pixels)} px`,
  asText: (tokens: number) =>
    `as text, about ${count(tokens)} ${tokens === 1 ? "token" : "tokens"}`,
  queued: (number: number) => (number === 1 ? "1 attachment" : `${number} attachments`),

  dropTitle: "Drop pictures and files here",
  dropText: "They are added to your message.",

  problems: {
    type: "Neither a picture nor a PDF nor text: this cannot be sent.",
    empty: "This file is empty.",
    unreadable: "This cannot be read. A folder cannot be attached.",
    lost: "Not kept with the draft. Attach it again, or remove it.",
    large: (limit: number) => `Too large: at most ${size(limit)}.`,
    text: (limit: number) => `Too much text: a message takes ${size(limit)} of text files.`,
    total: (limit: number) => `Too much together: a message takes ${size(limit)}.`,
    many: (limit: number) => `A message takes at most ${limit} pictures and files.`,
  },
  noPictures: (model: string) => `${model} takes no pictures.`,
  noFiles: (model: string) => `${model} takes no PDF files.`,
  tooLong: (model: string, tokens: number) => `${model} reads only ${count(tokens)} tokens.`,
  notSent: "Nothing was sent: something above cannot go with the message. Remove it.",
  notSentModel:
    "Nothing was sent: something above is not for this model. Choose another model or remove it.",

  open: (name: string) => `Open ${name}`,
  gone: "No longer there",
  save: "Save",
  previous: "Previous picture",
  next: "Next picture",
  loading: "Loading…",
  noPreview: "There is no preview of this file.",
} as const;
