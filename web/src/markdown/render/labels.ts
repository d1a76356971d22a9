/** What the renderer says itself, in whatever language the page is. */
import { createContext } from "react";

export interface Labels {
  readonly copy: string;
  readonly copyCode: string;
  readonly copied: string;
  /** The clipboard refused it: it is selected instead. */
  readonly selected: string;
  readonly footnotes: string;
  readonly formula: string;
  readonly table: string;
  /** The way back; a place is a number, and one more where a footnote is referred to again. */
  readonly backTo: (place: string) => string;
  /** A task of a list. */
  readonly task: (isDone: boolean) => string;
}

export const ENGLISH: Labels = {
  copy: "Copy",
  copyCode: "Copy code",
  copied: "Copied",
  selected: "Selected: press Ctrl+C",
  footnotes: "Footnotes",
  formula: "Formula",
  table: "Table",
  backTo: (place) => `Back to reference ${place}`,
  task: (isDone) => (isDone ? "Done" : "Not done"),
};

export const LabelsContext = createContext<Labels>(ENGLISH);
