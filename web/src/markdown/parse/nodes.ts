/** What the lexer makes of a text, as the renderer sees it. */
import type { MarkedToken, Token } from "marked";

export interface MathNode {
  readonly type: "math";
  readonly raw: string;
  readonly tex: string;
  /** On a line of its own, and not within the text. */
  readonly display: boolean;
}

export interface FootnoteReference {
  readonly type: "footnoteReference";
  readonly raw: string;
  readonly label: string;
  /** Which reference to this label it is, counted from 1; 0 until it was counted. */
  ordinal: number;
}

export interface FootnoteDefinition {
  readonly type: "footnoteDefinition";
  readonly raw: string;
  readonly label: string;
  readonly tokens: Token[];
}

/** A part of a text that is too long to be read as one. */
export interface TextRun {
  readonly type: "run";
  readonly raw: string;
  readonly tokens: Token[];
}

export type Node = MarkedToken | MathNode | FootnoteReference | FootnoteDefinition | TextRun;

/** The lexer's tokens as nodes: what it yields beyond its own kinds comes from our grammar. */
export function nodesOf(tokens: readonly Token[] | undefined): readonly Node[] {
  return (tokens ?? []) as readonly Node[];
}
