"""Turns pydantic's findings about a request into sentences that name the field."""

from collections.abc import Sequence

from pydantic import ValidationError

from shell.contract import MAX_MESSAGE_CHARACTERS, MAX_MESSAGES
from shell.errors import ValidationFailed

MAX_ISSUES = 20
_SIMPLE = {
    "temperature": "Temperature must be a number between 0 and 2",
    "maxTokens": "Max tokens must be between 1 and 100000",
    "timeoutMs": "Timeout must be between 1000ms and 600000ms",
}


def explain(error: ValidationError) -> ValidationFailed:
    """Every wrong field with its path, in the texts of the reference design where it has one."""
    issues: dict[str, str] = {}
    for found in error.errors(include_url=False, include_input=True):
        location = [step for step in found["loc"] if _is_field(step)]
        path = ".".join(str(step) for step in location)
        if path not in issues and len(issues) < MAX_ISSUES:
            issues[path] = _sentence(location, found["type"], found["msg"], found.get("input"))
    return ValidationFailed(list(issues.items()))


def _is_field(step: int | str) -> bool:
    """Leaves out the names that pydantic gives to the branches of a union."""
    return isinstance(step, int) or not (
        "[" in step or "-" in step or step in {"str", "list", "text", "image", "file"}
    )


def _sentence(location: Sequence[int | str], kind: str, text: str, value: object) -> str:
    if kind == "extra_forbidden":
        return f"Unknown field: {_shown(location[-1])}"
    field = location[-1] if location else ""
    match location:
        case ["messages"]:
            if kind == "too_long":
                return f"Too many messages (max: {MAX_MESSAGES})"
            return "Messages must be a non-empty array"
        case ["messages", int(index), "role"]:
            return f"Invalid role in message {index}: {_shown(value)}"
        case ["messages", int(index), "content", *_] if kind == "string_too_long":
            return f"Message {index} exceeds maximum length ({MAX_MESSAGE_CHARACTERS})"
        case ["messages", int(index), "content", *_]:
            return f"Invalid content in message {index}"
        case ["messages", int(index)]:
            return f"Message {index} must be an object with a role and a content"
        case _:
            pass
    if field == "sessionId":
        return _session_id(value)
    if field == "providerId" and (not isinstance(value, str) or not value):
        return "Provider ID is required"
    if isinstance(field, str) and field in _SIMPLE:
        return _SIMPLE[field]
    return f"{_shown(field)}: {text}" if field != "" else text


def _session_id(value: object) -> str:
    if not isinstance(value, str) or not value:
        return "Session ID is required"
    if len(value) > 100:
        return "Session ID must be 1-100 characters"
    return "Session ID may hold only letters, digits and . _ : -"


def _shown(value: object) -> str:
    """A value from outside, short and printable."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:80])
