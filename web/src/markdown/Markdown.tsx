/** Renders Markdown from a model as React elements, also while it streams. */
import {
  type MouseEvent,
  memo,
  type ReactNode,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
} from "react";
import {
  areAlike,
  collectFootnotes,
  type Footnotes,
  FootnotesContext,
  NO_FOOTNOTES,
} from "./parse/footnotes";
import { advance, EMPTY, GROUP_SIZE, type ParsedDocument } from "./parse/incremental";
import type { Node } from "./parse/nodes";
import { blocks } from "./render/Block";
import { FootnoteSection } from "./render/FootnoteSection";
import { ENGLISH, type Labels, LabelsContext } from "./render/labels";
import styles from "./render/markdown.module.css";
import { type Slots, SlotsContext } from "./render/slots";

export interface MarkdownProps {
  readonly text: string;
  /** Whether more text will follow: an incomplete construct at the end is held back until then. */
  readonly live: boolean;
  /** Called with the link's http, https or mailto address, as the browser parses it. */
  readonly onOpenLink: (url: string) => void;
  /** By default the labels are English. */
  readonly labels?: Labels;
  /** Pass a constant object, or all blocks are rendered again. */
  readonly slots?: Slots;
}

const NO_SLOTS: Slots = {};

export function Markdown(props: MarkdownProps): ReactNode {
  const { text, live, onOpenLink, labels = ENGLISH, slots = NO_SLOTS } = props;
  // The last state only saves work: `advance` gives the same result from any state.
  const rendered = useRef(EMPTY);
  const document = useMemo(() => advance(rendered.current, text, live), [text, live]);
  const footnotes = useFootnotes(document);
  useLayoutEffect(() => {
    rendered.current = document;
  });

  function onLinkClick(event: MouseEvent<HTMLDivElement>): void {
    const { target, button } = event;
    if (!(target instanceof Element) || button > 1) return;
    const href = target.closest("a[href]")?.getAttribute("href");
    if (href === null || href === undefined) return;
    event.preventDefault();
    if (!href.startsWith("#")) onOpenLink(href);
    else goTo(event.currentTarget.querySelector(`[id="${href.slice(1)}"]`));
  }

  const last = document.groups.length - 1;
  return (
    <LabelsContext value={labels}>
      <SlotsContext value={slots}>
        <FootnotesContext value={footnotes}>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is clicked */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: a link turns Enter into a click itself */}
          <div className={styles.markdown} onClick={onLinkClick} onAuxClick={onLinkClick}>
            {document.groups.map((nodes, place) => groupAt(nodes, live && place === last, place))}
            <FootnoteSection />
          </div>
        </FootnotesContext>
      </SlotsContext>
    </LabelsContext>
  );
}

/** Moves view and focus to a footnote or back to its reference. */
function goTo(place: Element | null): void {
  if (!(place instanceof HTMLElement)) return;
  place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

function groupAt(nodes: readonly Node[], open: boolean, place: number): ReactNode {
  return <Group key={place} nodes={nodes} open={open} />;
}

interface GroupProps {
  readonly nodes: readonly Node[];
  readonly open: boolean;
}

/** Blocks that are laid out and painted only when they come into view. */
const Group = memo(function Group({ nodes, open }: GroupProps): ReactNode {
  const complete = nodes.length === GROUP_SIZE ? styles.complete : styles.group;
  return <div className={open ? styles.growing : complete}>{blocks(nodes, open)}</div>;
});

/** The same object as long as no reference would look different. */
function useFootnotes({ source, groups, live }: ParsedDocument): Footnotes {
  const id = useId();
  const shown = useRef<Footnotes>({ prefix: "", byLabel: NO_FOOTNOTES });
  const footnotes = useMemo(() => {
    const byLabel = source.includes("[^") ? collectFootnotes(groups, live) : NO_FOOTNOTES;
    const prefix = `md${id.replaceAll(/[^\w-]/g, "")}-`;
    const { current } = shown;
    return current.prefix === prefix && areAlike(current.byLabel, byLabel)
      ? current
      : { prefix, byLabel };
  }, [source, groups, live, id]);
  useLayoutEffect(() => {
    shown.current = footnotes;
  });
  return footnotes;
}
