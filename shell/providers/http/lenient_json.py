"""Reads JSON in which any field may be missing, null or of another type."""

import json
import math
from collections.abc import Iterator

from shell.errors import ErrorCode
from shell.providers.base import UsageReport
from shell.providers.http.endpoint import Endpoint

MAX_COUNT = 10**9
"""Most tokens that a server can count. No model has as many."""


def parse_object(data: str, endpoint: Endpoint) -> dict[str, object]:
    """Parse what a server sent as a JSON object.

    Raises:
        ProviderError: PROTOCOL_ERROR when it is anything else.
    """
    event = json_of(data)
    if not isinstance(event, dict):
        sentence = "The server sent something that is not JSON."
        raise endpoint.error(ErrorCode.PROTOCOL_ERROR, sentence)
    return event


def json_of(text: str) -> object:
    """Parse a text as JSON. None if it is not valid, or is nested too deeply."""
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def as_object(value: object) -> dict[str, object]:
    """Return an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return a text, or "" for anything else."""
    return value if isinstance(value, str) else ""


def count_of(value: object) -> int:
    """Return a number of tokens, or 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if isinstance(value, float) and not math.isfinite(value):
        return 0
    return int(min(max(value, 0), MAX_COUNT))


def nonzero_report(report: UsageReport) -> Iterator[UsageReport]:
    """Yield a report unless it is all zeros. Servers that do not count tokens send zeros."""
    if report.input_tokens or report.output_tokens:
        yield report


def read_usage(usage: dict[str, object], input_key: str, output_key: str) -> Iterator[UsageReport]:
    """Read the usage object of OpenAI's APIs, with the fields that other servers add."""
    details_in = as_object(usage.get(f"{input_key}_details"))
    details_out = as_object(usage.get(f"{output_key}_details"))
    cached = details_in.get("cached_tokens") or usage.get("prompt_cache_hit_tokens")
    yield from nonzero_report(
        UsageReport(
            input_tokens=count_of(usage.get(input_key)),
            output_tokens=count_of(usage.get(output_key)),
            reasoning_tokens=count_of(details_out.get("reasoning_tokens")),
            cached_tokens=count_of(cached),
        )
    )
