"""Strips Markdown from a text, and writes code blocks."""

import re

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*([-*_=])(?:[ \t]*\1){2,}[ \t]*$", re.MULTILINE)
# Quotes, headings, list marks and boxes to be ticked; one line may have several of them.
_START = re.compile(
    r"^[ \t]*(?:(?:>|(?:#{1,6}|[-*+]|\d{1,3}[.)]|\[[ xX]\])(?=[ \t]))[ \t]*)+", re.MULTILINE
)
_HEADING_END = re.compile(r"(?<=\S)[ \t]+#+[ \t]*$", re.MULTILINE)
_LINK = re.compile(
    r"(?<![\w)\]])!?\[([^\[\]\n]{0,200})\]\([^()\s]{0,400}(?:[ \t]+\"[^\"\n]{0,200}\")?\)"
)
_CODE = re.compile(r"(`+)(?!`)([^`\n]{1,400})\1(?!`)")
# An emphasis begins and ends beside a word: "2 * 3 * 4" and snake_case_names have none.
_STARS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]{1,400}?)(?<=[^\s*])\1(?![\w*])")
_LINES = re.compile(
    r"(?<![\w_])(_{1,3})(?=[^\s_])([^\n]{1,400}?[ \t][^\n]{0,400}?)(?<=[^\s_])\1(?!\w)"
)
_STRUCK = re.compile(r"~~(?=\S)([^~\n]{1,400})(?<=\S)~~")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!~>|-])")


def fenced(text: str, language: str = "") -> str:
    """A fenced code block. The fence is longer than any run of backticks in the text."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def plain(text: str) -> str:
    """The text without Markdown, in one line. Characters that may be meant literally stay."""
    for pattern in (_FENCE, _RULE, _HEADING_END, _START):
        text = pattern.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _CODE.sub(r"\2", text)
    for pattern in (_STARS, _STARS, _LINES):  # an emphasis may stand within another
        text = pattern.sub(r"\2", text)
    text = _STRUCK.sub(r"\1", text)
    return " ".join(_ESCAPED.sub(r"\1", text).split())
