/** English texts for attachments. */
import { amountsIn } from "../amounts";

const { count, size } = amountsIn("en");

export const attachmentsInEnglish = {
  attach: "Attach images or files",
  list: "Attachments",
  picture: "Image",
  pictureOf: (place: number, all: number) => (all === 1 ? "Image" : `Image ${place} of ${all}`),
  file: "File",
  remove: (name: string) => `Remove ${name}`,
  removeRefused: (number: number) => `Remove the ${number} files that can't be sent`,
  reading: "Reading…",
  waiting: "Sends when the files are ready.",
  scaled: (pixels: number) => `resized to ${count(pixels)} px`,
  asText: (tokens: number) =>
    `as text, about ${count(tokens)} ${tokens === 1 ? "token" : "tokens"}`,
  queued: (number: number) => (number === 1 ? "1 attachment" : `${number} attachments`),

  dropTitle: "Drop images or files here",
  dropText: "They're added to your message.",

  problems: {
    type: "This file type can't be sent. Use images, PDFs, or text files.",
    empty: "This file is empty.",
    unreadable: "This can't be read. Folders can't be attached.",
    lost: "This wasn't saved with the draft. Attach it again or remove it.",
    large: (limit: number) => `Too large. The limit is ${size(limit)}.`,
    text: (limit: number) => `Too much text. A message can hold ${size(limit)} of text files.`,
    total: (limit: number) => `Too much in total. A message can hold ${size(limit)}.`,
    many: (limit: number) => `A message can hold up to ${limit} images and files.`,
  },
  noPictures: (model: string) =>
    `${model} doesn't accept images. Remove it or choose another model.`,
  noFiles: (model: string) =>
    `${model} doesn't accept PDF files. Remove it or choose another model.`,
  tooLong: (model: string, tokens: number) =>
    `${model} can read only ${count(tokens)} tokens. Remove it or choose another model.`,
  notSent: "Not sent. Remove the attachment that can't be sent.",
  notSentModel: "Not sent. Remove the attachment this model can't read, or choose another model.",

  open: (name: string) => `Open ${name}`,
  gone: "No longer available",
  previous: "Previous image",
  next: "Next image",
  loading: "Loading…",
  noPreview: "No preview available for this file.",
} as const;
