/** Code with syntax highlighting. Loaded when the first code block is complete. */
import dockerfile from "highlight.js/lib/languages/dockerfile";
import powershell from "highlight.js/lib/languages/powershell";
import { common, createLowlight } from "lowlight";
import { type ReactNode, useMemo } from "react";
import styles from "./HighlightedCode.module.css";

const lowlight = createLowlight({ ...common, dockerfile, powershell });

type Tree = ReturnType<typeof lowlight.highlight>;
type Pieces = Tree["children"];

interface HighlightedCodeProps {
  readonly text: string;
  readonly language: string;
}

export default function HighlightedCode({ text, language }: HighlightedCodeProps): ReactNode {
  const tree = useMemo(
    () => (lowlight.registered(language) ? lowlight.highlight(language, text) : undefined),
    [text, language],
  );
  return tree === undefined ? text : elements(tree.children);
}

function elements(pieces: Pieces): ReactNode {
  return pieces.map(element);
}

function element(piece: Pieces[number], place: number): ReactNode {
  if (piece.type === "text") return piece.value;
  if (piece.type !== "element") return null;
  // A function's title has the classes `hljs-title` and `function_`: the first is its kind.
  const [name] = [piece.properties.className].flat();
  const kind = /^hljs-([a-z_]+)/.exec(String(name))?.[1] ?? "";
  return (
    <span key={place} className={styles[kind]}>
      {elements(piece.children as Pieces)}
    </span>
  );
}
