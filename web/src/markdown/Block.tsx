/** Block: paragraphs, lists, tables, and the rest of what fills lines of its own, as elements. */
import type { Tokens } from "marked";
import { createElement, memo, type ReactNode } from "react";
import { CodeBlock } from "./CodeBlock";
import { inline, Typeset } from "./Inline";
import styles from "./markdown.module.css";
import { type Node, nodesOf } from "./nodes";
import { isClosed, isFence } from "./tail";

interface BlockProps {
  readonly node: Node;
  /** Whether more text may follow in it. */
  readonly open: boolean;
}

/** Blocks in their order; only the last of them can be open. */
export function blocks(nodes: readonly Node[], open: boolean): ReactNode {
  const last = nodes.length - 1;
  return nodes.map((node, place) => placed(node, open && place === last, place));
}

function placed(node: Node, open: boolean, place: number): ReactNode {
  // In a list without blank lines, an item's text stands in no paragraph.
  if (node.type === "text") return createElement(Text, { key: place, node });
  if (node.type === "checkbox") return inline([node]);
  return <Block key={place} node={node} open={open} />;
}

const Text = memo(function Text({ node }: { node: Tokens.Text }): ReactNode {
  return inline(nodesOf(node.tokens));
});

const Block = memo(function Block({ node, open }: BlockProps): ReactNode {
  switch (node.type) {
    case "paragraph":
      return <p dir="auto">{inline(nodesOf(node.tokens))}</p>;
    case "heading":
      return createElement(`h${node.depth}`, { dir: "auto" }, inline(nodesOf(node.tokens)));
    case "list":
      return <List node={node} open={open} />;
    case "blockquote":
      return <blockquote dir="auto">{blocks(nodesOf(node.tokens), open)}</blockquote>;
    case "code": {
      const growing = open && isFence(node) && !isClosed(node);
      return <CodeBlock text={node.text} info={node.lang ?? ""} growing={growing} />;
    }
    case "table":
      return <Table node={node} />;
    case "hr":
      return <hr />;
    case "math":
      return (
        <Scroller label="Formula">
          <Typeset node={node} />
        </Scroller>
      );
    case "html":
      return (
        <p className={styles.raw} dir="auto">
          {node.raw.trimEnd()}
        </p>
      );
    default:
      return null;
  }
});

/** What is wider than the column moves within itself, also by the keyboard. */
function Scroller({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be a part of a form
    // biome-ignore lint/a11y/noNoninteractiveTabindex: or the keyboard could not scroll it
    <div className={styles.scroller} tabIndex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}

function List({ node, open }: { node: Tokens.List; open: boolean }): ReactNode {
  const tasks = node.items.some((item) => item.task);
  const className = tasks ? "contains-task-list" : undefined;
  const last = node.items.length - 1;
  const items = node.items.map((item, place) => itemAt(item, open && place === last, place));
  if (!node.ordered) return <ul className={className}>{items}</ul>;
  const start = node.start === 1 || node.start === "" ? undefined : node.start;
  return (
    <ol className={className} start={start}>
      {items}
    </ol>
  );
}

function itemAt(item: Tokens.ListItem, open: boolean, place: number): ReactNode {
  return <Item key={place} item={item} open={open} />;
}

interface ItemProps {
  readonly item: Tokens.ListItem;
  readonly open: boolean;
}

const Item = memo(function Item({ item, open }: ItemProps): ReactNode {
  return (
    <li className={item.task ? "task-list-item" : undefined} dir="auto">
      {blocks(nodesOf(item.tokens), open)}
    </li>
  );
});

function Table({ node }: { node: Tokens.Table }): ReactNode {
  return (
    <Scroller label="Table">
      <table>
        <thead>
          <Row cells={node.header} />
        </thead>
        {node.rows.length > 0 && <tbody>{node.rows.map(rowAt)}</tbody>}
      </table>
    </Scroller>
  );
}

function rowAt(cells: readonly Tokens.TableCell[], place: number): ReactNode {
  return <Row key={place} cells={cells} />;
}

const Row = memo(function Row({ cells }: { cells: readonly Tokens.TableCell[] }): ReactNode {
  return <tr>{cells.map(cellAt)}</tr>;
});

function cellAt(cell: Tokens.TableCell, place: number): ReactNode {
  const style = cell.align === null ? undefined : { textAlign: cell.align };
  const props = { key: place, dir: "auto", style };
  return createElement(cell.header ? "th" : "td", props, inline(nodesOf(cell.tokens)));
}
