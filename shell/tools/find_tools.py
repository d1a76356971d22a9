"""Lets a model search for tools whose definitions would take too much of its context window."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from shell.support.text import clean, cut, estimate_tokens
from shell.tools.base import Arguments, Progress, Tool, host_tool

SHARE = 0.05
"""The share of a known context window that the definitions of tools may take."""
WRAPPING_TOKENS = 20
"""The tokens that an API adds around one definition."""
MAX_FOUND = 5
"""Most tools that one search adds to the request."""
MAX_NAMED = 20
"""Most further tools that a search names."""
MAX_LINE_BYTES = 200
"""Longest description in a result, as UTF-8."""

FIND_TOOLS = host_tool(
    "find_tools",
    "Search for more tools than are listed, by words that say what to do, or by a name. What is "
    "found can be called in the next step.",
    {"query": {"type": "string"}},
    ["query"],
)
"""It only describes tools that the run offers anyway, so its calls need no approval."""

_FOUND = re.compile(r"^- ([A-Za-z0-9_-]{1,64}): ", re.MULTILINE)


def definition_tokens(tools: Iterable[Tool]) -> int:
    """Estimate the tokens of definitions in a request."""
    return sum(
        WRAPPING_TOKENS
        + estimate_tokens(json.dumps([t.wire_name, t.description, t.parameters], default=str))
        for t in tools
    )


def found_in(result: str) -> list[str]:
    """The names that a search has added to the request, from its result."""
    return _FOUND.findall(result)


class ToolSearch:
    """The tools of one run as a source with the tool `find_tools`.

    Args:
        tools: all tools of the run, by the names that the model uses.
        listed_names: the names of the tools that the request lists already.
        limit: most tokens that the definitions should take. Each search adds its best match even
            above it, because a tool could not be called otherwise.
    """

    def __init__(self, tools: Mapping[str, Tool], listed_names: Iterable[str], limit: int) -> None:
        self._tools = tools
        self._listed_names = listed_names
        self._added: dict[str, None] = {}
        self._limit = limit

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str:
        """List the best matches, a line each. `found_in` reads their names."""
        query = str(arguments["query"])
        matches = self._matches(query)
        if not matches:
            sources = ", ".join(sorted({each.source for each in self._tools.values()}))
            return f"No tool matches {clean(query)[:200]!r}. The tools come from: {sources}."
        known = {*self._listed_names, *self._added}
        listed = [tool for each, tool in self._tools.items() if each in known]
        used = definition_tokens([FIND_TOOLS, *listed])
        budget = used + max(0, self._limit - used) // 2  # the rest is for later searches
        found: dict[str, Tool] = {}
        for name in matches[:MAX_FOUND]:
            used += 0 if name in known else definition_tokens([self._tools[name]])
            if found and used > budget:
                break
            found[name] = self._tools[name]
        self._added |= dict.fromkeys(found)
        lines = ["These can be called in the next step:", *map(_line, found.values())]
        if others := [name for name in matches if name not in found][:MAX_NAMED]:
            lines.append(f"Search for one of these by its name to call it: {', '.join(others)}")
        return "\n".join(lines)

    def _matches(self, query: str) -> Sequence[str]:
        """The names of the tools that match words of the query, the best match first."""
        exact = [n for n, tool in self._tools.items() if query.strip() in (n, tool.name)]
        if exact:
            return exact
        words = dict.fromkeys(_words(query))
        scores = {n: [_score(word, tool) for word in words] for n, tool in self._tools.items()}
        # A word counts less the more tools have it (inverse document frequency).
        shared = [sum(map(bool, column)) for column in zip(*scores.values(), strict=True)]
        rarity = [math.log(1 + len(scores) / count) if count else 0.0 for count in shared]
        total = {n: sum(map(math.prod, zip(row, rarity, strict=True))) for n, row in scores.items()}
        return sorted((n for n in total if total[n]), key=lambda n: -total[n])


def _line(tool: Tool) -> str:
    return f"- {tool.wire_name}: {cut(clean(' '.join(tool.description.split())), MAX_LINE_BYTES)}"


def _words(text: str) -> Sequence[str]:
    """Split a text into words in lower case. `readFile` and `read_file` have two."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.findall(r"[^\W_]+", separated.lower())


def _score(word: str, tool: Tool) -> float:
    name = [*_words(tool.name), *_words(tool.source)]
    fields = tool.parameters.get("properties")
    named = " ".join(fields) if isinstance(fields, dict) else ""
    text = _words(f"{tool.description} {named}")
    if word in name:
        return 4.0
    if len(word) > 2 and any(part.startswith(word) or word.startswith(part) for part in name):
        return 2.0
    if word in text:
        return 1.0
    return 0.5 if len(word) > 3 and any(part.startswith(word) for part in text) else 0.0
