/** What the page around a text adds to it. */
import { createContext, type ReactNode } from "react";

/** A block of code that is complete, or still being written. */
export interface Code {
  readonly text: string;
  /** The first word behind the opening fence; empty without one. */
  readonly language: string;
  readonly growing: boolean;
}

export interface Slots {
  /** The level of the page's heading that a text's first heading stands below. */
  readonly headingsBelow?: number | undefined;
  /** More buttons in the head of a code block. */
  readonly codeActions?: ((code: Code) => ReactNode) | undefined;
  /** Another form for a code block, such as a diagram; undefined leaves it code. */
  readonly codeBlock?: ((code: Code) => ReactNode | undefined) | undefined;
}

export const SlotsContext = createContext<Slots>({});
