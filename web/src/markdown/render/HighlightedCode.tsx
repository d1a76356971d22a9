/** Code with its words marked by kind. Loaded when the first code block is closed. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { type ReactNode, useMemo } from "react";
import styles from "./HighlightedCode.module.css";

/** A piece of code: a text, or pieces that are of one kind. */
interface Piece {
  readonly scope?: string;
  readonly children: readonly (Piece | string)[];
}

const LANGUAGES = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  python,
  rust,
  sql,
  typescript,
  xml,
  yaml,
};

const highlighter = hljs.newInstance();
for (const [name, language] of Object.entries(LANGUAGES)) {
  highlighter.registerLanguage(name, language);
}

interface ColoursProps {
  readonly text: string;
  readonly language: string;
}

export default function HighlightedCode({ text, language }: ColoursProps): ReactNode {
  const pieces = useMemo(() => piecesOf(text, language), [text, language]);
  return elements(pieces);
}

function piecesOf(text: string, language: string): Piece["children"] {
  if (highlighter.getLanguage(language) === undefined) return [text];
  const { _emitter: tree } = highlighter.highlight(text, { language, ignoreIllegals: true });
  // The tree that the library would make HTML of; its declarations leave out the root.
  return "root" in tree ? (tree.root as Piece).children : [text];
}

function elements(pieces: Piece["children"]): ReactNode {
  return pieces.map(element);
}

function element(piece: Piece | string, place: number): ReactNode {
  if (typeof piece === "string") return piece;
  const kind = piece.scope?.split(/[.:-]/, 1)[0] ?? "";
  return (
    <span key={place} className={styles[kind]}>
      {elements(piece.children)}
    </span>
  );
}
