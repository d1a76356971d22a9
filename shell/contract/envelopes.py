"""The envelopes of calls and replies, and the errors and remarks in them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, SkipValidation

from shell.contract.base import OMIT_EMPTY, Value
from shell.errors import ErrorCode, Reason, ShellError

MAX_CALLS = 1_000
"""Limit on the calls in one batch."""


class Issue(Value):
    """An invalid field of a request."""

    path: str
    message: str


class Problem(Value):
    """An error as a sentence, with the code from which a page can translate it."""

    code: ErrorCode
    message: str
    reason: Annotated[Reason | None, OMIT_EMPTY] = None
    """More precise than the code, if known."""
    words: Annotated[str | None, OMIT_EMPTY] = None
    """The provider's own error text, which `message` contains as well."""

    @classmethod
    def of(cls, error: ShellError) -> "Problem":
        """Describe an error of the host."""
        return cls(code=error.code, message=error.message, reason=error.reason, words=error.words)


class Failure(Problem):
    """The error of a refused call."""

    retryable: bool
    retry_after_ms: int | None
    issues: list[Issue] | None = None
    details: Mapping[str, str | int] | None = None


class Call(Value):
    """One call of a page. The page chooses its `id`."""

    id: Annotated[int, Field(ge=0, le=2**53)]
    method: Annotated[str, Field(max_length=100)]
    # Validated by the method's own model, so that one invalid call does not fail the whole batch.
    params: SkipValidation[JsonValue] = None


class Batch(Value):
    """All calls of one turn of the page's event loop. `load` is the id of the page load."""

    version: int
    load: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    calls: Annotated[list[Call], Field(min_length=1, max_length=MAX_CALLS)]


class OkReply(Value):
    """The result of the call with this `id`."""

    channel: Literal["reply"] = "reply"
    id: int
    ok: Literal[True] = True
    value: JsonValue


class ErrorReply(Value):
    """The error of the call with this `id`."""

    channel: Literal["reply"] = "reply"
    id: int
    ok: Literal[False] = False
    error: Failure


class RemarkCode(StrEnum):
    """Kinds of remarks, each with the names of its facts."""

    STORE_REPAIRED = "STORE_REPAIRED"
    """`folder`, `complete` (1 or 0), and `backup_at` if a backup was restored."""
    SETTING_IGNORED = "SETTING_IGNORED"
    """`file`, `name`."""
    SETTINGS_UNREADABLE = "SETTINGS_UNREADABLE"
    """`file`."""
    SETTINGS_NOT_READ = "SETTINGS_NOT_READ"
    """`file`, which is not changed."""
    NO_KEYCHAIN = "NO_KEYCHAIN"
    KEYCHAIN_SILENT = "KEYCHAIN_SILENT"
    KEY_NOT_KEPT = "KEY_NOT_KEPT"
    KEY_NOT_DELETED = "KEY_NOT_DELETED"
    KEY_OF_OTHER_HOST = "KEY_OF_OTHER_HOST"
    """`host`, `wanted`."""
    CONVERSATION_LEFT_OUT = "CONVERSATION_LEFT_OUT"
    ATTACHMENT_LEFT_OUT = "ATTACHMENT_LEFT_OUT"
    """`title`, `kind`, `name`."""
    MORE_LEFT_OUT = "MORE_LEFT_OUT"
    ADDRESS_MENDED = "ADDRESS_MENDED"
    """`address`."""


class Remark(Value):
    """A sentence for people, with the code and facts from which a page can translate it."""

    code: RemarkCode
    text: str
    facts: Mapping[str, str | int]
