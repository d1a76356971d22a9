"""Messages and their parts: text, images and files."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shell.contract.base import Value

MAX_MESSAGES = 100
MAX_MESSAGE_CHARACTERS = 100_000
Role = Literal["user", "assistant", "system"]
SystemPrompt = Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)]


class TextPart(Value):
    """Words."""

    type: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]


FileName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
"""Never a path."""


class ImagePart(Value):
    """A picture, held by the app: its media type, its bytes in base64, the name of its file."""

    # Sent and told in one shape: the name may be left out both ways.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: Literal["image"] = "image"
    name: FileName | None = None
    """For people; no model is told of it."""
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class FilePart(Value):
    """A file for models that take files: its name, media type and base64 bytes."""

    type: Literal["file"] = "file"
    name: FileName
    media_type: Annotated[str, Field(max_length=127, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


Part = Annotated[TextPart | ImagePart | FilePart, Field(discriminator="type")]


def _check_length(parts: list[Part]) -> list[Part]:
    """A message is as long as all of its parts."""
    if sum(len(part.text) for part in parts if isinstance(part, TextPart)) > MAX_MESSAGE_CHARACTERS:
        raise PydanticCustomError("string_too_long", "The parts are too long together")
    return parts


Parts = Annotated[
    list[Part],
    Field(min_length=1, max_length=64, fail_fast=True),
    AfterValidator(_check_length),
]
Content = Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)] | Parts
"""What a person sends in a conversation of the app; never empty."""


class Message(Value):
    """One turn of a conversation: a role and a text, which may be empty, or a list of parts.

    Unknown fields are ignored: a page sends the messages that it keeps, with fields of its own.
    """

    model_config = ConfigDict(extra="ignore")

    role: Role
    content: Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)] | Parts

    @property
    def text(self) -> str:
        """The words of the message; text parts are joined."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content if isinstance(part, TextPart))


Messages = Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]
