r"""Finds formulas in Markdown as the page does (`web/src/markdown/parse/math.ts`), as MathML.

`$…$`, `\(…\)`, `$$…$$` and `\[…\]` are formulas; `$5`, `$5 and $10` and `$HOME` are not.
"""

import re
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

MAX_CHARACTERS = 4_000
"""Longer formulas stay text. This also limits how far the text after each opening mark is read."""
_COMMANDS = re.compile(r"\\[A-Za-z]+|\{[^{}]*(?:\}|$)")
_PROSE = re.compile(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}")
_AMOUNT = re.compile(r"\d.*[A-Za-z]{2,}", re.S)
_PAIRS = {"$$": ("$$", True), "\\(": ("\\)", False), "\\[": ("\\]", True)}
_DOLLARS = re.compile(r"\$((?:\\.|[^$\\`\n])+)\$")
_ELEMENT = re.compile(
    "m(?:ath|enclose|frac|i|n|o|over|padded|phantom|root|row|space|sqrt|style|sub|subsup|sup"
    "|table|td|text|tr|under|underover)"
)
_ATTRIBUTE = re.compile(
    "accent|column(?:align|lines|spacing)|depth|display(?:style)?|fence|form|height|largeop"
    "|linethickness|lspace|mathvariant|maxsize|minsize|movablelimits|notation|row(?:lines|spacing)"
    "|rspace|scriptlevel|separator|stretchy|voffset|width"
)


def formula_at(text: str) -> tuple[str, bool, int] | None:
    """The formula that a text begins with: its TeX, whether it stands alone, and its length."""
    text = text[:MAX_CHARACTERS]
    if pair := _PAIRS.get(text[:2]):
        close, display = pair
        end = text.find(close, 2)
        tex = text[2:end]
        if end < 0 or "\n\n" in tex or not re.search(r"[^\W_]", tex):
            return None
        return tex.strip(), display, end + 2
    found = _DOLLARS.match(text)
    if found is None:
        return None
    tex, after = found[1], text[found.end() : found.end() + 1]
    if tex != tex.strip() or _looks_like_prose(tex) or after.isdigit():
        return None
    # `$n$th` is a formula, `$HOME/$PATH` is not.
    if after.isalpha() and len(tex) > 3 and not re.search(r"[\\^_]", tex):
        return None
    return tex, False, found.end()


def mathml(tex: str, *, display: bool) -> str:
    """The formula as MathML, or its source where it cannot be typeset."""
    try:
        element = convert_to_element(tex, display="block" if display else "inline")
        return _serialize(element)
    except Exception:
        return f"<code>{escape(tex)}</code>"


def _looks_like_prose(tex: str) -> bool:
    plain = _COMMANDS.sub(" ", tex[:300])
    return bool(_PROSE.search(plain) or _AMOUNT.match(plain))


def _serialize(element: Element) -> str:
    """An element of the formula. Names that are not MathML's own are left out."""
    # The library writes signs as references, such as `&#x003B7;`.
    inside = escape(unescape(element.text or "")) + "".join(map(_serialize, element))
    if not _ELEMENT.fullmatch(element.tag):
        return inside
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in element.items()
        if _ATTRIBUTE.fullmatch(name)
    )
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"
