"""Writes and reads archives: JSON files in our own format that lose nothing."""

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationError

from shell.contract import AnswerDetail, KeptId, MessageStatus, Part, Role, Value
from shell.contract.base import ABSENT
from shell.store.exchange.calls import PortableCall
from shell.store.exchange.portable import Portable, PortableMessage
from shell.store.tables import MAX_TIME_MS

FORMAT = "tidewire-conversations"
VERSION = 1


Time = Annotated[int, Field(ge=0, le=MAX_TIME_MS)]


class _Archived(Value):
    """Ignores fields that a later version may add."""

    model_config = ConfigDict(extra="ignore")


class _Message(_Archived):
    id: KeptId
    parent_id: KeptId | None
    chosen_id: KeptId | None
    role: Role
    content: str | list[Part]
    reasoning: str
    status: MessageStatus
    provider_id: str | None
    model_id: str | None
    created_at: Time
    detail: AnswerDetail | None
    calls: Annotated[list[PortableCall] | None, Field(max_length=10_000), ABSENT] = None


class _Conversation(_Archived):
    id: KeptId
    title: str
    title_from: Literal["words", "model", "person"]
    system_prompt: str | None
    folder: str | None
    pinned: bool
    created_at: Time
    updated_at: Time
    chosen_id: KeptId | None
    messages: Annotated[list[_Message], Field(max_length=1_000_000)]


class NotOurs(ValueError):
    """The value is not a conversation of an archive; the text says where it is wrong."""


def write(conversations: Iterable[Portable]) -> Iterator[str]:
    """Yield the text of an archive in pieces. The same conversations give the same text."""
    yield f'{{\n "format": "{FORMAT}",\n "version": {VERSION},\n "conversations": ['
    separator = "\n"
    for portable in conversations:
        body = json.dumps(_dumped(portable), ensure_ascii=False, indent=1)
        yield separator + "\n".join("  " + line for line in body.split("\n"))
        separator = ",\n"
    yield "\n ]\n}\n" if separator != "\n" else "]\n}\n"


def read(raw: object) -> Portable:
    """Read one conversation of an archive.

    Raises:
        NotOurs: the value is not a conversation of an archive.
    """
    try:
        archived = _Conversation.model_validate(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise NotOurs(f"{place}: {first['msg']}") from None
    portable = Portable(
        id=archived.id,
        title=archived.title,
        created_at=archived.created_at,
        updated_at=archived.updated_at,
        title_from=archived.title_from,
        system_prompt=archived.system_prompt,
        folder=archived.folder,
        pinned=archived.pinned,
    )
    if archived.chosen_id is not None:
        portable.chosen[None] = archived.chosen_id
    known: set[str] = set()
    for message in archived.messages:
        if message.id in known or not (message.parent_id is None or message.parent_id in known):
            raise NotOurs(f"messages: {message.id} is out of place")
        known.add(message.id)
        if message.chosen_id is not None:
            portable.chosen[message.id] = message.chosen_id
        portable.messages.append(
            PortableMessage(
                id=message.id,
                parent_id=message.parent_id,
                role=message.role,
                content=message.content,
                created_at=message.created_at,
                status="interrupted" if message.status == "streaming" else message.status,
                provider_id=message.provider_id,
                model_id=message.model_id,
                reasoning=message.reasoning,
                detail=message.detail,
                calls=message.calls or [],
            )
        )
    return portable


def _dumped(portable: Portable) -> object:
    messages = [
        _Message.model_construct(
            id=message.id,
            parent_id=message.parent_id,
            chosen_id=portable.chosen.get(message.id),
            role=message.role,
            content=message.content,
            reasoning=message.reasoning,
            status=message.status,
            provider_id=message.provider_id,
            model_id=message.model_id,
            created_at=message.created_at,
            detail=message.detail,
            calls=message.calls or None,
        )
        for message in portable.messages
    ]
    conversation = _Conversation.model_construct(
        id=portable.id,
        title=portable.title,
        title_from=portable.title_from,
        system_prompt=portable.system_prompt,
        folder=portable.folder,
        pinned=portable.pinned,
        created_at=portable.created_at,
        updated_at=portable.updated_at,
        chosen_id=portable.chosen.get(None),
        messages=messages,
    )
    return conversation.model_dump(mode="json", by_alias=True)
