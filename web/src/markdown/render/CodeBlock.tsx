/** A code block: language, actions and highlighted code. */
import {
  lazy,
  memo,
  type ReactNode,
  Suspense,
  useContext,
  useDeferredValue,
  useMemo,
  useState,
} from "react";
import { decode } from "../parse/entities";
import { CopyButton } from "./CopyButton";
import { LabelsContext } from "./labels";
import styles from "./markdown.module.css";
import { type Code, type CodeAction, SlotsContext } from "./slots";
import { useScrolls } from "./useScrolls";

/** Longer code is split into pieces, so that only the last piece of growing code renders. */
const PIECE_LINES = 64;
/** Longer code is not highlighted, because that would block the page. */
const LONGEST_COLORED = 32_768;
/** Longer blocks can be collapsed. */
const LONG_LINES = 24;

const HighlightedCode = lazy(() => import("./HighlightedCode").catch(() => ({ default: Pieces })));

interface CodeBlockProps {
  readonly text: string;
  /** The text after the opening fence: the language, and perhaps more. */
  readonly info: string;
  /** Whether its closing fence has not arrived yet. */
  readonly growing: boolean;
}

export function CodeBlock({ text, info, growing }: CodeBlockProps): ReactNode {
  const { codeBlock } = useContext(SlotsContext);
  const language = decode(info).trim().split(/\s+/, 1)[0] ?? "";
  const code = useMemo(() => ({ text, language, growing }), [text, language, growing]);
  return codeBlock?.(code) ?? <PlainCode code={code} />;
}

function PlainCode({ code }: { code: Code }): ReactNode {
  const { text, language, growing } = code;
  const words = useContext(LabelsContext);
  const { codeActions = asButtons } = useContext(SlotsContext);
  const { frame, content, scrolls } = useScrolls<HTMLPreElement, HTMLElement>();
  const [wraps, setWraps] = useState(false);
  const [folded, setFolded] = useState(false);
  const canHighlight = !growing && language !== "" && text.length <= LONGEST_COLORED;
  // Highlighted only when the page is idle, so that a long history opens at once.
  const colored = useDeferredValue(canHighlight, false) && canHighlight;
  const plain = <Pieces text={text} />;
  const actions: CodeAction[] = [];
  if (wraps || scrolls) {
    actions.push({ name: "wrap", label: words.wrap, isOn: wraps, run: () => setWraps(!wraps) });
  }
  if (isLong(text)) {
    const label = folded ? words.unfold : words.fold;
    actions.push({ name: "fold", label, isOn: folded, run: () => setFolded(!folded) });
  }
  return (
    <div className={styles.code}>
      <div className={styles.head}>
        <span className={styles.language}>{language}</span>
        <span className={`${styles.actions} ${wraps || folded ? styles.on : ""}`}>
          {codeActions(code, actions)}
        </span>
        <CopyButton text={text} shown={content} />
      </div>
      <pre
        ref={frame}
        className={[wraps ? styles.wrapped : "", folded ? styles.folded : ""].join(" ")}
        tabIndex={scrolls ? 0 : undefined}
        dir="ltr"
      >
        <code ref={content} className={language === "" ? undefined : `language-${language}`}>
          {colored ? (
            <Suspense fallback={plain}>
              <HighlightedCode text={withLineEnd(text)} language={language} />
            </Suspense>
          ) : (
            plain
          )}
        </code>
      </pre>
    </div>
  );
}

function asButtons(_code: Code, actions: readonly CodeAction[]): ReactNode {
  return actions.map(({ name, label, isOn, run }) => (
    <button
      key={name}
      type="button"
      aria-pressed={name === "wrap" ? isOn : undefined}
      aria-expanded={name === "fold" ? !isOn : undefined}
      onClick={run}
    >
      {label}
    </button>
  ));
}

function isLong(text: string): boolean {
  let at = -1;
  for (let line = 0; line < LONG_LINES; line++) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** The text with a line end after its last line. */
function Pieces({ text }: { text: string; language?: string }): ReactNode {
  if (text === "") return null;
  const pieces = piecesOf(withLineEnd(text));
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

function withLineEnd(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
