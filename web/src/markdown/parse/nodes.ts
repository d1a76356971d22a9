/** The nodes that the lexer produces and the renderer draws. */
import type { MarkedToken, Token } from "marked";

export interface MathNode {
  readonly type: "math";
  readonly raw: string;
  readonly tex: string;
  /** Displayed on a line of its own, not inline. */
  readonly display: boolean;
}

export interface FootnoteReference {
  readonly type: "footnoteReference";
  readonly raw: string;
  readonly label: string;
  /** The ordinal of this reference among those to its label, from 1; 0 until counted. */
  ordinal: number;
}

export interface FootnoteDefinition {
  readonly type: "footnoteDefinition";
  readonly raw: string;
  readonly label: string;
  readonly tokens: Token[];
}

/** A part of a text that is too long to be parsed as one. */
export interface TextRun {
  readonly type: "run";
  readonly raw: string;
  readonly tokens: Token[];
}

export type Node = MarkedToken | MathNode | FootnoteReference | FootnoteDefinition | TextRun;

/** Types the lexer's tokens as nodes: kinds beyond marked's own come from our extensions. */
export function nodesOf(tokens: readonly Token[] | undefined): readonly Node[] {
  return (tokens ?? []) as readonly Node[];
}
