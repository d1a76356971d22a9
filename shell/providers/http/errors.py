"""Turns errors of servers and of the network into codes.

The code depends on the status, the names in the body and the type of exception, never on the words
of a message. The words only tell which part of a request a server has refused: the effort, the
tools, or a keyword in the schema of a tool.
"""

import email.utils
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from shell.errors import ErrorCode, ProviderError, Reason
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.lenient_json import json_of

_DAY_MS = 86_400_000

SUMMARY_FIELD = "reasoning.summary"
"""An optional field of a request, which is left out once a server has refused it."""
EFFORT_FIELDS = frozenset({"reasoning", "reasoning.effort", "reasoning_effort", "thinking"})
"""Fields that ask for an effort. They are left out for the models that refuse them."""
_EFFORT_WORDS = re.compile(r"effort|output_config|thinking")
"""How servers without a field of their own name the effort in a message."""

_NAMES: Mapping[ErrorCode, str] = {
    ErrorCode.CONTEXT_LENGTH: "context_length_exceeded exceed_context_size_error "
    "string_above_max_length request_too_large",
    ErrorCode.INSUFFICIENT_QUOTA: "insufficient_quota billing_error billing_not_active "
    "billing_hard_limit_reached",
    ErrorCode.CONTENT_FILTER: "content_filter content_policy_violation invalid_prompt bio_policy "
    "misalignment_policy_violation",
    ErrorCode.MODEL_NOT_FOUND: "model_not_found",
    ErrorCode.API_KEY_ERROR: "invalid_api_key api_key_invalid authentication_error unauthenticated",
    ErrorCode.PERMISSION_DENIED: "permission_error permission_denied",
    ErrorCode.RATE_LIMIT: "rate_limit_exceeded rate_limit_error resource_exhausted",
    ErrorCode.OVERLOADED: "overloaded_error overloaded engine_overloaded slow_down unavailable "
    "unavailable_error",
}
"""The names of errors that are more precise than a status."""
_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split()}

_BY_STATUS: dict[int, ErrorCode] = {
    401: ErrorCode.API_KEY_ERROR,
    402: ErrorCode.INSUFFICIENT_QUOTA,
    403: ErrorCode.PERMISSION_DENIED,
    404: ErrorCode.MODEL_NOT_FOUND,
    408: ErrorCode.SERVER_ERROR,
    409: ErrorCode.SERVER_ERROR,
    413: ErrorCode.CONTEXT_LENGTH,
    425: ErrorCode.SERVER_ERROR,
    429: ErrorCode.RATE_LIMIT,
    529: ErrorCode.OVERLOADED,
}

_BY_GENERAL_NAME: dict[str, ErrorCode] = {
    "not_found_error": ErrorCode.MODEL_NOT_FOUND,
    "not_found": ErrorCode.MODEL_NOT_FOUND,
    "failed_precondition": ErrorCode.INVALID_REQUEST,
}
"""Error names that count only inside a stream, where there is no error status."""

_SENTENCES: dict[ErrorCode, str] = {
    ErrorCode.API_KEY_ERROR: "The API key was not accepted.",
    ErrorCode.INSUFFICIENT_QUOTA: "The account has no credit left.",
    ErrorCode.PERMISSION_DENIED: "The API key does not have permission for this.",
    ErrorCode.MODEL_NOT_FOUND: "The server does not have this model, or the address is wrong.",
    ErrorCode.CONTEXT_LENGTH: "The conversation is too long for this model.",
    ErrorCode.CONTENT_FILTER: "A content filter blocked the request.",
    ErrorCode.RATE_LIMIT: "Too many requests. Try again later.",
    ErrorCode.OVERLOADED: "The service is overloaded. Try again later.",
    ErrorCode.INVALID_REQUEST: "The server did not understand the request.",
    ErrorCode.SERVER_ERROR: "The server had an internal error.",
}


def from_status(
    endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes
) -> ProviderError:
    """Make the error for a response with an error status."""
    fault = _parse(body)
    if 300 <= status < 400:
        return endpoint.error(
            ErrorCode.PROTOCOL_ERROR,
            f"The server redirects to another address (status {status}). The key is not sent "
            "there. If the new address is right, change the base URL.",
            reason=Reason.REDIRECTED,
        )
    code = _named(fault, _BY_NAME) or _of_status(status, fault)
    words = _message(fault)
    sentence = words or f"{_SENTENCES[code]} (status {status})"
    wait = _retry_after_ms(headers, fault) if code.retryable else None
    error = endpoint.error(code, sentence, wait, theirs=bool(words))
    field = next((f["param"] for f in _objects(fault) if isinstance(f.get("param"), str)), None)
    if code is ErrorCode.INVALID_REQUEST and field in {SUMMARY_FIELD, *EFFORT_FIELDS}:
        error.details = {"field": str(field)}
    return error


def refuses_effort(error: ProviderError) -> bool:
    """Whether a server refuses the effort of a request."""
    if error.code is not ErrorCode.INVALID_REQUEST:
        return False
    named = (error.details or {}).get("field") in EFFORT_FIELDS
    return named or bool(_EFFORT_WORDS.search((error.words or "").lower()))


def from_error_object(endpoint: Endpoint, error: object) -> ProviderError:
    """Make the error for an error object inside a stream."""
    statuses = [int(n) for n in _names(error) if n.isdecimal() and 400 <= int(n) < 600]
    code = _named(error, _BY_NAME)
    if code is None:
        code = _of_status(statuses[0], error) if statuses else _named(error, _BY_GENERAL_NAME)
    if code is None:
        is_invalid_request = any(name.startswith("invalid_") for name in _names(error))
        code = ErrorCode.INVALID_REQUEST if is_invalid_request else ErrorCode.SERVER_ERROR
    words = _message(error)
    wait = _retry_after_ms({}, error) if code.retryable else None
    return endpoint.error(code, words or _SENTENCES[code], wait, theirs=bool(words))


def not_a_stream(endpoint: Endpoint, media_type: str) -> ProviderError:
    """Make the error for a response that is not a stream, mostly the login page of a network."""
    return endpoint.error(
        ErrorCode.PROTOCOL_ERROR,
        f"The server answered with {media_type or 'something else'} instead of a stream. Check "
        "the base URL, and whether this network needs a sign-in.",
        reason=Reason.NO_STREAM,
    )


def refusal_error(endpoint: Endpoint, words: str) -> ProviderError:
    """Make the error for a model that refused without an answer."""
    sentence = words or _SENTENCES[ErrorCode.CONTENT_FILTER]
    return endpoint.error(ErrorCode.CONTENT_FILTER, sentence, theirs=bool(words))


def connection_error(endpoint: Endpoint, error: BaseException, *, answering: bool) -> ProviderError:
    """Make the error for a failed connection, before or during the answer."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    code, sentence = (
        (ErrorCode.STREAM_INTERRUPTED, "The connection was lost during the answer.")
        if answering
        else (ErrorCode.NETWORK_ERROR, "Could not connect.")
    )
    failure = endpoint.error(code, sentence)
    failure.details = {"cause": type(cause).__name__}
    return failure


# --- reading error bodies -----------------------------------------------------------------------


def _parse(body: bytes) -> object:
    parsed = json_of(body.decode("utf-8", "replace"))
    return parsed if isinstance(parsed, dict | list) else None


def _objects(fault: object, depth: int = 0) -> Iterator[dict[str, object]]:
    """Walk the objects of an error, outermost first. Google wraps its errors in a list."""
    if depth > 4:
        return
    if isinstance(fault, dict):
        yield fault
        for value in fault.values():
            yield from _objects(value, depth + 1)
    elif isinstance(fault, list):
        for item in fault[:16]:
            yield from _objects(item, depth + 1)


def _names(fault: object) -> Iterator[str]:
    for found in _objects(fault):
        for field in ("code", "reason", "type", "status"):
            value = found.get(field)
            if isinstance(value, str | int) and not isinstance(value, bool):
                yield str(value)[:100].lower()


def _named(fault: object, table: Mapping[str, ErrorCode]) -> ErrorCode | None:
    return next((table[name] for name in _names(fault) if name in table), None)


def _of_status(status: int, fault: object) -> ErrorCode:
    if status == 503:
        # JSON comes from the service itself. A page comes from a proxy in front of it that failed.
        return ErrorCode.SERVER_ERROR if fault is None else ErrorCode.OVERLOADED
    general = ErrorCode.SERVER_ERROR if status >= 500 else ErrorCode.INVALID_REQUEST
    return _BY_STATUS.get(status, general)


def _message(fault: object) -> str:
    if isinstance(fault, str):
        return fault
    for found in _objects(fault):
        for field in ("message", "error", "detail"):
            value = found.get(field)
            if isinstance(value, str) and value.strip():
                return value
    return ""


def _retry_after_ms(headers: Mapping[str, str], fault: object) -> int | None:
    """Read how long to wait: from headers (milliseconds, seconds, a date) or from the body."""
    exact = _number(headers.get("retry-after-ms", ""))
    if exact is not None:
        return _bounded(exact)
    after = headers.get("retry-after", "")
    seconds = _number(after)
    if seconds is not None:
        return _bounded(seconds * 1000)
    due = _date(after)
    if due is not None:
        # By the server's own clock where it shows one: this machine's may be wrong.
        now = _date(headers.get("date", "")) or datetime.now(UTC)
        return _bounded((due - now).total_seconds() * 1000)
    for found in _objects(fault):
        delay = found.get("retryDelay")
        match = re.fullmatch(r"(\d+(?:\.\d+)?)s", delay) if isinstance(delay, str) else None
        if match:
            return _bounded(float(match[1]) * 1000)
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bounded(milliseconds: float) -> int:
    return int(min(max(milliseconds, 0), _DAY_MS))
