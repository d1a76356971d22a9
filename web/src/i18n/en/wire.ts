/** English texts for requests, responses and recordings. */

const MS = (ms: string) => `${ms} ms`;

export const wireInEnglish = {
  show: "Show wire",
  save: "Save recording",
  title: "Wire",
  loading: "Loading…",

  blank: "Write a message to see its request.",
  notHttp: "This model isn't asked over HTTP, so there is no request.",
  nothing: "The requests of this answer aren't kept.",
  onlyLatest: "Only those of the latest 50 answers are kept, up to 20 MB in total.",
  isOff: "Keeping requests is switched off.",

  request: "Request",
  response: "Response",
  headers: (count: number) => `Headers (${count})`,
  noHeaders: "No headers",
  body: "Body",
  raw: "Raw",
  bodySize: (bytes: string) => `${bytes} bytes`,
  tooLong: (bytes: string) => `The body of ${bytes} bytes was too long to keep.`,
  cut: (shown: string, all: string) =>
    `The first ${shown} of ${all} characters are shown. All of them are copied.`,
  copyAs: { curl: "Copy as curl", python: "Copy as Python" },
  copied: "Copied. Put your key in the environment variable that it names.",
  notCopied: "Couldn't copy. Allow access to the clipboard.",

  runsStored: (stored: number, all: number) =>
    `This answer was continued. The requests of ${stored} of its ${all} runs are kept.`,
  attempts: "Attempts",
  attempt: (number: string) => `Attempt ${number}`,
  sentAfter: (ms: string) => `sent after ${MS(ms)}`,
  status: (status: number) => `Status ${status}`,
  noResponse: "No response",
  firstAfter: (ms: string) => `first bytes after ${MS(ms)}`,
  wholeAfter: (ms: string) => `complete after ${MS(ms)}`,
  notComplete: "not read to its end",
  received: (bytes: string) => `${bytes} bytes`,
  stream: (count: number) => `Stream (${count})`,
  after: MS,
  partlyStored: (shown: string, all: string) => `${shown} of ${all} bytes were kept.`,

  recording: "Recording",
  openText: "Play a recorded answer. Nothing of it runs, and nothing is sent.",
  choose: "Choose a file…",
  chooseOther: "Choose another file…",
  tooLarge: "This file is too large to open here. Use “tidewire replay FILE”.",
  recordedAt: (model: string, time: string) => `${model} · ${time}`,
  inert: "This is a recording. Its tools don't run, and its links don't open.",
  play: "Play",
  pause: "Pause",
  again: "Play again",
  speed: "Speed",
  times: (speed: number) => `${speed}×`,
  back: "Previous event",
  next: "Next event",
  position: "Position",
  at: (event: string, events: string, ms: string) => `Event ${event} of ${events} · ${MS(ms)}`,
  filesLeftOut: "Its images and files are not part of the recording.",
} as const;
