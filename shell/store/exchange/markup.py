"""Converts the Markdown of an answer to HTML for an exported web page.

A text cannot add markup of its own: raw HTML stays text, links lead to web and mail addresses only,
and no picture is fetched.
"""

import re
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from html import escape
from typing import Any, cast
from urllib.parse import urlsplit

import pygments
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.gfm import gfm_plugin
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from shell.store.exchange.formulas import MAX_CHARACTERS, formula_at, mathml

LEVELS_ABOVE = 2
"""The levels above a text's first heading: the page's title, and the line with the author."""
MAX_HIGHLIGHTED = 32_768
"""Longer code stays plain, as in the window."""
LONGEST_HIGHLIGHTING_S = 1.0
"""How much processor time the code of one text may take. The code after it stays plain."""
LANGUAGES = frozenset(
    (
        *("bash", "c", "cpp", "csharp", "css", "diff", "docker", "go", "graphql"),
        *("html", "java", "javascript", "json", "jsx", "kotlin", "less", "lua", "markdown"),
        *("objective-c", "perl", "php", "powershell", "python", "ruby"),
        *("rust", "scss", "splus", "sql", "swift", "toml", "tsx", "typescript", "vb.net"),
        *("wast", "xml", "yaml"),
    )
)
"""What is highlighted: Pygments' first names of lexers. No thread runs while a regular expression
is matched, which takes years in some other lexers, and seconds in those of ini, make and shell
sessions.
"""
MAX_LINES = 64
"""Longer formulas stay text. This also limits how far the text after each opening mark is read."""
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}\Z")
_HAS_DIRECTION = {
    f"{name}_open" for name in ("paragraph", "heading", "list_item", "blockquote", "th", "td")
}
_COLORS = HtmlFormatter(nowrap=True)


def renderer() -> Callable[[str, str], str]:
    """Make a function of a text and an id, unique in its document, that returns HTML."""
    md = MarkdownIt("commonmark", {"html": False, "breaks": True}).use(gfm_plugin)
    md.options["alerts"] = False
    md.validateLink = _is_allowed_address  # type: ignore[assignment]
    md.block.ruler.before("fence", "formula", _formula_block, {"alt": ["paragraph", "blockquote"]})
    md.inline.ruler.before("escape", "formula", _formula)
    md.core.ruler.push("attributes", _set_attributes)
    rules = cast("dict[str, Callable[..., str]]", cast("RendererHTML", md.renderer).rules)
    rules["formula"], rules["image"] = _write_formula, _write_image
    rules["fence"] = rules["code_block"] = _write_code
    return lambda text, text_id: md.render(text, {"docId": text_id})


def _is_allowed_address(address: str) -> bool:
    """Whether a link or a picture may have this address. Others stay text."""
    return bool(re.match(r"(?:https?|mailto):", address, re.I) or _PICTURE.match(address))


def _formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = formula_at(state.src[state.pos : min(state.posMax, state.pos + MAX_CHARACTERS)])
    if found is None:
        return False
    tex, display, length = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.meta = tex, {"display": display}
    state.pos += length
    return True


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula on lines of its own."""
    first = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or state.src[first : first + 2] not in ("$$", "\\["):
        return False
    last = min(end, start + MAX_LINES)
    text = state.getLines(start, last, state.blkIndent, False).lstrip(" ")
    found = formula_at(text)
    if found is None or text[found[2] :].partition("\n")[0].strip():
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.meta, token.block = found[0], {"display": True}, True
        state.line = start + text[: found[2]].count("\n") + 1
    return True


def _set_attributes(state: StateCore) -> None:
    """Set the direction of blocks, the level of headings, and the `rel` of links."""
    for token in state.tokens:
        if token.type in _HAS_DIRECTION:
            token.attrSet("dir", "auto")
        if token.type in ("heading_open", "heading_close"):
            depth = int(token.tag[1])
            token.tag = f"h{min(6, depth + LEVELS_ABOVE)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "noopener noreferrer nofollow")


def _write_formula(tokens: Sequence[Token], at: int, *_: Any) -> str:
    token = tokens[at]
    text = mathml(token.content, display=token.meta["display"])
    return f'<div class="scroller">{text}</div>\n' if token.block else text


def _write_code(
    tokens: Sequence[Token], at: int, _: object, environment: MutableMapping[str, Any]
) -> str:
    text = tokens[at].content
    language = next(iter(tokens[at].info.split()), "")
    head = f"<figcaption>{escape(language)}</figcaption>" if language else ""
    code = f'<pre dir="ltr"><code>{_highlight(text, language, environment)}</code></pre>'
    return f'<figure class="code">{head}{code}</figure>\n'


def _highlight(text: str, language: str, environment: MutableMapping[str, Any]) -> str:
    if not language or len(text) > MAX_HIGHLIGHTED:
        return escape(text)
    # Without `handlecodeblocks` the lexer of Markdown would use any other lexer.
    options = {"stripnl": False, "ensurenl": False, "handlecodeblocks": False}
    try:
        lexer = get_lexer_by_name(language, **options)
    except ClassNotFound:
        return escape(text)
    if lexer.aliases[0] not in LANGUAGES:
        return escape(text)
    start = time.thread_time()
    end = start + LONGEST_HIGHLIGHTING_S - environment.get("highlighting_s", 0.0)
    try:
        return str(pygments.format(_until(end, lexer.get_tokens(text)), _COLORS))
    except TimeoutError:
        return escape(text)
    finally:
        spent = time.thread_time() - start
        environment["highlighting_s"] = environment.get("highlighting_s", 0.0) + spent


def _until(end: float, tokens: Iterator[Any]) -> Iterator[Any]:
    """Pass tokens on.

    Raises:
        TimeoutError: the thread's processor time has reached `end`.
    """
    for token in tokens:
        if time.thread_time() > end:
            raise TimeoutError
        yield token


def _write_image(tokens: Sequence[Token], at: int, *_: Any) -> str:
    token = tokens[at]
    address = str(token.attrGet("src"))
    alt_text = escape(_alt(token.children or ()))
    if _PICTURE.match(address):
        return f'<img alt="{alt_text}" src="{escape(address)}" />'
    host = escape(_host(address))
    return f'<span class="picture">{alt_text or "Image"} <code>{host}</code></span>'


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:  # an invalid host in brackets
        return ""


def _alt(tokens: Sequence[Token]) -> str:
    return "".join(_alt(token.children) if token.children else token.content for token in tokens)
