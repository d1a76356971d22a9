"""Reads JSON in which any field may be missing, null or of another type."""

import json
import math
from collections.abc import Iterator

from shell.errors import ErrorCode
from shell.providers.base import UsageReport
from shell.providers.http.endpoint import Endpoint

MAX_COUNT = 2**53


def parse_object(data: str, endpoint: Endpoint) -> dict[str, object]:
    """Parse the data of an event as a JSON object.

    Raises:
        ProviderError: PROTOCOL_ERROR when it is anything else.
    """
    event = json_of(data)
    if not isinstance(event, dict):
        sentence = "The server sent something that is not JSON."
        raise endpoint.error(ErrorCode.PROTOCOL_ERROR, sentence)
    return event


def json_of(text: str) -> object:
    """What a text says in JSON; None if it is none, or is nested too deeply."""
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def as_object(value: object) -> dict[str, object]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """A text; "" for anything else."""
    return value if isinstance(value, str) else ""


def count_of(value: object) -> int:
    """A number of tokens; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return int(min(max(value, 0), MAX_COUNT))


def counted(report: UsageReport) -> Iterator[UsageReport]:
    """Give the report unless it is all zeros, which servers send that do not count."""
    if report.input_tokens or report.output_tokens:
        yield report


def read_usage(usage: dict[str, object], received: str, written: str) -> Iterator[UsageReport]:
    """Read the usage object of OpenAI's APIs, with the fields that other servers add."""
    details_in = as_object(usage.get(f"{received}_details"))
    details_out = as_object(usage.get(f"{written}_details"))
    cached = details_in.get("cached_tokens") or usage.get("prompt_cache_hit_tokens")
    yield from counted(
        UsageReport(
            input_tokens=count_of(usage.get(received)),
            output_tokens=count_of(usage.get(written)),
            reasoning_tokens=count_of(details_out.get("reasoning_tokens")),
            cached_tokens=count_of(cached),
        )
    )
