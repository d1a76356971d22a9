"""Stores what a run with tools did beside its text: its calls, the decisions and the results.

The entries of a message are in the order in which they came, each with its place in the text. They
are written while the run goes on, so that after a crash everybody knows which calls were made.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

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
from shell.tools.call_states import SETTLED

LOST = "The program ended while this call ran. It may or may not have taken effect."
DENIED = "The person did not allow this call."
MAX_LATEST = 20
MAX_SEARCHED = 1_000
"""How many entries are searched for the latest calls of a tool."""
ENDED = "The run ended before this call was made."


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    run: str
    """The inference that wrote it."""
    at: Annotated[int, Field(ge=0)]
    """How many characters of the text come before."""
    thought_at: Annotated[int, Field(ge=0)]
    """The same of the reasoning."""


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
    """A call waits for a decision, or was decided."""

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
    """What must go back to the model with the results of a step. Never shown, never exported."""

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
    written: str
    """The arguments as the model wrote them."""
    part: AnswerCall
    definition: str = ""
    nonce: str = ""
    decided: int = 0
    """Counts up with the decisions of a message."""
    images: tuple[ImagePart, ...] = ()
    """The pictures of its result; empty until their bytes are read."""


@dataclass(slots=True)
class StoredStep:
    """One call of the model, with the tools that it called."""

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
        [
            (message, place, ENTRY.dump_json(entry, exclude_none=True).decode())
            for place, entry in entries
        ],
    )


def next_place(connection: apsw.Connection, message: int) -> int:
    """The place after the last entry of a message."""
    place: int = connection.execute(
        "SELECT coalesce(max(place), -1) + 1 FROM steps WHERE message = ?", (message,)
    ).get
    return place


def read(connection: apsw.Connection, message: int) -> list[Entry]:
    """The entries of a message, in their order."""
    found = connection.execute(
        "SELECT entry FROM steps WHERE message = ? ORDER BY place", (message,)
    )
    return [ENTRY.validate_json(text) for text in rows(found, str)]


def latest_calls(connection: apsw.Connection, tool: str, source: str) -> list[dict[str, JsonValue]]:
    """The arguments of the latest calls of a tool that are over, the newest first."""
    found: dict[tuple[int, str], dict[str, JsonValue]] = {}
    over: set[tuple[int, str]] = set()
    newest = "SELECT message, entry FROM steps ORDER BY message DESC, place DESC LIMIT ?"
    for message, text in connection.execute(newest, (MAX_SEARCHED,)):
        entry = ENTRY.validate_json(str(text))
        if isinstance(entry, ResultEntry):
            over.add((int(message), entry.call_id))
        elif isinstance(entry, CallEntry) and (entry.tool, entry.source) == (tool, source):
            call = (int(message), entry.call_id)
            if call in over and isinstance(entry.arguments, dict):
                found[call] = entry.arguments
        if len(found) == MAX_LATEST:
            break
    return list(found.values())


def settle(connection: apsw.Connection, message: int, text: str = ENDED) -> None:
    """Give every call of a message a result that has none, so that none of them can be made."""
    place = next_place(connection, message)
    last = read(connection, message)
    if not last:
        return
    results: list[Entry] = []
    for call in (call for step in steps_of(last) for call in step.calls):
        if call.part.state in SETTLED:
            continue
        was_running = call.part.state == "running"
        result = LOST if was_running else text
        results.append(
            ResultEntry(
                run=last[-1].run,
                at=last[-1].at,
                thought_at=last[-1].thought_at,
                call_id=call.id,
                state="lost" if was_running else "cancelled",
                text=result,
                bytes=len(result.encode()),
                shown_bytes=len(result.encode()),
            )
        )
    write(connection, message, list(enumerate(results, place)))


def settle_all(connection: apsw.Connection) -> None:
    """The same for every message, after its steps came from a file that is not trusted.

    What the file says of the tools of its calls is forgotten, and so its verdicts are for no tool.
    """
    for message in rows(connection.execute("SELECT DISTINCT message FROM steps"), int):
        found = connection.execute("SELECT place, entry FROM steps WHERE message = ?", (message,))
        entries = [(int(place), ENTRY.validate_json(str(text))) for place, text in found]
        named = [(at, entry) for at, entry in entries if isinstance(entry, CallEntry)]
        write(
            connection,
            message,
            [(at, entry.model_copy(update={"definition": ""})) for at, entry in named],
        )
        settle(connection, message)


def decide(
    connection: apsw.Connection, message: int, call: StoredCall, decided: ApprovalEntry
) -> bool:
    """Store a decision about a call whose run has ended. False if somebody has decided before."""
    entries = read(connection, message)
    now = next((c for s in steps_of(entries) for c in s.calls if c.id == call.id), None)
    if now is None or now.part.state != "waiting":
        return False
    added: list[Entry] = [decided]
    if decided.verdict == "deny":
        text = DENIED + (f" The reason: {decided.why}" if decided.why else "")
        added.append(
            ResultEntry(
                run=decided.run,
                at=decided.at,
                thought_at=decided.thought_at,
                call_id=call.id,
                state="denied",
                text=text,
                bytes=len(text.encode()),
                shown_bytes=len(text.encode()),
            )
        )
    write(connection, message, list(enumerate(added, next_place(connection, message))))
    return True


def steps_of(entries: Iterable[Entry]) -> list[StoredStep]:
    """The steps with their calls, as they are after all entries."""
    steps: dict[int, StoredStep] = {}
    calls: dict[str, StoredCall] = {}
    written: dict[str, tuple[str, str, str, str]] = {}
    for place, entry in enumerate(entries):
        match entry:
            case OutputEntry():
                steps[entry.step] = StoredStep(
                    entry.step, entry.at, entry.provider_id, entry.model_id, entry.items
                )
                written = {made[0]: made for made in entry.calls}
            case CallEntry():
                step = steps.setdefault(entry.step, StoredStep(entry.step, entry.at))
                call = calls.get(entry.call_id)
                if call is None:
                    call = StoredCall(*(written.get(entry.call_id) or _made(entry)), _part(entry))
                    calls[entry.call_id] = call
                    step.calls.append(call)
                call.part = call.part.model_copy(update={"state": entry.state})
                call.definition = entry.definition
            case ApprovalEntry() if entry.call_id in calls:
                _approve(calls[entry.call_id], entry)
                calls[entry.call_id].decided = place
            case ResultEntry() if entry.call_id in calls:
                call = calls[entry.call_id]
                told = {"state", "text", "bytes", "shown_bytes", "code", "ran_ms", "parts"}
                update = {name: getattr(entry, name) for name in told}
                update["result"] = update.pop("text")
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
        live: whether its run goes on. Else a call that was running is lost.
    """
    parts: list[AnswerPart] = []
    at = thought_at = 0
    thoughts = {entry.step: entry.thought_at for entry in entries if isinstance(entry, CallEntry)}
    for step in steps_of(entries):
        _tell(parts, text[at : step.at], reasoning[thought_at : thoughts.get(step.step, 0)])
        at, thought_at = step.at, thoughts.get(step.step, thought_at)
        for call in step.calls:
            part = call.part
            if part.state == "running" and not live:
                part = part.model_copy(update={"state": "lost", "result": LOST})
            parts.append(part)
    if parts:
        _tell(parts, text[at:], reasoning[thought_at:])
    return parts


def _tell(parts: list[AnswerPart], text: str, reasoning: str) -> None:
    if reasoning:
        parts.append(AnswerThought(text=reasoning))
    if text:
        parts.append(AnswerText(text=text))


def _part(entry: CallEntry) -> AnswerCall:
    return AnswerCall(
        call_id=entry.call_id,
        step=entry.step,
        ordinal=entry.ordinal,
        tool=entry.tool,
        source=entry.source,
        arguments=entry.arguments,
        reads=entry.reads,
        brings=entry.brings,
        sends=entry.sends,
        state=entry.state,
    )


def _made(entry: CallEntry) -> tuple[str, str, str, str]:
    """Rebuild a call whose original text by the model is not stored."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", entry.tool)[:64] or "tool"
    return entry.call_id, entry.call_id, name, json.dumps(entry.arguments)


def _approve(call: StoredCall, entry: ApprovalEntry) -> None:
    if entry.state == "asked":
        call.nonce = entry.nonce or ""
        call.part = call.part.model_copy(update={"nonce": entry.nonce, "why": entry.why})
        return
    state: CallState = "denied" if entry.verdict == "deny" else "approved"
    if entry.edited is not None:
        state = "edited"
    update = {
        "state": state,
        "nonce": None,
        "verdict": entry.verdict,
        "scope": entry.scope,
        "edited": entry.edited,
        "why": entry.why,
    }
    call.part = call.part.model_copy(update=update)
