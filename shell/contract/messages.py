"""Messages and their parts, which are text, images and files."""

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from shell.contract.base import OMIT_EMPTY, Value

MAX_MESSAGES = 100
MAX_MESSAGE_CHARACTERS = 100_000
MAX_TEMPLATE_BYTES = 64 * 1024
"""Limit on the values of a template, as JSON."""
Role = Literal["user", "assistant", "system"]
SystemPrompt = Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)]


class TextPart(Value):
    """Text."""

    type: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]
    untrusted: Annotated[bool, OMIT_EMPTY] = False
    """Others may have written some of it, because it comes from a prompt of a server."""


FileName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
"""A name without a path."""


class Attachment(Value):
    """An image or a file of a message, or of a tool's result, where it may be a sound.

    `attachment` returns its bytes by `hash`.
    """

    type: Literal["attachment"] = "attachment"
    kind: Literal["image", "file"]
    name: str | None = None
    media_type: str
    size: int
    """Characters of its data in base64."""
    hash: str


class AttachmentData(Value):
    """The bytes of an attachment, in base64."""

    data: str


class AttachmentCopy(Value):
    """Asks for a copy of an attachment in the folder `exports` of the data directory."""

    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    name: FileName


class NewFile(Value):
    """A text to write to a new file in the folder `exports` of the data directory."""

    name: FileName
    text: Annotated[str, Field(max_length=4_000_000)]


class ImagePart(Value):
    """An image with its bytes in base64."""

    # The name may be left out in requests and in replies.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: Literal["image"] = "image"
    name: FileName | None = None
    """The name of the file. Pages show it; models do not get it."""
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class FilePart(Value):
    """A file with its bytes in base64, for models that take files."""

    type: Literal["file"] = "file"
    name: FileName
    media_type: Annotated[str, Field(max_length=127, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


Part = Annotated[TextPart | ImagePart | FilePart, Field(discriminator="type")]


def _check_length(parts: list[Part]) -> list[Part]:
    """Limit the text of all parts together."""
    if sum(len(part.text) for part in parts if isinstance(part, TextPart)) > MAX_MESSAGE_CHARACTERS:
        raise PydanticCustomError("string_too_long", "The parts are too long together")
    return parts


Parts = Annotated[
    list[Part], Field(min_length=1, max_length=64, fail_fast=True), AfterValidator(_check_length)
]
Content = Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)] | Parts
"""The content of a message that a person sends in a stored conversation. Never empty."""


class MessageTemplate(Value):
    """The prompt template of a message, with the entered values."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    version: Annotated[str, Field(max_length=100)]
    """A hash of the template's text."""
    values: dict[str, JsonValue]

    @model_validator(mode="after")
    def _check(self) -> "MessageTemplate":
        size = len(json.dumps(self.values, ensure_ascii=False).encode(errors="replace"))
        if size > MAX_TEMPLATE_BYTES:
            kinds = {"limit": MAX_TEMPLATE_BYTES}
            raise PydanticCustomError("too_long", "Values exceed {limit} bytes of JSON", kinds)
        return self


class Message(Value):
    """A message of a request. Its text may be empty.

    Unknown fields are ignored, because a page's own messages may have more fields.
    """

    model_config = ConfigDict(extra="ignore")

    role: Role
    content: Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)] | Parts

    @property
    def text(self) -> str:
        """The text of the message, with its text parts joined."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content if isinstance(part, TextPart))


def is_untrusted(content: str | Sequence[Part]) -> bool:
    """Whether others may have written some of it: an attachment, or a prompt of a server."""
    if isinstance(content, str):
        return False
    return any(not isinstance(part, TextPart) or part.untrusted for part in content)


Messages = Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]
