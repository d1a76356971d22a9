import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Markdown, type Slots } from "..";
import { ENGLISH } from "../render/labels";
import { load } from "./loaded";

const onOpenLink = vi.fn();

function show(text: string, live = false) {
  return render(<Markdown text={text} live={live} onOpenLink={onOpenLink} />);
}

/** Waits for lazily loaded parts and for deferred work. */
async function settled(): Promise<void> {
  await act(async () => undefined);
}

beforeAll(load, 30_000);

afterEach(() => {
  cleanup();
  onOpenLink.mockClear();
});

describe("links", () => {
  test("open through the app, with the address as the browser understands it", () => {
    show("[tides](HTTPS://Example.ORG/a\\b 'Almanac')");
    const link = screen.getByRole("link", { name: "tides" });
    expect(link.getAttribute("title")).toBe("Almanac\nexample.org");
    expect(fireEvent.click(link)).toBe(false);
    expect(onOpenLink).toHaveBeenCalledExactlyOnceWith("https://example.org/a%5Cb");
  });

  test("show the host that is really asked", () => {
    show("[bank.example](https://bank.example@evil.example/) and <ask@example.org>");
    expect(screen.getByText("bank.example").title).toBe("evil.example");
    expect(screen.getByText("ask@example.org").title).toBe("ask@example.org");
  });

  test("open with the middle button too, and never by themselves", () => {
    show("https://example.org");
    const link = screen.getByRole("link");
    const middle = new MouseEvent("auxclick", { bubbles: true, cancelable: true, button: 1 });
    link.dispatchEvent(middle);
    expect(middle.defaultPrevented).toBe(true);
    expect(onOpenLink).toHaveBeenCalledOnce();
  });

  test("hold no other links", () => {
    const { container } = show("[a **b <https://b.example>** c](https://a.example) d");
    expect(container.querySelectorAll("a")).toHaveLength(1);
    expect(screen.getByRole("link").title).toBe("a.example");
    expect(container.textContent).toBe("a b https://b.example c d");
  });

  test("that lead nowhere leave those inside them alone", () => {
    const { container } = show("[a <https://b.example>](x)");
    expect(container.querySelectorAll("a")).toHaveLength(1);
    expect(screen.getByRole("link").title).toBe("b.example");
  });

  test.each(["javascript:alert(1)", "/url", "file:///etc/passwd", "data:text/html,x"])(
    "to %s are text",
    (address) => {
      const { container } = show(`[text](${address})`);
      expect(screen.queryByRole("link")).toBe(null);
      expect(container.textContent).toBe("text");
    },
  );
});

describe("pictures", () => {
  const DATA = "data:image/png;base64,iVBORw0KGgo=";

  test("that the text holds are shown", () => {
    show(`![a wave](${DATA})`);
    expect(screen.getByRole("img", { name: "a wave" }).getAttribute("src")).toBe(DATA);
  });

  test("from elsewhere are a chip with their host, and not fetched", () => {
    const { container } = show("![a wave](https://img.example/wave.png?q=1)");
    expect(screen.getByRole("img", { name: "a wave" }).textContent).toBe("a waveimg.example");
    expect(container.querySelector("img")).toBe(null);
    expect(container.innerHTML).not.toContain("wave.png");
  });

  test("that could hold addresses of their own are not shown", () => {
    const { container } = show("![x](data:image/svg+xml;base64,PHN2Zz4=)");
    expect(container.querySelector("img")).toBe(null);
  });
});

describe("code", () => {
  test("is coloured when its block is closed, and keeps its text", async () => {
    const code = "const tide = 1;\n";
    const { container, rerender } = show(`\`\`\`js\n${code}`, true);
    await settled();
    expect(container.querySelectorAll("code span")).toHaveLength(0);
    rerender(<Markdown text={`\`\`\`js\n${code}\`\`\`\n`} live onOpenLink={onOpenLink} />);
    await settled();
    expect(container.querySelector("code span")?.textContent).toBe("const");
    expect(container.querySelector("code")?.textContent).toBe(code);
  });

  test("of an unknown language stays plain", async () => {
    const { container } = show("```constructor\nx\n```");
    await settled();
    expect(container.querySelector("code")?.textContent).toBe("x\n");
  });

  test.each([
    ["php", "<?php echo 1;", "echo"],
    ["ruby", "def tide\nend", "def"],
    ["kotlin", "fun main() {}", "fun"],
    ["swift", "let tide = 1", "let"],
    ["toml", "[tide]", "[tide]"],
    ["ini", "[tide]", "[tide]"],
    ["dockerfile", "FROM tide", "FROM"],
    ["powershell", "function Tide {}", "function"],
    ["lua", "local tide = 1", "local"],
    ["r", "function(x) x", "function"],
    ["markdown", "# Tide", "# Tide"],
    ["html", "<script>let x;</script>", "let"],
  ])("in %s is coloured", async (language, code, word) => {
    const { container } = show(`\`\`\`${language}\n${code}\n\`\`\``);
    await settled();
    const colored = [...container.querySelectorAll("code span[class]")];
    expect(colored.map(({ textContent }) => textContent)).toContain(word);
    expect(container.querySelector("code")?.textContent).toBe(`${code}\n`);
  });

  test("that is long can be folded away", () => {
    show(`\`\`\`\n${"line\n".repeat(40)}\`\`\``);
    const fold = screen.getByRole("button", { name: "Fold" });
    expect(fold.getAttribute("aria-expanded")).toBe("true");
    fireEvent.click(fold);
    const unfold = screen.getByRole("button", { name: "Unfold" });
    expect(unfold.getAttribute("aria-expanded")).toBe("false");
  });

  test("has the actions and the form that the page around it gives", () => {
    const slots: Slots = {
      codeActions: ({ language }, own) => (
        <button type="button">{["Run", language, ...own.map(({ name }) => name)].join(" ")}</button>
      ),
      codeBlock: ({ text, language }) =>
        language === "plot" ? <figure>{text}</figure> : undefined,
    };
    const text = `\`\`\`js\n${"x\n".repeat(40)}\`\`\`\n\n\`\`\`plot\ny\n\`\`\``;
    const { container } = render(
      <Markdown text={text} live={false} onOpenLink={onOpenLink} slots={slots} />,
    );
    screen.getByRole("button", { name: "Run js fold" });
    expect(screen.queryByRole("button", { name: "Fold" })).toBeNull();
    expect(container.querySelectorAll("pre")).toHaveLength(1);
    expect(container.querySelector("figure")?.textContent).toBe("y");
  });

  test("is copied, and the button says so", async () => {
    const writeText = vi.fn(async () => undefined);
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    show("```js\nlet x;\n```");
    fireEvent.click(screen.getByRole("button", { name: "Copy code" }));
    await screen.findByRole("button", { name: "Copied" });
    expect(writeText).toHaveBeenCalledExactlyOnceWith("let x;");
  });

  test("is selected when the clipboard refuses it", async () => {
    vi.stubGlobal("navigator", {});
    show("```js\nlet x;\n```");
    fireEvent.click(screen.getByRole("button", { name: "Copy code" }));
    await screen.findByRole("button", { name: /Selected/ });
    expect(getSelection()?.toString()).toContain("let x;");
  });
});

describe("math", () => {
  test.each(["$x^2$", "\\(x^2\\)", "$$x^2$$", "\\[x^2\\]", "the $n$th", "$2x + 3$", "$100$"])(
    "%s is a formula",
    async (text) => {
      const { container } = show(text);
      await settled();
      expect(container.querySelectorAll("math")).toHaveLength(1);
    },
  );

  test.each([
    "$5",
    "$5 and $10",
    "from $5 to 10$ only",
    "US$5 and CA$10",
    "$5-$10",
    "$HOME and $PATH",
    "$HOME/$PATH",
    "\\$x\\$",
    "`$x$`",
    "\\[x](y)",
  ])("%s is none", async (text) => {
    const { container } = show(text);
    await settled();
    expect(container.querySelectorAll("math")).toHaveLength(0);
  });

  test("is typeset with its parts in the places that the library gives them", async () => {
    const { container } = show("$\\frac{1}{x^2}$");
    await settled();
    const fraction = container.querySelector(
      "math > semantics > mfrac, math > mrow > mfrac, mfrac",
    );
    const parts = [...(fraction?.children ?? [])].map(({ tagName }) => tagName.toLowerCase());
    expect(parts).toEqual(["mn", "msup"]);
    expect(container.querySelector("math")?.textContent).toBe("1x2");
  });

  test("that cannot be typeset is shown as its source", async () => {
    const { container } = show("$\\frac{x$");
    await settled();
    expect(container.textContent).toBe("\\frac{x");
  });
});

describe("footnotes", () => {
  const TEXT = "Tides[^a] turn[^b], tides[^a].\n\n[^b]: Second.\n[^a]: First.";

  test("are numbered by their first reference, and lead there and back", () => {
    const { container } = show(TEXT);
    const marks = [...container.querySelectorAll("[data-footnote-ref]")];
    expect(marks.map((mark) => mark.textContent)).toEqual(["1", "2", "1"]);
    const notes = [...container.querySelectorAll("section li")];
    expect(notes.map((note) => note.textContent)).toEqual(["First. ↩ ↩2", "Second. ↩"]);
    const ids = new Set([...container.querySelectorAll("[id]")].map(({ id }) => `#${id}`));
    for (const link of container.querySelectorAll("a")) {
      expect(ids).toContain(link.getAttribute("href"));
    }
    expect(fireEvent.click(marks[0] as Element)).toBe(false);
    expect(document.activeElement).toBe(notes[0]);
    expect(fireEvent.click(notes[0]?.querySelector("a") as Element)).toBe(false);
    expect(document.activeElement).toBe(marks[0]);
    expect(onOpenLink).not.toHaveBeenCalled();
  });

  test("of two messages on one page do not meet", () => {
    const first = show(TEXT).container;
    const other = show(TEXT).container;
    const idsOf = (element: Element) => [...element.querySelectorAll("[id]")].map(({ id }) => id);
    expect(idsOf(first).filter((id) => idsOf(other).includes(id))).toEqual([]);
  });

  test("without a definition are text in the end", () => {
    const { container, rerender } = show("Tides[^a] turn.", true);
    expect(container.textContent).toBe("Tides1 turn.");
    rerender(<Markdown text="Tides[^a] turn." live={false} onOpenLink={onOpenLink} />);
    expect(container.textContent).toBe("Tides[^a] turn.");
  });
});

describe("while a text arrives", () => {
  test("what stands before its end is not rendered again", () => {
    const before = Array.from({ length: 40 }, (_, at) => `Paragraph ${at}.\n\n`).join("");
    const { container, rerender } = show(before, true);
    const first = container.querySelectorAll("p");
    const changed: Node[] = [];
    const observer = new MutationObserver((records) => {
      for (const record of records) changed.push(record.target);
    });
    observer.observe(container, { subtree: true, childList: true, characterData: true });
    rerender(<Markdown text={`${before}More`} live onOpenLink={onOpenLink} />);
    for (const record of observer.takeRecords()) changed.push(record.target);
    expect([...container.querySelectorAll("p")].slice(0, 40)).toEqual([...first]);
    for (const target of changed) expect(target.textContent).not.toContain("Paragraph 1.");
  });

  test("a definition at its end makes links of what referred to it", () => {
    const text = "See [tides][1].\n\nMore.\n\nAnd more.\n\nEnd.\n\n";
    const { rerender } = show(text, true);
    expect(screen.queryByRole("link")).toBe(null);
    rerender(<Markdown text={`${text}[1]: https://example.org/\n`} live onOpenLink={onOpenLink} />);
    expect(screen.getByRole("link", { name: "tides" }).title).toBe("example.org");
  });

  test("line ends of either kind are the same", () => {
    const { container, rerender } = show("a\r\n\r", true);
    rerender(<Markdown text={"a\r\n\r\nb"} live onOpenLink={onOpenLink} />);
    expect([...container.querySelectorAll("p")].map((p) => p.textContent)).toEqual(["a", "b"]);
  });

  test("another text in its place starts over", () => {
    const { container, rerender } = show("one\n\ntwo\n\nthree\n\nfour", true);
    rerender(<Markdown text="five" live onOpenLink={onOpenLink} />);
    expect(container.textContent).toBe("five");
  });
});

test("titles stand below those of the page around the text", () => {
  const text = "# One\n\n##### Five\n\na[^a]\n\n[^a]: b";
  const below = { headingsBelow: 2 };
  render(<Markdown text={text} live={false} onOpenLink={onOpenLink} slots={below} />);
  const levels = screen.getAllByRole("heading").map(({ tagName }) => tagName);
  expect(levels).toEqual(["H3", "H6", "H3"]);
});

test("what the renderer says itself is in the page's language", () => {
  const labels = { ...ENGLISH, picture: (host: string) => `Bild auf ${host}` };
  render(
    <Markdown
      text="![](https://img.example/x)"
      live={false}
      onOpenLink={onOpenLink}
      labels={labels}
    />,
  );
  screen.getByRole("img", { name: "Bild auf img.example" });
});

test("every block finds its direction by itself, and code goes from left to right", () => {
  const { container } = show("שלום\n\n- שלום\n\n# שלום\n\n> x\n\n`a`\n\n| a |\n|---|\n| b |");
  for (const block of container.querySelectorAll("p, li, h1, blockquote, th, td")) {
    expect(block.getAttribute("dir")).toBe("auto");
  }
  expect(container.querySelector("code")?.getAttribute("dir")).toBe("ltr");
});
