"""The exceptions of the host, each with its code.

The host raises them. At its edges each becomes an envelope or an `llm:error` event with the same
`ErrorCode`. Code distinguishes errors by their type and code, not by words in their text. The only
exception is which part of a request a model's server has refused.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypedDict, Unpack


class ErrorCode(StrEnum):
    """The kinds of failures. Calls, events and the command line share these codes."""

    ABORTED = "ABORTED"
    TIMEOUT = "TIMEOUT"
    STREAM_TIMEOUT = "STREAM_TIMEOUT"
    API_KEY_ERROR = "API_KEY_ERROR"
    RATE_LIMIT = "RATE_LIMIT"
    NETWORK_ERROR = "NETWORK_ERROR"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"
    VALIDATION = "VALIDATION"
    LIMIT = "LIMIT"
    NOT_FOUND = "NOT_FOUND"
    SESSION_BUSY = "SESSION_BUSY"
    UNSUPPORTED_PROVIDER = "UNSUPPORTED_PROVIDER"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    INSUFFICIENT_QUOTA = "INSUFFICIENT_QUOTA"
    OVERLOADED = "OVERLOADED"
    CONTEXT_LENGTH = "CONTEXT_LENGTH"
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    CONTENT_FILTER = "CONTENT_FILTER"
    INVALID_REQUEST = "INVALID_REQUEST"
    SERVER_ERROR = "SERVER_ERROR"
    STREAM_INTERRUPTED = "STREAM_INTERRUPTED"
    STREAM_INCOMPLETE = "STREAM_INCOMPLETE"
    PROTOCOL_ERROR = "PROTOCOL_ERROR"
    LOCAL_MODEL_MISSING = "LOCAL_MODEL_MISSING"
    LOCAL_MODEL_CRASHED = "LOCAL_MODEL_CRASHED"
    HOST_LOST = "HOST_LOST"
    TOOL_UNKNOWN = "TOOL_UNKNOWN"
    TOOL_INVALID = "TOOL_INVALID"
    TOOL_FAILED = "TOOL_FAILED"
    TOOL_TIMEOUT = "TOOL_TIMEOUT"
    BUDGET = "BUDGET"
    STORAGE_ERROR = "STORAGE_ERROR"
    STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self in _RETRYABLE


class Reason(StrEnum):
    """The exact reason, if a code has several. The page has a sentence for each language."""

    NO_KEY = "NO_KEY"
    KEY_CHARACTERS = "KEY_CHARACTERS"
    NO_ADDRESS = "NO_ADDRESS"
    BAD_ADDRESS = "BAD_ADDRESS"
    PLAIN_HTTP = "PLAIN_HTTP"
    REDIRECTED = "REDIRECTED"
    NO_STREAM = "NO_STREAM"
    NAME_TAKEN = "NAME_TAKEN"
    NO_FILE = "NO_FILE"
    FILE_ELSEWHERE = "FILE_ELSEWHERE"
    NO_MODEL_FILE = "NO_MODEL_FILE"
    UNKNOWN_PROVIDER = "UNKNOWN_PROVIDER"
    TOO_LONG = "TOO_LONG"
    DISK_FULL = "DISK_FULL"
    DISK_FAULTY = "DISK_FAULTY"
    FILE_LOCKED = "FILE_LOCKED"
    READ_ONLY = "READ_ONLY"
    CANNOT_OPEN = "CANNOT_OPEN"
    DAMAGED = "DAMAGED"
    NO_MEMORY = "NO_MEMORY"
    TOO_SLOW = "TOO_SLOW"
    TOO_MANY_IMPORTS = "TOO_MANY_IMPORTS"
    NOT_IDLE = "NOT_IDLE"
    RESTORING = "RESTORING"
    NO_CONVERSATIONS = "NO_CONVERSATIONS"
    NO_CONVERSATIONS_IN_ZIP = "NO_CONVERSATIONS_IN_ZIP"
    ZIP_UNREADABLE = "ZIP_UNREADABLE"
    IMPORT_BROKEN = "IMPORT_BROKEN"
    NO_RECORDING = "NO_RECORDING"
    NOT_KEPT = "NOT_KEPT"
    USAGE_DAMAGED = "USAGE_DAMAGED"
    VERDICTS_UNREADABLE = "VERDICTS_UNREADABLE"


_RETRYABLE = frozenset(
    {
        ErrorCode.TIMEOUT,
        ErrorCode.STREAM_TIMEOUT,
        ErrorCode.RATE_LIMIT,
        ErrorCode.NETWORK_ERROR,
        ErrorCode.OVERLOADED,
        ErrorCode.SERVER_ERROR,
        ErrorCode.STREAM_INTERRUPTED,
        ErrorCode.STREAM_INCOMPLETE,
        ErrorCode.LOCAL_MODEL_CRASHED,
        ErrorCode.HOST_LOST,
        ErrorCode.LIMIT,
        ErrorCode.SESSION_BUSY,
        ErrorCode.STORAGE_UNAVAILABLE,
    }
)


class _Facts(TypedDict, total=False):
    retry_after_ms: int | None
    details: Mapping[str, str | int] | None
    reason: Reason | None
    words: str | None


class ShellError(Exception):
    """A failure with a code. `str(error)` is one sentence that a person can act on."""

    code: ErrorCode = ErrorCode.UNKNOWN_ERROR

    def __init__(self, message: str, **facts: Unpack[_Facts]) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_ms = facts.get("retry_after_ms")
        self.details = dict(facts.get("details") or {}) or None
        self.reason = facts.get("reason")
        self.words = facts.get("words")
        """The provider's own error text, which is not translated. `message` contains it as well."""


class ProgramError(ShellError):
    """An error with a code of the program's own, for programs that use the bridge as a library.

    In a stream the page sees the message with UNKNOWN_ERROR.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool = False, **facts: Unpack[_Facts]
    ) -> None:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", code):
            raise ValueError(f"A code is made of capitals, digits and _, not {code!r}")
        super().__init__(message, **facts)
        self.own_code = code
        self.retryable = retryable


class ValidationFailed(ShellError):
    """An invalid request. `issues` pairs the path of every invalid field with a message."""

    code = ErrorCode.VALIDATION

    def __init__(self, issues: list[tuple[str, str]], *, reason: Reason | None = None) -> None:
        self.issues = issues
        first = issues[0][1] if issues else "The request is not valid"
        more = len(issues) - 1
        super().__init__(first if more < 1 else f"{first} (and {more} more)", reason=reason)


class LimitReached(ShellError):
    """Too many of something at once. `details` has the `limit` and the `current` number."""

    code = ErrorCode.LIMIT

    def __init__(self, message: str, limit: int, current: int, **facts: Unpack[_Facts]) -> None:
        super().__init__(message, **facts)
        self.details = {"limit": limit, "current": current}


class NotFound(ShellError):
    """Unknown to this caller. An object of another window looks like one that never existed."""

    code = ErrorCode.NOT_FOUND


class SessionBusy(ShellError):
    """Something else must end first, such as the running answer of a session."""

    code = ErrorCode.SESSION_BUSY


class HostClosing(ShellError):
    """The host is shutting down and refuses new work."""

    code = ErrorCode.ABORTED


class UnsupportedProvider(ShellError):
    """The provider is known, but this build cannot run it."""

    code = ErrorCode.UNSUPPORTED_PROVIDER


class ToolError(ShellError):
    """A tool cannot be called, or its call failed."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class ToolFailed(ToolError):
    """A call of a tool failed; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.TOOL_FAILED, message)


class StorageFailed(ShellError):
    """Stored data cannot be read or written, and a retry would not help."""

    code = ErrorCode.STORAGE_ERROR


class StorageUnavailable(ShellError):
    """Stored data cannot be read or written now, for example because the disk is full."""

    code = ErrorCode.STORAGE_UNAVAILABLE


class ProviderError(ShellError):
    """A failure between the host and a model, with its code."""

    def __init__(self, code: ErrorCode, message: str, **facts: Unpack[_Facts]) -> None:
        super().__init__(message, **facts)
        self.code = code
