import { beforeAll, describe, expect, test } from "vitest";
import { load } from "./loaded";
import { stage } from "./stage";

const ANSWERS: Readonly<Record<string, string>> = {
  prose:
    "The **tide** turns *twice* a day, and ***really*** so. Call `tide.turn(now)` or ``a`b`` as " +
    "you like; 2 * 3 is 6, snake_case_name stays, AT&T too &amp; so does 5 > 3 < 4. ~~Not this~~ " +
    "but **that, with `code` and *emphasis* in it**. It is e.g. here [1] and [not a link] there.\n\n" +
    "A second paragraph,\nover two lines, ends here.\n",
  links:
    'See [the **almanac**](https://example.org/a_b(c)?q=1&r=2 "With a title") and ' +
    "https://example.org/tides_of_x?y=*z* or www.example.org/x, mail ask@example.org, or " +
    "<https://example.org/y>. A picture: ![of a wave](https://img.example/wave.png) and " +
    "[![badge](https://img.example/b.svg)](https://example.org) done.\n",
  lists:
    "- one **bold**\n- two `code`\n  - nested [link](https://example.org)\n  - nested again\n- three\n" +
    "\n1. first\n2. second\n10. tenth\n\nText\n\n- [ ] to do\n- [x] done\n- [ ] ~~dropped~~\n\n- [ ] **loose**\n\n- [x] task\n\nText\n\n* a\n* b\n",
  code:
    "Before:\n\n```python\ndef turn(now):\n    return now  # ``` is not the end\n\n\nx = `1`\n```\n\n" +
    "and\n\n~~~\n# no heading\n- no list\n| no | table |\n~~~\n\n- item\n\n  ```js\n  const x = 1;\n  ```\n\nEnd.\n",
  tables:
    "| Port | High | Low |\n|:-----|:----:|----:|\n| **Brest** | 7.0 | 1.2 |\n" +
    "| [Cuxhaven](https://example.org) | 3.4 | 0.4 |\n| `Emden` | 5 | 6 |\n\nAfter the table.\n\n" +
    "| Wind | Sea |\n|---|---|\n| none | flat |\n| gale | high |\n- right below\n- the table\n",
  structure:
    "# Tides\n\nText.\n\n## Ebb and *flow*\n\n> A quote with **weight**\n> over two lines.\n\n---\n\n" +
    "### Numbers\n\n2024 was wet.\n\n3.14 is pi.\n\n***\n\n#nohashtag\n\n1984\n\n-5 degrees\n",
  math:
    "Inline $x^2 + y_1$ and \\(a*b*c\\), prices $5 and $10, in $HOME and $PATH.\n\n" +
    "$$\n\\frac{a}{b}\n- c\n+ d\n$$\n\nThen \\[ E = mc^2 \\] and\n\n\\[\nx = y\n\\]\n\nDone.\n",
  footnotes:
    "Tides[^1] turn[^turn].\n\nMore text.\n\n[^1]: Twice a day.\n[^turn]: With `code`.\n    And more.\n",
  html: "A <b>raw</b> tag, a <br> and 1 < 2.\n\n<div>\n**raw**\n</div>\n\nDone <script>x</script>.\n",
};

beforeAll(load, 30_000);

/** The kinds of the blocks in order, without the footnotes at the end. */
function kinds(container: Element): string[] {
  const groups = [...(container.firstElementChild?.children ?? [])];
  return groups
    .filter((group) => group.tagName === "DIV")
    .flatMap((group) => [...group.children].map((block) => block.tagName));
}

function texts(container: Element): string {
  const body = container.firstElementChild?.cloneNode(true) as Element;
  for (const added of body.querySelectorAll("section, button, [data-language]")) added.remove();
  return (body.textContent ?? "").replaceAll(/\s+/g, "");
}

/** Every state of a text that grows letter by letter. */
function* states(answer: string): Generator<{ arrived: string; container: Element }> {
  const { container, show, unmount } = stage();
  for (let length = 1; length <= answer.length; length++) {
    const arrived = answer.slice(0, length);
    show(arrived, true);
    yield { arrived, container };
  }
  unmount();
}

const LONG = { timeout: 60_000 };

describe("while a text arrives letter by letter", LONG, () => {
  test.each(Object.entries(ANSWERS))("no letter and no block is taken back: %s", (_, answer) => {
    const whole = stage();
    whole.show(answer, false);
    const finalText = texts(whole.container);
    const finalKinds = kinds(whole.container).join(" ");
    let shown = "";
    for (const { arrived, container } of states(answer)) {
      shown = texts(container);
      const blocks = kinds(container).join(" ");
      const fits = finalText.startsWith(shown) && finalKinds.startsWith(blocks);
      if (!fits) expect.soft({ end: arrived.slice(-60), shown: shown.slice(-60), blocks }).toBe({});
    }
    expect(shown).toBe(finalText);
  });

  test("little is held back: a reader sees what was written a moment ago", () => {
    let still = 0;
    let longest = 0;
    let before = "";
    for (const { container } of states(Object.values(ANSWERS).join("\n\n"))) {
      const text = container.textContent ?? "";
      still = text === before ? still + 1 : 0;
      longest = Math.max(longest, still);
      before = text;
    }
    expect(longest).toBeLessThan(90);
  });
});
