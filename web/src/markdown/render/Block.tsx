/** Renders block nodes: paragraphs, lists, tables and others. */
import type { Tokens } from "marked";
import { createElement, memo, type ReactNode, useContext } from "react";
import { type Node, nodesOf } from "../parse/nodes";
import { isClosed, isFence } from "../parse/openBlock";
import { haveSame } from "../parse/reconcile";
import { CodeBlock } from "./CodeBlock";
import { inline, Typeset } from "./Inline";
import { LabelsContext } from "./labels";
import styles from "./markdown.module.css";
import { SlotsContext } from "./slots";
import { useScrolls } from "./useScrolls";

interface BlockProps {
  readonly node: Node;
  /** Whether more text may follow in it. */
  readonly open: boolean;
}

/** Renders blocks in order; only the last of them can be open. */
export function blocks(nodes: readonly Node[], open: boolean): ReactNode {
  const last = nodes.length - 1;
  return nodes.map((node, place) => blockAt(node, open && place === last, place));
}

function blockAt(node: Node, open: boolean, place: number): ReactNode {
  // In a tight list, an item's text is in no paragraph.
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
      return <Heading node={node} />;
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
        <Scroller kind="formula">
          <Typeset node={node} />
        </Scroller>
      );
    case "html":
      return (
        <p className={styles.source} dir="auto">
          {node.raw.trimEnd()}
        </p>
      );
    default:
      return null;
  }
});

/** Its level is below the page's own headings; its style follows the level in the text. */
function Heading({ node }: { node: Tokens.Heading }): ReactNode {
  const { headingsBelow = 0 } = useContext(SlotsContext);
  const level = Math.min(6, node.depth + headingsBelow);
  const props = { dir: "auto", className: styles[`title${node.depth}`] };
  return createElement(`h${level}`, props, inline(nodesOf(node.tokens)));
}

interface ScrollerProps {
  readonly kind: "formula" | "table";
  readonly children: ReactNode;
}

/** Scrolls content that is wider than the column, also by keyboard. */
function Scroller({ kind, children }: ScrollerProps): ReactNode {
  const words = useContext(LabelsContext);
  const { frame, content, scrolls } = useScrolls<HTMLDivElement, HTMLDivElement>();
  const props = scrolls ? { tabIndex: 0, role: "group", "aria-label": words[kind] } : undefined;
  return (
    <div ref={frame} className={styles.scroller} {...props}>
      <div ref={content} className={styles.content}>
        {children}
      </div>
    </div>
  );
}

/** The number of items or rows per part, so that React compares few at once. */
const PART_SIZE = 128;

function splitParts<T>(items: readonly T[]): readonly (readonly T[])[] {
  const parts = [];
  for (let at = 0; at < items.length; at += PART_SIZE) parts.push(items.slice(at, at + PART_SIZE));
  return parts;
}

/** A list; a very long one is split, so that the browser lays out only the part in view. */
function List({ node, open }: { node: Tokens.List; open: boolean }): ReactNode {
  const parts = splitParts(node.items);
  const last = parts.length - 1;
  const first = node.ordered ? Number(node.start) : undefined;
  const tasks = node.items.some((item) => item.task);
  return parts.map((items, place) =>
    createElement(ListPart, {
      key: place,
      items,
      first: first === undefined ? undefined : first + place * PART_SIZE,
      tasks,
      open: open && place === last,
      complete: place < last,
    }),
  );
}

interface ListPartProps {
  readonly items: readonly Tokens.ListItem[];
  /** The number of the first item of a numbered list. */
  readonly first: number | undefined;
  readonly tasks: boolean;
  readonly open: boolean;
  readonly complete: boolean;
}

const ListPart = memo(
  function ListPart({ items, first, tasks, open, complete }: ListPartProps): ReactNode {
    const names = [tasks ? "contains-task-list" : "", complete ? styles.part : ""];
    const className = names.join(" ").trim() || undefined;
    const last = items.length - 1;
    const inside = items.map((item, place) => itemAt(item, open && place === last, place));
    if (first === undefined) return <ul className={className}>{inside}</ul>;
    return (
      <ol className={className} start={first === 1 ? undefined : first}>
        {inside}
      </ol>
    );
  },
  (before, now) =>
    before.first === now.first &&
    before.tasks === now.tasks &&
    before.open === now.open &&
    before.complete === now.complete &&
    haveSame(before.items, now.items),
);

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
    <Scroller kind="table">
      <table dir="auto">
        <thead>
          <Row cells={node.header} />
        </thead>
        {node.rows.length > 0 && <tbody>{splitParts(node.rows).map(rowsAt)}</tbody>}
      </table>
    </Scroller>
  );
}

type Cells = readonly Tokens.TableCell[];

function rowsAt(rows: readonly Cells[], place: number): ReactNode {
  return <Rows key={place} rows={rows} />;
}

const Rows = memo(
  function Rows({ rows }: { rows: readonly Cells[] }): ReactNode {
    return rows.map(rowAt);
  },
  (before, now) => haveSame(before.rows, now.rows),
);

function rowAt(cells: Cells, place: number): ReactNode {
  return <Row key={place} cells={cells} />;
}

const Row = memo(function Row({ cells }: { cells: Cells }): ReactNode {
  return <tr>{cells.map(cellAt)}</tr>;
});

function cellAt(cell: Tokens.TableCell, place: number): ReactNode {
  const style = cell.align === null ? undefined : { textAlign: cell.align };
  const props = { key: place, dir: "auto", style };
  return createElement(cell.header ? "th" : "td", props, inline(nodesOf(cell.tokens)));
}
