/** Renders inline nodes. */
import type { Token, Tokens } from "marked";
import { Fragment, lazy, memo, type ReactNode, Suspense, useContext } from "react";
import { decode, decodeNames } from "../parse/entities";
import { FootnotesContext } from "../parse/footnotes";
import { type FootnoteReference, type MathNode, type Node, nodesOf } from "../parse/nodes";
import { LabelsContext } from "./labels";
import styles from "./markdown.module.css";
import { hostOf, pictureOf, safeUrlOf } from "./safeUrl";

const Formula = lazy(() =>
  import("./Formula").catch(() => ({
    // If the typesetter cannot be loaded, the source is shown.
    default: ({ tex }: { tex: string }): ReactNode => <code>{tex}</code>,
  })),
);

/** Renders nodes in order: the position is their only identity. */
export function inline(nodes: readonly Node[]): ReactNode {
  return nodes.map(inlineNode);
}

function inlineNode(node: Node, place: number): ReactNode {
  switch (node.type) {
    case "text":
      return decodeNames(node.text);
    case "escape":
      return node.text;
    case "strong":
      return <strong key={place}>{inline(nodesOf(node.tokens))}</strong>;
    case "em":
      return <em key={place}>{inline(nodesOf(node.tokens))}</em>;
    case "del":
      return <del key={place}>{inline(nodesOf(node.tokens))}</del>;
    case "codespan":
      return (
        <code key={place} dir="ltr">
          {node.text}
        </code>
      );
    case "br":
      return <br key={place} />;
    case "checkbox":
      return (
        <Fragment key={place}>
          <Task isDone={node.checked} />{" "}
        </Fragment>
      );
    case "link":
      return <Link key={place} node={node} />;
    case "image":
      return <Picture key={place} node={node} />;
    case "math":
      return <Typeset key={place} node={node} />;
    case "footnoteReference":
      return <Reference key={place} node={node} />;
    case "run":
      return <TextRun key={place} tokens={node.tokens} separate={place >= RUNS_IN_ONE} />;
    default:
      // Raw HTML, and any other node that is not allowed inline, is shown as source.
      return node.raw;
  }
}

/** Runs of a text that are laid out as one, so that a very long paragraph appears soon. */
const RUNS_IN_ONE = 4;

interface TextRunProps {
  readonly tokens: Token[];
  readonly separate: boolean;
}

const TextRun = memo(function TextRun({ tokens, separate }: TextRunProps): ReactNode {
  return <span className={separate ? styles.run : undefined}>{inline(nodesOf(tokens))}</span>;
});

/** The text of nodes, without its markup. */
function plainText(nodes: readonly Node[]): string {
  return nodes.map(plainNode).join("");
}

function plainNode(node: Node): string {
  if ("tokens" in node && node.tokens !== undefined) return plainText(nodesOf(node.tokens));
  if (node.type === "text") return decodeNames(node.text);
  if (node.type === "br") return "\n";
  return "text" in node ? node.text : node.raw;
}

function Link({ node }: { node: Tokens.Link }): ReactNode {
  const literal = node.autolink === true;
  const address = safeUrlOf(node.href, literal);
  const nodes = nodesOf(node.tokens);
  const nested = !literal && nodes.some(holdsLink);
  // A link inside a link: the inner one is active only if the outer one is not.
  if (nested && address === undefined) return inline(nodes);
  const content = literal ? node.text : inline(nested ? withoutLinks(nodes) : nodes);
  // An anchor without an address is text that was meant to be a link.
  // biome-ignore lint/a11y/useValidAnchor: it has no address on purpose
  if (address === undefined) return <a className={styles.dead}>{content}</a>;
  const title = node.title ? `${decode(node.title)}\n${address.host}` : address.host;
  return (
    <a href={address.url} title={title} rel="noopener noreferrer nofollow" target="_blank">
      {content}
    </a>
  );
}

function holdsLink(node: Node): boolean {
  if (node.type === "link") return true;
  return "tokens" in node && nodesOf(node.tokens).some(holdsLink);
}

/** The nodes with each link replaced by its content. */
function withoutLinks(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node): readonly Node[] => {
    const { raw } = node;
    if (node.type === "link" && node.autolink) return [{ type: "escape", raw, text: node.text }];
    if (!("tokens" in node) || node.tokens === undefined) return [node];
    const tokens = withoutLinks(nodesOf(node.tokens));
    return node.type === "link" ? tokens : [{ ...node, tokens: [...tokens] } as Node];
  });
}

function Picture({ node }: { node: Tokens.Image }): ReactNode {
  const words = useContext(LabelsContext);
  const alt = plainText(nodesOf(node.tokens));
  const data = pictureOf(node.href);
  if (data !== undefined) return <img src={data} alt={alt} decoding="async" draggable={false} />;
  const host = hostOf(node.href);
  const title = words.picture(host);
  return (
    <span className={styles.picture} role="img" aria-label={alt || title} title={title}>
      {alt}
      {host !== "" && <span className={styles.host}>{host}</span>}
    </span>
  );
}

export function Typeset({ node }: { node: MathNode }): ReactNode {
  const source = <code className={styles.source}>{node.tex}</code>;
  return (
    <Suspense fallback={source}>
      <Formula tex={node.tex} display={node.display} />
    </Suspense>
  );
}

function Reference({ node }: { node: FootnoteReference }): ReactNode {
  const { prefix, byLabel } = useContext(FootnotesContext);
  const footnote = byLabel.get(node.label);
  if (footnote === undefined) return node.raw;
  const suffix = node.ordinal > 1 ? `-${node.ordinal}` : "";
  return (
    <sup>
      <a
        href={`#${prefix}note-${footnote.number}`}
        id={`${prefix}reference-${footnote.number}${suffix}`}
        aria-describedby={`${prefix}footnotes`}
        data-footnote-ref=""
      >
        {footnote.number}
      </a>
    </sup>
  );
}

function Task({ isDone }: { isDone: boolean }): ReactNode {
  const { task } = useContext(LabelsContext);
  return <input type="checkbox" aria-label={task(isDone)} checked={isDone} disabled readOnly />;
}
