"""Writes and reads archives: JSON files in our own format that lose nothing."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, SerializeAsAny, ValidationError

from shell.contract import (
    AnswerDetail,
    Compaction,
    FilePart,
    ImagePart,
    MessageStatus,
    MessageTemplate,
    Role,
    StoredId,
    TextPart,
    Value,
)
from shell.contract.base import ABSENT
from shell.store.exchange.calls import PortableCall
from shell.store.exchange.portable import PortableConversation, PortableMessage
from shell.store.tables import MAX_FOLDER_CHARACTERS, MAX_TIME_MS, MAX_TITLE_CHARACTERS
from shell.support.ids import TEMPORARY, derived_id

FORMAT = "tidewire-conversations"
VERSION = 1


def _permanent(stored_id: str) -> str:
    """Replace the id of a temporary conversation, which the store would look for in memory."""
    return derived_id(stored_id) if stored_id.startswith(TEMPORARY) else stored_id


_Id = Annotated[StoredId, AfterValidator(_permanent)]
Time = Annotated[int, Field(ge=0, le=MAX_TIME_MS)]


class _Archived(Value):
    """Ignores fields that a later version may add."""

    model_config = ConfigDict(extra="ignore")


class _Text(TextPart):
    """Text of any length. A message from another program may be longer than one that is sent."""

    text: str


_Part = Annotated[_Text | ImagePart | FilePart, Field(discriminator="type")]


class _Message(_Archived):
    id: _Id
    parent_id: _Id | None
    chosen_id: _Id | None
    role: Role
    content: SerializeAsAny[str | list[_Part]]
    reasoning: str
    status: MessageStatus
    provider_id: str | None
    model_id: str | None
    created_at: Time
    detail: AnswerDetail | None
    calls: Annotated[list[PortableCall] | None, Field(max_length=10_000), ABSENT] = None
    template: Annotated[MessageTemplate | None, ABSENT] = None
    compaction: Annotated[Compaction | None, ABSENT] = None


class _Conversation(_Archived):
    id: _Id
    title: str
    title_from: Literal["words", "model", "person"]
    system_prompt: str | None
    folder: str | None
    pinned: bool
    created_at: Time
    updated_at: Time
    chosen_id: _Id | None
    messages: Annotated[list[_Message], Field(max_length=1_000_000)]


class NotOurs(ValueError):
    """The value is not a conversation of an archive. The text names the wrong field."""


def write(conversations: Iterable[PortableConversation]) -> Iterator[str]:
    """Yield the text of an archive in pieces. The same conversations give the same text."""
    yield f'{{\n "format": "{FORMAT}",\n "version": {VERSION},\n "conversations": ['
    separator = "\n"
    for portable in conversations:
        body = json.dumps(_dump(portable), ensure_ascii=False, indent=1)
        yield separator + "\n".join("  " + line for line in body.split("\n"))
        separator = ",\n"
    yield "\n ]\n}\n" if separator != "\n" else "]\n}\n"


def read(raw: object) -> PortableConversation:
    """Read one conversation of an archive.

    Raises:
        NotOurs: the value is not a conversation of an archive.
    """
    try:
        # Not strict: JSON has the codes of failures and notices as texts.
        archived = _Conversation.model_validate(raw, strict=False, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise NotOurs(f"{place}: {first['msg']}") from None
    portable = PortableConversation(**dict(archived))
    portable.title = portable.title[:MAX_TITLE_CHARACTERS]
    portable.folder = portable.folder and portable.folder[:MAX_FOLDER_CHARACTERS]
    portable.messages = [PortableMessage(**dict(message)) for message in archived.messages]
    known: set[str] = set()
    for message in portable.messages:
        if message.id in known or not (message.parent_id is None or message.parent_id in known):
            raise NotOurs(f"messages: {message.id} is out of place")
        known.add(message.id)
        message.calls = message.calls or []  # an earlier Tidewire wrote none
        if message.status == "streaming":
            message.status = "interrupted"
    return portable


def _fields(value: PortableConversation | PortableMessage) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _dump(portable: PortableConversation) -> object:
    messages = [_Message.model_construct(**_fields(message)) for message in portable.messages]
    conversation = _Conversation.model_construct(**{**_fields(portable), "messages": messages})
    return conversation.model_dump(mode="json", by_alias=True)
