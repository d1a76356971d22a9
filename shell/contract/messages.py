"""Messages and their parts, which are text, images and files."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shell.contract.base import Value

MAX_MESSAGES = 100
MAX_MESSAGE_CHARACTERS = 100_000
Role = Literal["user", "assistant", "system"]
SystemPrompt = Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)]


class TextPart(Value):
    """Text."""

    type: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]


FileName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
"""A name without a path."""


class ImagePart(Value):
    """An image with its bytes in base64."""

    # The name may be left out in requests and in replies.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: Literal["image"] = "image"
    name: FileName | None = None
    """The name of the file, which is shown to people and not sent to models."""
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class FilePart(Value):
    """A file with its bytes in base64, for models that take files."""

    type: Literal["file"] = "file"
    name: FileName
    media_type: Annotated[str, Field(max_length=127, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


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


Messages = Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]
