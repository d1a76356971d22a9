"""Decides whether a tool call may run, must be asked, or is refused."""

import fnmatch
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

from shell.contract import ArgumentRule, Pattern, Verdict
from shell.tools.base import Arguments, Tool

UNCLEAR = re.compile(r"[\x00-\x1f\x7f\\]")
"""Some programs end an address at these characters, others leave them out."""
CLIMBS = re.compile(r"(?<![\w.])\.\.(?![\w.])")
"""The name of the folder above, but not the dots of `main..topic` or `…`."""
LEFT_OUT = re.compile(r"[\t\r\n]")
"""Programs that read addresses leave these out, also between two dots."""
MOST_UNQUOTED = 5
"""A text that is escaped more often than this is taken to hide something."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to happen with a call."""

    verdict: Literal["allow", "ask", "deny"]
    why: str | None = None
    """Why it is asked although a permission exists, or why it is refused."""


class GrantBook(Protocol):
    """The verdicts that hold for every conversation."""

    @property
    def problem(self) -> str | None:
        """Why the verdicts cannot be read, so that one of them may be never."""

    def verdicts(self, tool: Tool, arguments: Arguments) -> list[Verdict]:
        """The verdicts whose pattern fits, of grants that are not suspended."""

    def add(self, tool: Tool, verdict: Verdict, pattern: Pattern) -> None:
        """Keep a verdict for this tool as it is defined now."""


class Permissions:
    """The permissions of one run, or of the runs of one conversation.

    The order is: never, asked in any case, allowed, asked. Nothing is allowed by default.

    Args:
        grants: the verdicts that hold for every conversation.
        allowed: names of tools that run without a question, with `*` for any characters.
    """

    def __init__(self, grants: GrantBook | None = None, allowed: Iterable[str] = ()) -> None:
        self._grants = grants
        self.allowed = tuple(allowed)
        self._conversation: dict[str, Verdict] = {}
        self._tainted = False

    def rule(self, tool: Tool, arguments: Arguments, *, repeated: bool = False) -> Ruling:
        """Decide about a call with valid arguments.

        `repeated` says that the model has just made the same call several times.
        """
        kept = [] if self._grants is None else self._grants.verdicts(tool, arguments)
        here = self._conversation.get(tool.definition)
        if "deny" in kept or here == "deny":
            return Ruling("deny", "This tool is never allowed.")
        allowed = "allow" in kept or here == "allow" or self._is_named(tool)
        if self._grants is not None and (problem := self._grants.problem) is not None:
            return Ruling("ask", problem)
        if repeated:
            return Ruling("ask", "The model makes the same call again and again.")
        if allowed and tool.sends and self._tainted:
            return Ruling(
                "ask",
                "This conversation has content from strangers, who may have asked for this call.",
            )
        return Ruling("allow" if allowed else "ask")

    def note_result(self, tool: Tool) -> None:
        """Remember that a tool's result is in the conversation."""
        self._tainted = self._tainted or tool.brings

    def remember(self, definition: str, verdict: Verdict) -> None:
        """Restore a verdict that was given in this conversation, for a definition of a tool."""
        self._conversation[definition] = verdict

    def note_untrusted(self) -> None:
        """Remember that the conversation has content from strangers."""
        self._tainted = True

    def keep(self, tool: Tool, verdict: Verdict, scope: str, pattern: Pattern | None) -> None:
        """Keep a person's verdict for its scope."""
        if scope == "conversation":
            self._conversation[tool.definition] = verdict
        elif scope == "always" and self._grants is not None:
            self._grants.add(tool, verdict, pattern or {})

    def _is_named(self, tool: Tool) -> bool:
        # A source that names its tools itself must not pass for another one.
        names = [tool.wire_name] if "__" in tool.name else [tool.name, tool.wire_name]
        return any(fnmatch.fnmatchcase(name, p) for name in names for p in self.allowed)


def fits(pattern: Mapping[str, ArgumentRule], arguments: Arguments) -> bool:
    """Whether arguments are what a permission was given for."""
    return all(
        rule.match == "any" or (name in arguments and _fits(rule, arguments[name]))
        for name, rule in pattern.items()
    )


def allows(pattern: Mapping[str, ArgumentRule], arguments: Arguments) -> bool:
    """Whether a permission is for these arguments. One that it does not name is not allowed, and
    none that leaves by `..` what it begins with.
    """
    if pattern and not arguments.keys() <= pattern.keys():
        return False
    began = (arguments.get(name) for name, rule in pattern.items() if rule.match == "prefix")
    return fits(pattern, arguments) and not any(map(_climbs, began))


def completed(pattern: Pattern | None, arguments: Arguments) -> Pattern:
    """A pattern with a rule for each argument that its call had; empty if it has none at all."""
    rules = {name: ArgumentRule(match="any", value="") for name in arguments}
    return {**rules, **pattern} if pattern else {}


def _fits(rule: ArgumentRule, value: object) -> bool:
    if rule.match == "any":
        return True
    if not isinstance(value, str):
        return rule.match == "exact" and _written(value) == rule.value
    match rule.match:
        case "exact":
            return value == rule.value
        case "prefix":
            return value.startswith(rule.value)
        case "host":
            return _host(value) == rule.value.lower()
        case "inside":
            return _is_inside(value, rule.value)


def _climbs(value: object) -> bool:
    """Whether a text names the folder above, also with its dots as `%2e`."""
    text = str(value)
    for _ in range(MOST_UNQUOTED):
        plain = LEFT_OUT.sub("", text)
        if CLIMBS.search(text) or CLIMBS.search(plain):
            return True
        if (unquoted := unquote(plain)) == text:
            return False
        text = unquoted
    return True


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | None) else str(value)


def _host(value: str) -> str | None:
    """The host of an address; None where programs that read addresses take different ones."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    if "@" in parts.netloc or UNCLEAR.search(value):
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None


def _is_inside(value: str, folder: str) -> bool:
    """Whether a path lies below a folder, once `..` and links are resolved."""
    if "\0" in value + folder or not all(map(os.path.isabs, (value, folder))):
        return False
    return Path(os.path.realpath(value)).is_relative_to(os.path.realpath(folder))
