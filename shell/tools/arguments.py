"""Reads the arguments of a tool call, which a model wrote, and checks them against the schema."""

import json
import math
from collections.abc import Mapping

from pydantic import JsonValue

from shell.errors import ErrorCode, ToolError
from shell.support.json_values import MAX_ARGUMENT_DEPTH, is_within_depth
from shell.tools.base import Arguments, Tool

MAX_ARGUMENT_BYTES = 256 * 1024
"""Longest arguments of one call as UTF-8."""
TOO_DEEP = f"The arguments have more than {MAX_ARGUMENT_DEPTH} levels."
MAX_PROBLEMS = 5
MAX_SAFE_INTEGER = 2**53 - 1
"""Largest whole number that JavaScript represents exactly."""


def parse_arguments(text: str) -> Arguments:
    """Parse arguments as a JSON object. An empty text is an empty object.

    Raises:
        ToolError: TOOL_INVALID with what is wrong, for the model to correct.
    """
    if len(text.encode("utf-8", "replace")) > MAX_ARGUMENT_BYTES:
        raise _invalid(f"The arguments are longer than {MAX_ARGUMENT_BYTES // 1024} KB.")
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # refuse a lone surrogate
    except UnicodeEncodeError:
        raise _invalid("The arguments have half a character, such as \\ud800.") from None
    except RecursionError:
        raise _invalid(TOO_DEEP) from None
    except ValueError as error:
        raise _invalid(f"The arguments are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise _invalid("The arguments are not a JSON object.")
    if not is_within_depth(value, MAX_ARGUMENT_DEPTH):
        raise _invalid(TOO_DEEP)
    return value


def check_arguments(tool: Tool, arguments: Mapping[str, object]) -> None:
    """Check arguments against the tool's schema.

    Raises:
        ToolError: TOOL_INVALID with every wrong argument, up to `MAX_PROBLEMS`.
    """
    if not tool.parameters:
        return
    from shell.tools.schemas import CannotCheck, problems  # 60 ms, and most runs have no tools

    try:
        found = problems(tool.parameters, arguments, MAX_PROBLEMS)
    except CannotCheck as error:
        raise _invalid(f"The tool's schema cannot be used: {error}") from None
    if found:
        shown = [f"{_path(error.path)}{error.message[:300]}" for error in found]
        raise _invalid("The arguments do not fit: " + "; ".join(shown))


def parse_edited(arguments: Arguments) -> Arguments:
    """Parse arguments that a person has edited.

    Raises:
        ToolError: TOOL_INVALID with what is wrong.
    """
    if with_safe_integers(arguments) != arguments:
        raise _invalid(
            "A whole number beyond 2^53 cannot be edited, because the page may have rounded it."
        )
    return parse_arguments(json.dumps(arguments))


def with_safe_integers(value: JsonValue) -> JsonValue:
    """Replace whole numbers beyond `MAX_SAFE_INTEGER` by text, because a page would round them."""
    if isinstance(value, dict):
        return {name: with_safe_integers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_safe_integers(each) for each in value]
    return str(value) if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER else value


def canonical_json(arguments: object) -> str:
    """Write arguments as text that can be compared. For Python 1 and True would be equal."""
    return json.dumps(arguments, sort_keys=True)


def _path(path: object) -> str:
    parts = ".".join(str(part) for part in path) if hasattr(path, "__iter__") else ""
    return f"{parts}: " if parts else ""


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_constant(text)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _invalid(text: str) -> ToolError:
    return ToolError(ErrorCode.TOOL_INVALID, text)
