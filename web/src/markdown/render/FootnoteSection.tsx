/** The footnotes below a text. */
import { createElement, Fragment, type ReactNode, useContext } from "react";
import { type Footnote, FootnotesContext } from "../parse/footnotes";
import { nodesOf } from "../parse/nodes";
import { blocks } from "./Block";
import { inline } from "./Inline";
import { LabelsContext } from "./labels";
import styles from "./markdown.module.css";
import { SlotsContext } from "./slots";

export function FootnoteSection(): ReactNode {
  const { prefix, byLabel } = useContext(FootnotesContext);
  const words = useContext(LabelsContext);
  const { headingsBelow = 1 } = useContext(SlotsContext);
  const defined = [...byLabel.values()].filter((footnote) => footnote.definition !== undefined);
  if (defined.length === 0) return null;
  return (
    <section className="footnotes" data-footnotes="">
      {createElement(
        `h${headingsBelow + 1}`,
        { id: `${prefix}footnotes`, className: styles.unseen },
        words.footnotes,
      )}
      <ol>
        {defined.map((footnote) => (
          <li
            key={footnote.label}
            id={`${prefix}note-${footnote.number}`}
            value={footnote.number}
            tabIndex={-1} // the focus target of a reference
            dir="auto" // the number follows the direction of the text
          >
            <Definition footnote={footnote} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A definition's text, with the link back at the end of its last paragraph. */
function Definition({ footnote }: { footnote: Footnote }): ReactNode {
  const nodes = nodesOf(footnote.definition?.tokens).filter((node) => node.type !== "space");
  const last = nodes.at(-1);
  const closing = last?.type === "paragraph" ? last : undefined;
  const others = closing === undefined ? nodes : nodes.slice(0, -1);
  return (
    <>
      {blocks(others, false)}
      {closing === undefined ? (
        <WayBack footnote={footnote} />
      ) : (
        <p>
          {inline(nodesOf(closing.tokens))} <WayBack footnote={footnote} />
        </p>
      )}
    </>
  );
}

function WayBack({ footnote }: { footnote: Footnote }): ReactNode {
  const { prefix } = useContext(FootnotesContext);
  const { backTo } = useContext(LabelsContext);
  const { number, references } = footnote;
  return Array.from({ length: references }, (_, at) => {
    const ordinal = at === 0 ? "" : `-${at + 1}`;
    const href = `#${prefix}reference-${number}${ordinal}`;
    const label = backTo(`${number}${ordinal}`);
    return (
      <Fragment key={href}>
        {at > 0 && " "}
        <a href={href} aria-label={label} data-footnote-backref="">
          ↩{at > 0 && <sup>{at + 1}</sup>}
        </a>
      </Fragment>
    );
  });
}
