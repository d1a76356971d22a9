"""Converts the tool calls of an answer for export and import, without open decisions.

A call without a result gets one, because no other store can decide about it. Nonces, the scope of
verdicts and the opaque output of models are left out.
"""

import json
from collections.abc import Callable, Sequence
from typing import Annotated

import apsw
from pydantic import ConfigDict, Field

from shell.contract import AnswerCall, Attachment, FilePart, ImagePart
from shell.contract.base import ABSENT
from shell.store.messages import content, steps
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
    """How many characters of the reasoning come before."""
    media: Annotated[list[ImagePart | FilePart] | None, Field(max_length=100), ABSENT] = None
    """The pictures and sounds of the result, with their bytes."""


def read(
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
        _settled(call.part, *places[call.id], _media_parts(call.part.parts or (), blob))
        for call in steps.calls_of(entries)
    ]


def put(
    connection: apsw.Connection, message: int, text: str, calls: Sequence[PortableCall]
) -> None:
    """Add calls to a new message, as part of a writing job."""
    if calls:
        blobs = (blob for call in calls for blob in _stored_media(call).blobs)
        content.save_blobs(connection, blobs)
        steps.write(connection, message, list(enumerate(entries_of(calls))))
        index.put_message(connection, message, text)


def entries_of(calls: Sequence[PortableCall]) -> list[steps.Entry]:
    """The calls as entries of a message."""
    entries: list[steps.Entry] = []
    for call in sorted(calls, key=lambda call: (call.step, call.ordinal)):
        settled = _settled(call, call.at, call.thought_at, None)
        shared = {**settled.model_dump(by_alias=False), "run": IMPORTED}
        drafts = [_entry_fields(steps.CallEntry, {**shared, "definition": ""})]
        if settled.verdict is not None:
            decided = {**shared, "state": "decided", "nonce": None}
            drafts.append(_entry_fields(steps.ApprovalEntry, decided))
        parts = [part.model_dump() for part in content.listed_parts(_stored_media(call).parts)]
        result = {**shared, "text": settled.result or "", "parts": parts or None}
        drafts.append(_entry_fields(steps.ResultEntry, result))
        # Convert through text, because a file may have lone surrogates anywhere.
        texts = (json.dumps(draft, ensure_ascii=False) for draft in drafts)
        entries += [steps.ENTRY.validate_json(clean(text)) for text in texts]
    return entries


def _entry_fields(
    kind: type[steps.CallEntry | steps.ApprovalEntry | steps.ResultEntry], fields: dict[str, object]
) -> dict[str, object]:
    known = {name: value for name, value in fields.items() if name in kind.model_fields}
    return {**known, "type": kind.model_fields["type"].default}


def _stored_media(call: PortableCall) -> content.StoredContent:
    return content.take_apart(call.media or [])


def _media_parts(
    parts: Sequence[Attachment], blob: Callable[[str], bytes | None]
) -> list[ImagePart | FilePart]:
    """Parts with their bytes. Leaves out parts with lost bytes, which the result still names."""
    return [
        content.with_bytes(part.kind, part.name, part.media_type, data)
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
