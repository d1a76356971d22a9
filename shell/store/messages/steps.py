"""Stores the tool calls of a run, the decisions about them and their results, beside the text.

The entries of a message are in the order of their events, each with its place in the text. They
are written while the run goes on, so that the calls that were made are known after a crash.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import apsw
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from shell.contract import (
    AnswerCall,
    AnswerPart,
    AnswerText,
    AnswerThought,
    Attachment,
    CallState,
    ImagePart,
    Scope,
    Verdict,
)
from shell.errors import ErrorCode
from shell.store.rows import rows
from shell.tools.call_states import LOST, SETTLED, denial

MAX_LATEST = 20
MAX_SEARCHED = 1_000
"""How many entries are searched for the latest calls of a tool."""
ENDED = "The run ended before this call was made."
_CALL_FIELDS = AnswerCall.model_fields.keys() - {"type"}


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    run: str
    """The inference that wrote it."""
    at: Annotated[int, Field(ge=0)]
    """How many characters of the text come before."""
    thought_at: Annotated[int, Field(ge=0)]
    """How many characters of the reasoning come before."""


class CallEntry(_Entry):
    """A call is complete, or its state has changed."""

    type: Literal["call"] = "call"
    call_id: str
    step: int
    ordinal: int
    tool: str
    source: str
    arguments: JsonValue
    state: CallState
    reads: bool
    brings: bool
    sends: bool
    definition: str


class ApprovalEntry(_Entry):
    """A call waits for a decision, or has one."""

    type: Literal["approval"] = "approval"
    call_id: str
    state: Literal["asked", "decided"]
    nonce: str | None = None
    verdict: Verdict | None = None
    scope: Scope | None = None
    edited: JsonValue | None = None
    why: str | None = None


class ResultEntry(_Entry):
    """A call has ended."""

    type: Literal["result"] = "result"
    call_id: str
    state: CallState
    text: str
    bytes: int
    shown_bytes: int
    code: ErrorCode | None = None
    ran_ms: int | None = None
    parts: list[Attachment] | None = None


class OutputEntry(_Entry):
    """Output that the model needs back with the results of a step. Never shown, never exported."""

    type: Literal["output"] = "output"
    step: int
    provider_id: str
    model_id: str
    calls: list[tuple[str, str, str, str]]
    """The host's id, the provider's id, the name and the arguments of each call."""
    items: list[dict[str, JsonValue]]


Entry = Annotated[
    CallEntry | ApprovalEntry | ResultEntry | OutputEntry, Field(discriminator="type")
]
ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


@dataclass(slots=True)
class StoredCall:
    """One call, from all its entries."""

    id: str
    provider_id: str
    name: str
    """The name that the model used."""
    arguments_text: str
    """The arguments as the model wrote them."""
    part: AnswerCall
    definition: str = ""
    decided_definition: str = ""
    """The definition that the person saw who decided. The call may since have been logged again
    with a changed tool.
    """
    nonce: str = ""
    decision_order: int = 0
    """Sorts the decisions of a message: a later decision has a higher number."""
    images: tuple[ImagePart, ...] = ()
    """The pictures of its result; empty until their bytes are read."""


@dataclass(slots=True)
class StoredStep:
    """One call of the model, with its tool calls."""

    step: int
    at: int
    """Where in the text its calls are."""
    provider_id: str = ""
    model_id: str = ""
    items: list[dict[str, JsonValue]] = field(default_factory=list)
    calls: list[StoredCall] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether a call has no result."""
        return any(call.part.state not in SETTLED for call in self.calls)


def write(connection: apsw.Connection, message: int, entries: Sequence[tuple[int, Entry]]) -> None:
    """Store entries of a message by their places, which count up. Part of a writing job."""
    connection.executemany(
        "INSERT OR REPLACE INTO steps VALUES (?, ?, ?)",
        [(message, place, dump(entry)) for place, entry in entries],
    )


def dump(entry: Entry) -> str:
    """The JSON of an entry, as it is stored."""
    return ENTRY.dump_json(entry, exclude_none=True).decode()


def next_place(connection: apsw.Connection, message: int) -> int:
    """The place after the last entry of a message."""
    sql = "SELECT coalesce(max(place), -1) + 1 FROM steps WHERE message = ?"
    return int(connection.execute(sql, (message,)).get)


def read(connection: apsw.Connection, message: int) -> list[Entry]:
    """The entries of a message, in their order."""
    sql = "SELECT entry FROM steps WHERE message = ? ORDER BY place"
    return [ENTRY.validate_json(text) for text in rows(connection.execute(sql, (message,)), str)]


def latest_calls(connection: apsw.Connection, tool: str, source: str) -> list[dict[str, JsonValue]]:
    """The arguments of a tool's latest calls that have a result, the newest first."""
    found: dict[tuple[int, str], dict[str, JsonValue]] = {}
    ended_calls: set[tuple[int, str]] = set()
    newest = "SELECT message, entry FROM steps ORDER BY message DESC, place DESC LIMIT ?"
    for message, text in connection.execute(newest, (MAX_SEARCHED,)):
        entry = ENTRY.validate_json(str(text))
        if isinstance(entry, ResultEntry):
            ended_calls.add((int(message), entry.call_id))
        elif isinstance(entry, CallEntry) and (entry.tool, entry.source) == (tool, source):
            call = (int(message), entry.call_id)
            if call in ended_calls and isinstance(entry.arguments, dict):
                found[call] = entry.arguments
        if len(found) == MAX_LATEST:
            break
    return list(found.values())


def settle(connection: apsw.Connection, message: int) -> None:
    """Give every open call of a message a result, so that it can no longer be made."""
    entries = read(connection, message)
    open_calls = [call for call in calls_of(entries) if call.part.state not in SETTLED]
    results = [_result(entries[-1], call.id, *ending_of(call.part)) for call in open_calls]
    write(connection, message, list(enumerate(results, next_place(connection, message))))


def ending_of(call: AnswerCall) -> tuple[CallState, str]:
    """The state and the result of a call that ended without one."""
    return ("lost", LOST) if call.state == "running" else ("cancelled", ENDED)


def settle_all(connection: apsw.Connection) -> None:
    """Settle the calls of all messages after their steps came from an untrusted file.

    Clears the tool definitions of the calls, so that the file's verdicts apply to no tool.
    """
    for message in rows(connection.execute("SELECT DISTINCT message FROM steps"), int):
        found = connection.execute("SELECT place, entry FROM steps WHERE message = ?", (message,))
        call_entries = [
            (int(place), entry.model_copy(update={"definition": ""}))
            for place, text in found
            if isinstance(entry := ENTRY.validate_json(str(text)), CallEntry)
        ]
        write(connection, message, call_entries)
        settle(connection, message)


def decide(
    connection: apsw.Connection, message: int, decision: ApprovalEntry
) -> list[StoredCall] | None:
    """Store a decision about a call whose run has ended; returns the updated calls.

    Returns None if the call is already decided.
    """
    entries = read(connection, message)
    states = {call.id: call.part.state for call in calls_of(entries)}
    if states.get(decision.call_id) != "waiting":
        return None
    added: list[Entry] = [decision]
    if decision.verdict == "deny":
        added.append(_result(decision, decision.call_id, "denied", denial(decision.why)))
    write(connection, message, list(enumerate(added, next_place(connection, message))))
    return calls_of([*entries, *added])


def _result(after: Entry, call_id: str, state: CallState, text: str) -> ResultEntry:
    """A result from the host, for a call that was not made or did not end."""
    size = len(text.encode())
    return ResultEntry(
        run=after.run,
        at=after.at,
        thought_at=after.thought_at,
        call_id=call_id,
        state=state,
        text=text,
        bytes=size,
        shown_bytes=size,
    )


def calls_of(entries: Iterable[Entry]) -> list[StoredCall]:
    """The calls in their state after all entries."""
    return [call for step in steps_of(entries) for call in step.calls]


def steps_of(entries: Iterable[Entry]) -> list[StoredStep]:
    """The steps with their calls, in their state after all entries."""
    steps: dict[int, StoredStep] = {}
    calls: dict[str, StoredCall] = {}
    model_calls: dict[str, tuple[str, str, str, str]] = {}
    for place, entry in enumerate(entries):
        match entry:
            case OutputEntry():
                steps[entry.step] = StoredStep(
                    entry.step, entry.at, entry.provider_id, entry.model_id, entry.items
                )
                model_calls = {model_call[0]: model_call for model_call in entry.calls}
            case CallEntry():
                step = steps.setdefault(entry.step, StoredStep(entry.step, entry.at))
                call = calls.get(entry.call_id)
                if call is None:
                    model_call = model_calls.get(entry.call_id) or _rebuild_call(entry)
                    call = StoredCall(*model_call, AnswerCall(**_of_call(entry)))
                    calls[entry.call_id] = call
                    step.calls.append(call)
                call.part = call.part.model_copy(update={"state": entry.state})
                call.definition = entry.definition
            case ApprovalEntry() if entry.call_id in calls:
                _approve(calls[entry.call_id], entry)
                calls[entry.call_id].decision_order = place
            case ResultEntry() if entry.call_id in calls:
                call = calls[entry.call_id]
                update = {**_of_call(entry), "result": entry.text}
                call.part = call.part.model_copy(update=update)
    return [steps[number] for number in sorted(steps)]


def parts_of(
    text: str, reasoning: str, entries: Sequence[Entry], *, live: bool
) -> list[AnswerPart]:
    """An answer in the order in which it was written; empty if it called no tools.

    Args:
        text: all of its text.
        reasoning: all of its reasoning.
        entries: those of the message.
        live: whether its run goes on. Otherwise a call that was running is lost.
    """
    parts: list[AnswerPart] = []
    at = thought_at = 0
    thoughts = {entry.step: entry.thought_at for entry in entries if isinstance(entry, CallEntry)}
    for step in steps_of(entries):
        _append_text(parts, text[at : step.at], reasoning[thought_at : thoughts.get(step.step, 0)])
        at, thought_at = step.at, thoughts.get(step.step, thought_at)
        for call in step.calls:
            part = call.part
            if part.state == "running" and not live:
                part = part.model_copy(update={"state": "lost", "result": LOST})
            parts.append(part)
    if parts:
        _append_text(parts, text[at:], reasoning[thought_at:])
    return parts


def _append_text(parts: list[AnswerPart], text: str, reasoning: str) -> None:
    if reasoning:
        parts.append(AnswerThought(text=reasoning))
    if text:
        parts.append(AnswerText(text=text))


def _of_call(entry: CallEntry | ApprovalEntry | ResultEntry) -> dict[str, Any]:
    """The fields of an entry that a call of an answer has as well."""
    return {name: value for name, value in entry if name in _CALL_FIELDS}


def _rebuild_call(entry: CallEntry) -> tuple[str, str, str, str]:
    """Rebuild the model's text of a call for which it is not stored."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", entry.tool)[:64] or "tool"
    return entry.call_id, entry.call_id, name, json.dumps(entry.arguments)


def _approve(call: StoredCall, entry: ApprovalEntry) -> None:
    if entry.state == "asked":
        call.nonce = entry.nonce or ""
        call.part = call.part.model_copy(update={"nonce": entry.nonce, "why": entry.why})
        return
    call.decided_definition = call.definition
    state: CallState = "denied" if entry.verdict == "deny" else "approved"
    if entry.edited is not None:
        state = "edited"
    update = {**_of_call(entry), "state": state, "nonce": None}
    call.part = call.part.model_copy(update=update)
