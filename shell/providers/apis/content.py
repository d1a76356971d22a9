"""Writes the content of a message, as far as the APIs agree on it."""

from collections.abc import Callable

from shell.contract import FilePart, ImagePart, Message, TextPart

AnyPart = TextPart | ImagePart | FilePart


def write_message(
    message: Message, part: Callable[[AnyPart], dict[str, object]]
) -> dict[str, object]:
    """Write a message, with its parts as a list only if it holds more than text.

    Many servers take such a list only for models that see images.
    """
    if isinstance(message.content, str) or all(isinstance(p, TextPart) for p in message.content):
        return {"role": message.role, "content": message.text}
    return {"role": message.role, "content": [part(p) for p in message.content]}


def data_url(part: ImagePart | FilePart) -> str:
    """The content of a part as a `data:` URL."""
    return f"data:{part.media_type};base64,{part.data}"
