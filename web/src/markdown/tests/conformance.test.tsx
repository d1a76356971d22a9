import { cleanup, render } from "@testing-library/react";
import commonmark from "commonmark-spec";
import type { ReactElement } from "react";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { afterEach, expect, test, vi } from "vitest";
import { Markdown } from "..";
import { DIFFERENCES } from "./differences";
import { GFM_EXAMPLES } from "./gfm";
import { type Outline, outlineOf } from "./outline";

/**
 * The examples link to `/url`, which the app does not support: here they are resolved against a base.
 */
const BASE = "http://example.test/";

vi.mock("../render/safeUrl", async (original) => {
  const address = await original<typeof import("../render/safeUrl")>();
  const { decode } = await import("../parse/entities");
  const safeUrlOf = (href: string, literal: boolean): { url: string; host: string } => {
    const encodedUrl = address.encodeUrl(literal ? href : decode(href));
    try {
      return { url: new URL(encodedUrl, BASE).href, host: "" };
    } catch {
      return { url: encodedUrl, host: "" };
    }
  };
  return { ...address, safeUrlOf };
});

interface Tree {
  readonly type: string;
  readonly children?: readonly Tree[];
}

function holdsRawHtml(tree: Tree): boolean {
  return tree.type === "raw" || (tree.children ?? []).some(holdsRawHtml);
}

/** The outline by react-markdown; undefined if the text contains raw HTML. */
function theirs(markdown: string): Outline[] | undefined {
  let raw = false;
  const note = () => (tree: Tree) => {
    raw = holdsRawHtml(tree);
  };
  const outline = outlineIn(
    <ReactMarkdown remarkPlugins={[remarkGfm]} rehypePlugins={[note]} urlTransform={(url) => url}>
      {markdown}
    </ReactMarkdown>,
  );
  return raw ? undefined : outline;
}

function ours(markdown: string): Outline[] {
  return outlineIn(<Markdown text={markdown} live={false} onOpenLink={() => undefined} />);
}

function outlineIn(element: ReactElement): Outline[] {
  const { container } = render(element);
  const outline = outlineOf(container, BASE);
  cleanup();
  return outline;
}

afterEach(cleanup);

test("text and structure equal react-markdown with remark-gfm, but for the listed differences", () => {
  const examples = [
    ...commonmark.tests.map(({ number, markdown }) => ({
      example: number as number | string,
      markdown: markdown.replaceAll("→", "\t"),
    })),
    ...GFM_EXAMPLES.map((markdown) => ({ example: markdown as number | string, markdown })),
  ];
  const compared = examples.flatMap(({ example, markdown }) => {
    const expected = theirs(markdown);
    if (expected === undefined) return [];
    return [{ example, expected, actual: ours(markdown) }];
  });
  const listed = DIFFERENCES.map(({ example }) => example);
  const differing = compared.filter(
    ({ expected, actual }) => JSON.stringify(expected) !== JSON.stringify(actual),
  );
  expect(differing.filter(({ example }) => !listed.includes(example))).toEqual([]);
  // A difference that has gone must be removed from the list.
  expect(differing.map(({ example }) => example)).toEqual(listed);
  expect(compared.length).toBeGreaterThan(640);
  expect(1 - listed.length / compared.length).toBeGreaterThanOrEqual(0.97);
}, 120_000);
