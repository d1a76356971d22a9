"""Conversations as web pages look like the window: tables, formulas, code, footnotes, lines."""

import re
import time
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from pygments.lexers import get_lexer_by_name

from shell.store.exchange import formulas, markup, render
from shell.store.exchange.portable import PortableConversation, PortableMessage

ANSWER = """\
# Tides

The height is $\\frac{A}{2}$, from 06:41.

| Port | Range |
|:--|--:|
| Jersey | 11.0 |

```python
def tide(): return 1
```

> wait for
> no man

- [x] boots

See https://example.org/a, ~~never~~ **always**[^r].

\\[ \\sum_{n=1}^\\infty A_n \\]

[^r]: In twelfths.
"""


def conversation(text: str, title: str = "Tides") -> PortableConversation:
    answer = PortableMessage(
        id="a", parent_id=None, role="assistant", content=text, created_at=1, status="complete"
    )
    return PortableConversation(
        id="c", title=title, created_at=1, updated_at=1, messages=[answer], chosen_id="a"
    )


class Elements(HTMLParser):
    """The names of the elements in their order, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(text: str) -> Elements:
    return Elements(markup.renderer()(text, "1"))


def test_an_answer_is_shown_as_in_the_window() -> None:
    html = "".join(render.html([conversation(ANSWER)]))
    body = Elements(html.partition("<body>")[2])
    expected = {"h1", "h3", "table", "th", "td", "math", "mfrac", "munderover", "pre", "blockquote"}
    assert expected | {"br", "li", "input", "s", "strong", "a", "section"} <= set(body.names)
    assert body.names.count("h1") == 1, "an answer's title stands beside the page's"
    assert '<span class="k">def</span>' in html
    assert ("href", "https://example.org/a") in body.attributes
    for source in ("|", "```", "**", "$", "\\frac", "[^r]", "# "):
        assert source not in body.text
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert not re.search(r"<script|<link|url\(", html)


@pytest.mark.parametrize(
    "text",
    [
        "```systemd\n" + " " * 20_000 + "\x01!\n```",
        "~~~markdown\n```systemd\n" + " " * 20_000 + "\x01!\n```\n~~~",
        "```ini\nx = " + "\t" * 32_000 + "!\n```",
        ("```c\n" + "\n" * 32_000 + "!\n```\n") * 8,
    ],
    ids=[
        "a lexer that takes years",
        "one inside another",
        "one that takes minutes",
        "many that take long",
    ],
)
def test_code_that_takes_too_long_to_highlight_stays_plain(text: str) -> None:
    start = time.thread_time()
    assert "!" in shown(text).text
    assert time.thread_time() - start < 20 * markup.LONGEST_HIGHLIGHTING_S


@pytest.mark.parametrize("name", sorted(markup.LANGUAGES))
def test_every_language_of_the_list_has_its_lexer(name: str) -> None:
    assert get_lexer_by_name(name).aliases[0] == name


def test_pages_of_several_conversations_refer_to_their_own_footnotes() -> None:
    html = "".join(render.html([conversation(ANSWER), conversation(ANSWER), conversation(ANSWER)]))
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 6
    assert set(re.findall(r'href="#([^"]+)"', html)) == set(ids)
    assert "<title>Conversations</title>" in html


def test_conversations_are_read_while_the_page_is_written() -> None:
    read: list[int] = []

    def reading() -> object:
        for number in range(100):
            read.append(number)
            yield conversation("x" * 2_000, f"Conversation {number}")

    pieces = render.html(reading())  # type: ignore[arg-type]
    next(piece for piece in pieces if "Conversation 3" in piece)
    assert len(read) < 10


@pytest.mark.parametrize(
    "text",
    ["$x^2$", "\\(x^2\\)", "$$x^2$$", "\\[x^2\\]", "the $n$th", "$2x + 3$", "- $$\n  x\n  $$"],
)
def test_these_are_formulas(text: str) -> None:
    assert shown(text).names.count("math") == 1


@pytest.mark.parametrize(
    "text",
    ["$5 and $10", "from $5 to 10$ only", "US$5 and CA$10", "$HOME/$PATH", "`$x$`", "\\$x\\$"],
)
def test_these_are_none(text: str) -> None:
    assert "math" not in shown(text).names


@pytest.mark.parametrize("tex", ["\\frac{x", "{" * 3_000, "\\left(" * 600, "\\sqrt{" * 600])
def test_what_cannot_be_typeset_is_shown_as_its_source(tex: str) -> None:
    elements = Elements(formulas.mathml(tex, display=True))
    assert set(elements.names) <= {"code", "math", "mrow", "mfrac", "mo", "mi", "msqrt"}
    if elements.names == ["code"]:
        assert elements.text == tex


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JAVASCRIPT:alert(1)) <javascript:alert(1)>",
        "![a](https://evil.example/x.png)",
        "![a](data:image/svg+xml;base64,PHN2Zz4=)",
        "$\\href{javascript:alert(1)}{x}$",
        "$\\text{<script>alert(1)</script>}$",
        "$\\text{&lt;img src=x onerror=alert(1)&gt;}$",
        "$\\color{red;background:url(http://evil.example)}{x}$",
        "```<img/src=x>\n<script>\n```",
        "[^<script>]\n\n[^<script>]: x",
        '[a](https://x.example/ "\'onclick=alert(1)")',
    ],
)
def test_a_text_that_wants_to_run_or_fetch_stays_text(text: str) -> None:
    elements = shown(text)
    assert not {"script", "img", "iframe", "style"} & set(elements.names)
    for name, value in elements.attributes:
        assert not name.startswith("on")
        assert name != "src"
        assert name != "href" or re.match(r"https?:|#|mailto:", value or "")


def test_a_picture_that_the_text_holds_is_shown() -> None:
    elements = shown("![tide](data:image/png;base64,AAAA)")
    assert ("src", "data:image/png;base64,AAAA") in elements.attributes


def test_a_very_long_answer_is_plain_text() -> None:
    html = "".join(render.html([conversation("**a**" * 200_000)]))
    assert html.count("**a**") == 200_000
