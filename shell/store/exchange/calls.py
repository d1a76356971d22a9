"""Converts the tool calls of an answer for export and import, without open decisions.

A call that has no result yet gets one, because it cannot be decided in another store. Nonces, the
scope of verdicts and the opaque output of models are left out.
"""

import json
from collections.abc import Callable, Sequence
from typing import Annotated

import apsw
from pydantic import ConfigDict, Field

from shell.contract import AnswerCall, Attachment, FilePart, ImagePart
from shell.contract.base import ABSENT
from shell.store.messages import steps
from shell.store.messages.content import (
    StoredContent,
    listed_parts,
    save_blobs,
    take_apart,
    with_bytes,
)
from shell.store.messages.queries import IMPORTED
from shell.store.search import index
from shell.support.text import clean
from shell.tools.call_states import SETTLED


class PortableCall(AnswerCall):
    """A call with its place in the answer."""

    model_config = ConfigDict(extra="ignore")

    at: Annotated[int, Field(ge=0)]
    """How many characters of the text come before."""
    thought_at: Annotated[int, Field(ge=0)]
    """The same of the reasoning."""
    media: Annotated[list[ImagePart | FilePart] | None, Field(max_length=100), ABSENT] = None
    """The pictures and sounds of the result, with their bytes."""


def take_out(
    connection: apsw.Connection, message: int, blob: Callable[[str], bytes | None]
) -> list[PortableCall]:
    """The calls of a message. `blob` returns the bytes of a hash, or None if they are lost."""
    entries = steps.read(connection, message)
    places = {
        entry.call_id: (entry.at, entry.thought_at)
        for entry in reversed(entries)
        if isinstance(entry, steps.CallEntry)
    }
    return [
        _settled(call.part, *places[call.id], _whole(call.part.parts or (), blob))
        for call in steps.calls_of(entries)
    ]


def put(
    connection: apsw.Connection, message: int, text: str, calls: Sequence[PortableCall]
) -> None:
    """Add calls to a message that has just been added, as part of a writing job."""
    if calls:
        save_blobs(connection, (one for call in calls for one in _taken(call).blobs))
        steps.write(connection, message, list(enumerate(entries_of(calls))))
        index.put_message(connection, message, text)


def entries_of(calls: Sequence[PortableCall]) -> list[steps.Entry]:
    """The calls as entries of a message."""
    entries: list[steps.Entry] = []
    for call in sorted(calls, key=lambda call: (call.step, call.ordinal)):
        settled = _settled(call, call.at, call.thought_at, None)
        shared = {**settled.model_dump(by_alias=False), "run": IMPORTED}
        made = [_of(steps.CallEntry, {**shared, "definition": ""})]
        if settled.verdict is not None:
            made.append(_of(steps.ApprovalEntry, {**shared, "state": "decided", "nonce": None}))
        parts = [part.model_dump() for part in listed_parts(_taken(call).parts)]
        result = {**shared, "text": settled.result or "", "parts": parts or None}
        made.append(_of(steps.ResultEntry, result))
        # Through text, because a file may have half a character anywhere.
        entries += [
            steps.ENTRY.validate_json(clean(json.dumps(one, ensure_ascii=False))) for one in made
        ]
    return entries


def _of(
    kind: type[steps.CallEntry | steps.ApprovalEntry | steps.ResultEntry], fields: dict[str, object]
) -> dict[str, object]:
    known = {name: value for name, value in fields.items() if name in kind.model_fields}
    return {**known, "type": kind.model_fields["type"].default}


def _taken(call: PortableCall) -> StoredContent:
    return take_apart(call.media or [])


def _whole(
    parts: Sequence[Attachment], blob: Callable[[str], bytes | None]
) -> list[ImagePart | FilePart]:
    """Parts with their bytes. Those whose bytes are lost are left out; the result names them."""
    return [
        with_bytes(part.kind, part.name, part.media_type, data)
        for part in parts
        if (data := blob(part.hash)) is not None
    ]


def _settled(
    call: AnswerCall, at: int, thought_at: int, media: Sequence[ImagePart | FilePart] | None
) -> PortableCall:
    changes: dict[str, object] = {"nonce": None, "scope": None, "parts": None}
    changes["media"] = list(media) if media else None
    if call.state not in SETTLED or call.result is None:
        state, text = steps.ending_of(call)
        size = len(text.encode())
        changes |= {"state": state, "result": text, "bytes": size, "shown_bytes": size}
    fields = {**dict(call), **changes, "at": at, "thought_at": thought_at}
    return PortableCall.model_construct(**fields)
