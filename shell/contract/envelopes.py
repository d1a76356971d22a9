"""The envelopes of calls and replies, and the errors and remarks in them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, SkipValidation

from shell.contract.base import SAID, Value
from shell.errors import ErrorCode, Reason

MAX_CALLS = 1_000
"""Calls in one batch."""


class Issue(Value):
    """One wrong field of a request."""

    path: str
    message: str


class Failure(Value):
    """Why a call was refused."""

    code: ErrorCode
    message: str
    retryable: bool
    retry_after_ms: int | None
    issues: list[Issue] | None = None
    details: Mapping[str, str | int] | None = None
    reason: Annotated[Reason | None, SAID] = None
    """Finer than the code, where there is more to know."""
    words: Annotated[str | None, SAID] = None
    """The provider's own, as it wrote them; they are in the sentence, too."""


class Call(Value):
    """One call of a page; `id` is the page's own number for it."""

    id: Annotated[int, Field(ge=0, le=2**53)]
    method: Annotated[str, Field(max_length=100)]
    # Checked by the method's own model, so that one wrong call harms none of its neighbours.
    params: SkipValidation[JsonValue] = None


class Batch(Value):
    """All calls of one turn of the page's event loop. `load` names the page load that sent it."""

    version: int
    load: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    calls: Annotated[list[Call], Field(min_length=1, max_length=MAX_CALLS)]


class OkReply(Value):
    """The answer to the call with this `id`."""

    channel: Literal["reply"] = "reply"
    id: int
    ok: Literal[True] = True
    value: JsonValue


class ErrorReply(Value):
    """The refusal of the call with this `id`."""

    channel: Literal["reply"] = "reply"
    id: int
    ok: Literal[False] = False
    error: Failure


class RemarkCode(StrEnum):
    """What is to be known beside what was asked for, and the facts that belong to it."""

    STORE_REPAIRED = "STORE_REPAIRED"
    """`folder`, `complete` (1 or 0), `backup_at` if a backup was restored."""
    SETTING_IGNORED = "SETTING_IGNORED"
    """`file`, `name`."""
    SETTINGS_UNREADABLE = "SETTINGS_UNREADABLE"
    """`file`, in which they are kept."""
    SETTINGS_NOT_READ = "SETTINGS_NOT_READ"
    """`file`, which is left as it is."""
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


class Remark(Value):
    """A sentence of the host's, and what it is made of."""

    code: RemarkCode
    text: str
    facts: Mapping[str, str | int]
