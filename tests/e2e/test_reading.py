"""The typography of an answer: its fonts, its width, its tab stops, and its print."""

from playwright.sync_api import Page, expect

from tests.e2e.app import answer, ask, until, wait_for_end

LINE = "The tide comes in at noon and goes out again when the evening bell has rung twice. "
PARAGRAPH = LINE * 4
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"
CODE = "```python\npass\n```"
WIDE_CODE = f"```python\n{'x = 1; ' * 60}\n```"
FORMULA = "$$x^2$$"
WIDE_FORMULA = f"$$ {' + '.join(f'x_{{{number}}}' for number in range(80))} $$"
STOPS = """() => [...document.querySelectorAll(".message.assistant :is(pre, [role=group])")]
  .filter((element) => element.tabIndex === 0).length"""
LOADED = """(family) => [...document.fonts]
  .some((face) => face.family.includes(family) && face.status === "loaded")"""
LETTERS_IN_A_LINE = """() => {
  const text = document.querySelector(".message.assistant p").firstChild;
  const range = document.createRange();
  const lines = new Map();
  for (let at = 0; at < text.length; at++) {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const top = Math.round(range.getBoundingClientRect().top);
    lines.set(top, (lines.get(top) ?? 0) + 1);
  }
  const full = [...lines.values()].slice(0, -1);
  const { width } = text.parentElement.getBoundingClientRect();
  // The window may be narrower than a full line.
  const share = parseFloat(getComputedStyle(text.parentElement).maxInlineSize) / width;
  return (full.reduce((sum, count) => sum + count, 0) / full.length) * share;
}"""


def show(page: Page, *texts: str, count: int = 1) -> None:
    ask(page, "/rate 0\n" + "\n\n".join(texts))
    wait_for_end(page, count)


def test_an_answer_is_set_in_our_fonts_in_lines_of_some_seventy_letters(page: Page) -> None:
    show(page, PARAGRAPH, "`code`", FORMULA)
    expect(answer(page).locator("math")).to_be_visible()
    for family in ("Inter", "Source Serif 4", "JetBrains Mono", "STIX Two Math"):
        until(page, f"({LOADED})({family!r})")
    fonts = "(selector) => getComputedStyle(document.querySelector(selector)).fontFamily"
    assert "STIX Two Math" in page.evaluate(fonts, ".message.assistant math").split(",")[0]
    assert "Source Serif 4" in page.evaluate(fonts, ".message.assistant p").split(",")[0]
    assert "Inter" in page.evaluate(fonts, ".message.user").split(",")[0]
    assert 65 <= page.evaluate(LETTERS_IN_A_LINE) <= 72


def test_words_are_drawn_as_they_were_written(page: Page) -> None:
    """Inter and JetBrains Mono would draw "->" as an arrow."""
    show(page, "a -> b", "`a -> b`")
    plain = """(selector) => {
      const { fontVariantLigatures } = getComputedStyle(document.querySelector(selector));
      return ["none", "no-contextual"].includes(fontVariantLigatures);
    }"""
    for selector in ("textarea", "[data-conversation]", ".message.user", ".message.assistant code"):
        assert page.evaluate(plain, selector), selector


def test_a_quote_keeps_its_lines_as_a_paragraph_does(page: Page) -> None:
    show(page, "> Full fathom five\n> thy father lies;", "Full fathom five\nthy father lies;")
    rects = """(selector) => {
      const range = document.createRange();
      range.selectNodeContents(document.querySelector(selector));
      return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
    }"""
    assert page.evaluate(rects, ".message.assistant blockquote p") == 2
    assert page.evaluate(rects, ".message.assistant blockquote ~ p") == 2


def test_only_what_scrolls_is_a_tab_stop(page: Page) -> None:
    show(page, TABLE, CODE, FORMULA)
    expect(answer(page).locator("math")).to_be_visible()
    show(page, WIDE_CODE, WIDE_FORMULA, count=2)
    expect(page.locator(".message.assistant math")).to_have_count(2)
    until(page, f"({STOPS})() === 2")
    page.get_by_role("button", name="Wrap").click()
    until(page, f"({STOPS})() === 1")


def test_a_quotation_keeps_its_lines(page: Page) -> None:
    show(page, "> wait\n> for\n> no man")
    height = "(selector) => document.querySelector(selector).getBoundingClientRect().height"
    line = "() => parseFloat(getComputedStyle(document.querySelector('blockquote p')).lineHeight)"
    assert page.evaluate(height, "blockquote p") > 2.5 * page.evaluate(line)


def test_print_shows_the_whole_conversation_and_nothing_of_the_window(page: Page) -> None:
    show(page, *[PARAGRAPH] * 12, WIDE_CODE)
    show(page, "The last word.", count=2)
    page.emulate_media(media="print")
    for selector in ("nav", "textarea", ".messages button"):
        expect(page.locator(selector).first).to_be_hidden()
    for selector in ("html", "body", ".messages"):
        box = f"document.querySelector({selector!r})"
        until(page, f"getComputedStyle({box}).overflowY === 'visible'")
    content_height = "() => document.querySelector('.messages').getBoundingClientRect().height"
    assert page.evaluate(content_height) > 1.5 * page.evaluate("() => window.innerHeight")
    assert page.evaluate("() => document.documentElement.scrollHeight") >= page.evaluate(
        content_height
    )
    code = page.locator("pre")
    assert code.evaluate("(box) => box.scrollWidth <= box.clientWidth")
    page.emulate_media(media="screen")
    expect(page.locator("textarea")).to_be_visible()
