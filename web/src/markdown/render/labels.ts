/** The renderer's own labels, in the page's language. */
import { createContext } from "react";

export interface Labels {
  readonly copy: string;
  readonly copyCode: string;
  readonly copied: string;
  /** The clipboard refused, so the text is selected instead. */
  readonly selected: string;
  /** Wraps long lines of code. */
  readonly wrap: string;
  readonly fold: string;
  readonly unfold: string;
  readonly footnotes: string;
  readonly formula: string;
  readonly table: string;
  /** The link back; `place` is a number, with a second one for repeated references. */
  readonly backTo: (place: string) => string;
  /** A task of a list. */
  readonly task: (isDone: boolean) => string;
  /** A picture without alt text that is not fetched; its host may be empty. */
  readonly picture: (host: string) => string;
}

export const ENGLISH: Labels = {
  copy: "Copy",
  copyCode: "Copy code",
  copied: "Copied",
  selected: "Selected, ready to copy",
  wrap: "Wrap",
  fold: "Fold",
  unfold: "Unfold",
  footnotes: "Footnotes",
  formula: "Formula",
  table: "Table",
  backTo: (place) => `Back to reference ${place}`,
  task: (isDone) => (isDone ? "Done" : "Not done"),
  picture: (host) => (host === "" ? "Image not shown" : `Image on ${host}, not loaded`),
};

export const LabelsContext = createContext<Labels>(ENGLISH);
