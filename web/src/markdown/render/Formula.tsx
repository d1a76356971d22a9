/** Renders TeX as MathML. Loaded with the first formula. */
import { __renderToDomTree as typeset } from "katex";
import { createElement, type ReactNode, useMemo } from "react";
import styles from "./markdown.module.css";

declare module "katex" {
  /** The library's internal tree, which its type declarations omit. */
  export function __renderToDomTree(tex: string, options: KatexOptions): Branch;
}

/** A node of the tree: an element, a text, or a space, which is a character or a width. */
interface Branch {
  readonly type?: string;
  readonly text?: string;
  readonly character?: string | null;
  readonly width?: number;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly Branch[];
}

const ELEMENTS = new Set(
  `math menclose mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup
  msup mtable mtd mtext mtr munder munderover semantics`.split(/\s+/),
);
const ATTRIBUTES = new Set(
  `accent accentunder columnlines columnspacing depth display displaystyle fence height largeop
  linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize notation
  rowlines rowspacing rspace scriptlevel separator stretchy voffset width`.split(/\s+/),
);
/** Longer ones are shown as source. */
const LONGEST = 8_192;

interface FormulaProps {
  readonly tex: string;
  readonly display: boolean;
}

export default function Formula({ tex, display }: FormulaProps): ReactNode {
  const tree = useMemo(() => treeOf(tex, display), [tex, display]);
  if (tree === undefined) return <code className={styles.source}>{tex}</code>;
  return <span className={display ? styles.display : undefined}>{tree}</span>;
}

function treeOf(tex: string, display: boolean): ReactNode {
  if (tex.length > LONGEST) return undefined;
  try {
    const tree = typeset(tex, {
      displayMode: display,
      output: "mathml",
      throwOnError: true,
      // Commands that would create links, images or attributes are refused.
      trust: false,
      strict: "ignore",
      maxExpand: 500,
      maxSize: 20,
    });
    return element(tree, 0, tex);
  } catch {
    return undefined;
  }
}

function element(branch: Branch, key: number, tex: string, align?: string): ReactNode {
  const { type, children = [], attributes = {} } = branch;
  if (typeof branch.text === "string") return branch.text;
  if (typeof branch.character === "string") return branch.character;
  if (type === undefined && branch.width !== undefined && branch.children === undefined) {
    return createElement("mspace", { key, width: `${branch.width}em` });
  }
  // The annotation holds the source, which would be read out and copied as part of the formula.
  if (type === "annotation") return null;
  const aligns = attributes.columnalign?.split(" ") ?? align?.split(" ");
  const inside = children.map((child, at) => {
    const own = type === "mtr" ? aligns?.[at % aligns.length] : aligns?.join(" ");
    return element(child, at, tex, own);
  });
  if (type === undefined || !ELEMENTS.has(type)) return inside;
  const allowed = Object.entries(attributes).filter(([name]) => ATTRIBUTES.has(name));
  const className = type === "mtd" && align !== undefined ? styles[align] : undefined;
  const alttext = type === "math" ? tex : undefined;
  return createElement(
    type,
    { key, className, alttext, ...Object.fromEntries(allowed) },
    ...inside,
  );
}
