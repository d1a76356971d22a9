"""Validates the parameters of a call, and turns pydantic's errors into sentences."""

from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter, ValidationError

from shell.bridge.json_limits import Path, find_problems, format_path, format_value
from shell.contract import MAX_MESSAGE_CHARACTERS, MAX_MESSAGES
from shell.errors import ValidationFailed

MAX_ISSUES = 20
ROOT = "params"
"""The path of an error that concerns the whole request."""
_SIMPLE = {
    "temperature": "Temperature must be a number between 0 and 2",
    "maxTokens": "Max tokens must be between 1 and 100000",
    "timeoutMs": "Timeout must be between 1000ms and 600000ms",
    "inferenceId": "Inference ID must be inf- and 1-64 letters, digits or -",
}


def validate_params(adapter: TypeAdapter[object], params: object, root: str = ROOT) -> object:
    """Validate the parameters of a call; returns the contract's values.

    Args:
        adapter: validates the method's own model.
        params: the value parsed from JSON.
        root: the parameter's name when it is not an object with fields of its own.

    Raises:
        ValidationFailed: some fields are wrong. It has the path of each and a sentence, which is
            that of the reference design where there is one.
    """
    issues = {path or root: sentence for path, sentence in find_problems(params).items()}
    try:
        value = adapter.validate_python(params, by_alias=True, by_name=False)
    except ValidationError as error:
        _add(issues, explain(error, params, root))
    else:
        if not issues:
            return value
    raise ValidationFailed(list(issues.items())[:MAX_ISSUES])


def _add(issues: dict[str, str], errors: list[tuple[str, str]]) -> None:
    """Add pydantic's errors to those of `json_limits`, without reporting one error twice."""
    limit_paths = list(issues)
    for path, sentence in errors:
        name = path.rpartition(".")[2]
        is_vague = sentence.startswith(f"{name}:") and path in issues
        is_around = any(other.startswith(f"{path}.") for other in limit_paths) or path == ROOT
        if not is_vague and not (limit_paths and is_around):
            issues[path] = sentence


def explain(error: ValidationError, params: object, root: str = ROOT) -> list[tuple[str, str]]:
    """List every wrong field of `params`: its path and a sentence."""
    issues: dict[str, str] = {}
    for found in error.errors(include_url=False, include_input=True):
        value, location = found.get("input"), tuple(_steps(found["loc"], params, found["type"]))
        in_union = len(location) < len(found["loc"])
        if in_union and found["type"] == "string_type" and isinstance(value, list):
            continue  # an error of the union's other branch
        path = format_path(location) or root
        if path not in issues:
            issues[path] = _sentence(location or (root,), found["type"], found["msg"], value)
        if len(issues) == MAX_ISSUES:
            break
    return list(issues.items())


def _steps(loc: Sequence[int | str], params: object, kind: str) -> Iterator[int | str]:
    """Yield the steps of a location without the names of a union's branches."""
    value, tagged = params, False
    for number, step in enumerate(loc):
        if isinstance(value, dict):
            if isinstance(step, str) and value.get("type") == step and not tagged:
                tagged = True  # the branch was chosen by this very field
                continue
            if step in value:
                value, tagged = value[step], False
                yield step
            elif kind == "missing" and number == len(loc) - 1:
                yield step
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value, tagged = value[step], False
            yield step


def _sentence(location: Path, kind: str, text: str, value: object) -> str:
    if kind == "extra_forbidden":
        return f"Unknown field: {format_value(location[-1])}"
    is_given = isinstance(value, str) and value != ""
    match location:
        case ["messages"]:
            if kind == "too_long":
                return f"Too many messages (max: {MAX_MESSAGES})"
            return "Messages must be a non-empty array"
        case ["messages", int(index), "role"]:
            return f"Invalid role in message {index}: {format_value(value)}"
        case ["messages", int(index), "content", *_] if kind == "string_too_long":
            return f"Message {index} exceeds maximum length ({MAX_MESSAGE_CHARACTERS})"
        case ["messages", int(index), "content", *_]:
            return f"Invalid content in message {index}"
        case ["content", *_] if kind == "string_too_long":
            most = f"{MAX_MESSAGE_CHARACTERS:,}"
            return f"Too long: a message can have at most {most} characters. Attach it as a file"
        case ["messages", int(index)]:
            return f"Message {index} must be an object with a role and a content"
        case [*_, "sessionId"]:
            return "Session ID must be 1-100 characters" if is_given else "Session ID is required"
        case [*_, "providerId"] if is_given:
            return f"Invalid provider ID: {format_value(value)}"
        case [*_, "providerId"]:
            return "Provider ID is required"
        case [*_, str(field)] if field in _SIMPLE:
            return _SIMPLE[field]
        case _:
            pass
    name = format_value(location[-1])
    if kind in ("model_type", "model_attributes_type"):
        return "The parameters must be an object" if name == ROOT else f"{name} must be an object"
    if kind == "string_pattern_mismatch":
        return f"{name}: not of the allowed form"
    return f"{name}: {text}"
