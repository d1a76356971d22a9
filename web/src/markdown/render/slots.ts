/** Extensions of the renderer by the page around it. */
import { createContext, type ReactNode } from "react";

/** A block of code that is complete, or still streaming. */
export interface Code {
  readonly text: string;
  /** The first word after the opening fence; empty without one. */
  readonly language: string;
  readonly growing: boolean;
}

/** A button in the head of a code block. */
export interface CodeAction {
  readonly name: "wrap" | "fold";
  readonly label: string;
  readonly isOn: boolean;
  readonly run: () => void;
}

export interface Slots {
  /** The level of the page's heading above the text. */
  readonly headingsBelow?: number | undefined;
  /** Replaces the renderer's own buttons in the head of a code block, beside Copy. */
  readonly codeActions?: ((code: Code, own: readonly CodeAction[]) => ReactNode) | undefined;
  /** Another rendering for a code block, such as a diagram; undefined keeps it code. */
  readonly codeBlock?: ((code: Code) => ReactNode | undefined) | undefined;
}

export const SlotsContext = createContext<Slots>({});
