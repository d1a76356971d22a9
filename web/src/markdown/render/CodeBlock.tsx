/** A block of code with its language, a button that copies it, and colours. */
import { lazy, memo, type ReactNode, Suspense, useDeferredValue, useRef } from "react";
import { decode } from "../parse/entities";
import { CopyButton } from "./CopyButton";
import styles from "./markdown.module.css";

/** A longer text is cut into pieces, so that a growing one only renders its last. */
const PIECE_LINES = 64;
/** What is longer stays plain: colouring it would hold up the page. */
const LONGEST_COLOURED = 32_768;

const HighlightedCode = lazy(() => import("./HighlightedCode").catch(() => ({ default: Pieces })));

interface CodeBlockProps {
  readonly text: string;
  /** What stands after the opening fence: the language, and perhaps more. */
  readonly info: string;
  /** Whether its closing fence has not been read yet. */
  readonly growing: boolean;
}

export function CodeBlock({ text, info, growing }: CodeBlockProps): ReactNode {
  const code = useRef<HTMLElement>(null);
  const language = decode(info).trim().split(/\s+/, 1)[0] ?? "";
  const wanted = !growing && language !== "" && text.length <= LONGEST_COLOURED;
  // Plain at first, and coloured when the page has a moment: a long history opens at once.
  const coloured = useDeferredValue(wanted, false) && wanted;
  const plain = <Pieces text={text} />;
  return (
    <div className={styles.code}>
      <div className={styles.head}>
        <span className={styles.language}>{language}</span>
        <CopyButton text={text} shown={code} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: or the keyboard could not scroll it */}
      <pre tabIndex={0} dir="ltr">
        <code ref={code} className={language === "" ? undefined : `language-${language}`}>
          {coloured ? (
            <Suspense fallback={plain}>
              <HighlightedCode text={ended(text)} language={language} />
            </Suspense>
          ) : (
            plain
          )}
        </code>
      </pre>
    </div>
  );
}

/** The text as it stands, its last line ended as the others are. */
function Pieces({ text }: { text: string; language?: string }): ReactNode {
  if (text === "") return null;
  const pieces = piecesOf(ended(text));
  if (pieces.length === 1) return pieces[0];
  return pieces.map(pieceAt);
}

function pieceAt(text: string, place: number): ReactNode {
  return <Piece key={place} text={text} />;
}

const Piece = memo(function Piece({ text }: { text: string }): ReactNode {
  return <span className={styles.piece}>{text}</span>;
});

function piecesOf(text: string): readonly string[] {
  const pieces = [];
  let start = 0;
  let lines = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) {
    lines += 1;
    if (lines % PIECE_LINES !== 0) continue;
    pieces.push(text.slice(start, end + 1));
    start = end + 1;
  }
  if (start < text.length) pieces.push(text.slice(start));
  return pieces;
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
