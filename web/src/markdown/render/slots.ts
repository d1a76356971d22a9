/** Extensions of the renderer by the page around it. */
import { createContext, type ReactNode } from "react";

/** A block of code that is complete, or still streaming. */
export interface Code {
  readonly text: string;
  /** The first word after the opening fence; empty without one. */
  readonly language: string;
  readonly growing: boolean;
}

export interface Slots {
  /** The level of the page's heading above the text. */
  readonly headingsBelow?: number | undefined;
  /** More buttons in the header of a code block. */
  readonly codeActions?: ((code: Code) => ReactNode) | undefined;
  /** Another rendering for a code block, such as a diagram; undefined keeps it code. */
  readonly codeBlock?: ((code: Code) => ReactNode | undefined) | undefined;
}

export const SlotsContext = createContext<Slots>({});
