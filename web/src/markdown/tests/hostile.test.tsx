import { cleanup, fireEvent, render } from "@testing-library/react";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Markdown } from "..";
import HOSTILE from "./hostile.json";
import { load } from "./loaded";
import { stage } from "./stage";

const HTML = new Set(
  `a blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr img input li ol p pre section span
  strong sup table tbody td th thead tr ul`.split(/\s+/),
);
const MATH = new Set(
  `math menclose mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup
  msup mtable mtd mtext mtr munder munderover semantics`.split(/\s+/),
);
const ATTRIBUTES = new Set(
  `alt aria-describedby aria-label checked class data-footnote-backref data-footnote-ref
  data-footnotes decoding dir disabled draggable href id readonly rel role src start style tabindex
  target title type value`.split(/\s+/),
);
/** Formulas have many attributes, but must not have these. */
const REFUSED_IN_MATH = /^(?:on|style$|href$|src$|id$|xlink)/;
const DATA = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/;

/** The long form also delivers the rest in one piece after every split point. */
const LONG = Number(process.env.TIDEWIRE_FUZZ ?? 0) >= 3_000;

/** Everything in an element that could run, be fetched, or link to a forbidden address. */
function harm(container: Element): string[] {
  return [...container.querySelectorAll("*")].flatMap((element) => {
    const tag = element.tagName.toLowerCase();
    const isMath = element.namespaceURI?.endsWith("MathML") === true;
    if (!(isMath ? MATH : HTML).has(tag)) return [`<${tag}>`];
    return [...element.attributes].flatMap(({ name, value }) => {
      const known = isMath ? !REFUSED_IN_MATH.test(name) : ATTRIBUTES.has(name);
      const safe =
        known &&
        !(name === "href" && !/^(?:https?:\/\/|mailto:|#md)/.test(value)) &&
        !(name === "src" && !DATA.test(value)) &&
        !(name === "style" && !/^text-align: (?:left|center|right);?$/.test(value)) &&
        !/url\(/.test(isMath && name !== "alttext" ? value : "");
      return safe ? [] : [`<${tag} ${name}="${value}">`];
    });
  });
}

const onOpenLink = vi.fn();

afterEach(() => {
  cleanup();
  onOpenLink.mockClear();
});

beforeAll(load, 30_000);

describe("hostile text", { timeout: 600_000 }, () => {
  test(`does no harm at any split point (${HOSTILE.length} texts)`, () => {
    expect(HOSTILE.length).toBeGreaterThanOrEqual(300);
    for (const text of HOSTILE) {
      const { container, show, unmount } = stage();
      const check = (shown: string, live: boolean, message = 0): void => {
        show(shown, live, message);
        const found = harm(container);
        if (found.length > 0) expect(found, JSON.stringify(shown)).toEqual([]);
      };
      for (let split = 1; split <= text.length; split++) check(text.slice(0, split), true);
      check(text, false);
      for (let split = 1; LONG && split < text.length; split++) {
        check(text.slice(0, split), true, split);
        check(text, true, split);
        check(text, false, split);
      }
      unmount();
    }
  });

  test("opens nothing but http, https and mailto addresses when everything is clicked", () => {
    for (const text of HOSTILE) {
      const { container, unmount } = render(
        <Markdown text={text} live={false} onOpenLink={onOpenLink} />,
      );
      for (const link of container.querySelectorAll("a")) {
        const isNotPrevented = fireEvent.click(link);
        if (link.hasAttribute("href")) expect(isNotPrevented, text).toBe(false);
      }
      unmount();
    }
    for (const [url] of onOpenLink.mock.calls) expect(url).toMatch(/^(?:https?:\/\/|mailto:)/);
  });
});
