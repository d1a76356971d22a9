"""Decides whether a tool call may run, needs approval, or is refused."""

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

AMBIGUOUS = re.compile(r"[\x00-\x1f\x7f\\]")
"""Some programs end an address at these characters, and others ignore them."""
PARENT_FOLDER = re.compile(r"(?<![\w.])\.\.(?![\w.])")
"""`..` as the name of the parent folder, but not the dots of `main..topic` or `…`."""
IGNORED = re.compile(r"[\t\r\n]")
"""URL parsers ignore these characters, also between two dots."""
MAX_PATH = 4_096
"""Longest path to resolve. No system opens a longer one."""
MAX_UNQUOTES = 5
"""A text with more levels of percent-encoding than this counts as path traversal."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision about a call."""

    verdict: Literal["allow", "ask", "deny"]
    why: str | None = None
    """Why the call needs approval although a permission exists, or why it is refused."""


class GrantBook(Protocol):
    """The verdicts that hold for every conversation."""

    @property
    def problem(self) -> str | None:
        """Why the verdicts cannot be read. None if they can. An unreadable one may be "never"."""

    def verdicts(self, tool: Tool, arguments: Arguments) -> list[Verdict]:
        """The verdicts whose pattern matches, of grants that are not suspended."""

    def add(self, tool: Tool, verdict: Verdict, pattern: Pattern, *, wait: bool = True) -> None:
        """Store a verdict for this tool with its present definition.

        Without `wait`, raises StorageUnavailable at once while another process stores one.
        """


class Permissions:
    """The permissions of one run, or of the runs of one conversation.

    The first of these decides about a call: the verdict "never", a reason to ask in any case, a
    permission. Every other call needs approval.

    Args:
        grants: the verdicts that hold for every conversation.
        allowed: names of tools that run without approval, with `*` for any characters.
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
        verdicts = [] if self._grants is None else self._grants.verdicts(tool, arguments)
        conversation_verdict = self._conversation.get(tool.definition)
        if "deny" in verdicts or conversation_verdict == "deny":
            return Ruling("deny", "This tool is never allowed.")
        allowed = "allow" in verdicts or conversation_verdict == "allow" or self._is_named(tool)
        if self._grants is not None and (problem := self._grants.problem) is not None:
            return Ruling("ask", problem)
        if repeated:
            return Ruling("ask", "The model makes the same call again and again.")
        if allowed and tool.sends and self._tainted:
            text = "This conversation has content from strangers, who may have asked for this call."
            return Ruling("ask", text)
        return Ruling("allow" if allowed else "ask")

    def note_result(self, tool: Tool) -> None:
        """Remember that a tool's result is in the conversation."""
        self._tainted = self._tainted or tool.brings

    def remember(self, definition: str, verdict: Verdict) -> None:
        """Restore a verdict that a person gave in this conversation, for a definition of a tool."""
        self._conversation[definition] = verdict

    def note_untrusted(self) -> None:
        """Remember that the conversation has content from strangers."""
        self._tainted = True

    def keep(
        self,
        tool: Tool,
        verdict: Verdict,
        scope: str,
        pattern: Pattern | None,
        *,
        wait: bool = True,
    ) -> None:
        """Store a person's verdict for its scope; see `GrantBook.add`."""
        if scope == "conversation":
            self._conversation[tool.definition] = verdict
        elif scope == "always" and self._grants is not None:
            self._grants.add(tool, verdict, pattern or {}, wait=wait)

    def _is_named(self, tool: Tool) -> bool:
        # A source chooses the names of its tools, and must not imitate another source by them.
        names = [tool.wire_name] if "__" in tool.name else [tool.name, tool.wire_name]
        return any(fnmatch.fnmatchcase(name, p) for name in names for p in self.allowed)


def fits(pattern: Mapping[str, ArgumentRule], arguments: Arguments) -> bool:
    """Whether arguments match the pattern of a verdict."""
    return all(
        rule.match == "any" or (name in arguments and _fits(rule, arguments[name]))
        for name, rule in pattern.items()
    )


def allows(pattern: Mapping[str, ArgumentRule], arguments: Arguments) -> bool:
    """Whether a permission with this pattern allows these arguments. It refuses an argument that it
    does not name, one that leaves a prefix by `..`, and a path that must not be resolved.
    """
    if pattern and not arguments.keys() <= pattern.keys():
        return False
    paths = (arguments.get(name) for name, rule in pattern.items() if rule.match == "inside")
    if any(map(_is_unresolvable, paths)):
        return False
    prefixed = (arguments.get(name) for name, rule in pattern.items() if rule.match == "prefix")
    return fits(pattern, arguments) and not any(map(_has_traversal, prefixed))


def complete_pattern(pattern: Pattern | None, arguments: Arguments) -> Pattern:
    """Add a rule for each argument of the call that the pattern lacks. An empty one stays empty."""
    rules = {name: ArgumentRule(match="any", value="") for name in arguments}
    return {**rules, **pattern} if pattern else {}


def _fits(rule: ArgumentRule, value: object) -> bool:
    if rule.match == "any":
        return True
    if not isinstance(value, str):
        return rule.match == "exact" and _as_text(value) == rule.value
    match rule.match:
        case "exact":
            return value == rule.value
        case "prefix":
            return value.startswith(rule.value)
        case "host":
            return _host(value) == rule.value.lower()
        case "inside":
            return _is_inside(value, rule.value)


def _has_traversal(value: object) -> bool:
    """Whether a text contains `..` as the parent folder, also percent-encoded as `%2e`."""
    text = str(value)
    for _ in range(MAX_UNQUOTES):
        plain = IGNORED.sub("", text)
        if PARENT_FOLDER.search(text) or PARENT_FOLDER.search(plain):
            return True
        if (unquoted := unquote(plain)) == text:
            return False
        text = unquoted
    return True


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | None) else str(value)


def _host(value: str) -> str | None:
    """The host of an address. None if URL parsers disagree about it."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    if "@" in parts.netloc or AMBIGUOUS.search(value):
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None


def _is_inside(value: str, folder: str) -> bool:
    """Whether a path lies below a folder after `..` and links are resolved. True for one that is
    too long to resolve: a permission refuses it before, and a refusal must hold.
    """
    if "\0" in value + folder or not all(map(os.path.isabs, (value, folder))):
        return False
    if len(value) > MAX_PATH:
        return True
    return Path(os.path.realpath(value)).is_relative_to(os.path.realpath(folder))


def _is_unresolvable(value: object) -> bool:
    """Whether a path must not be resolved for a permission. A long one takes seconds, and a network
    path of Windows contacts its server before anybody has agreed.
    """
    path = str(value)
    return len(path) > MAX_PATH or path.replace("/", "\\").startswith("\\\\")
