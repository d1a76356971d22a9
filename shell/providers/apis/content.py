"""Writes the content of a message, as far as the APIs agree on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shell.contract import FilePart, ImagePart, Message, Part, TextPart
from shell.providers.base import ModelStep, ProviderRequest
from shell.providers.pictures import with_pictures

Output = Sequence[Mapping[str, object]]


def write_message(message: Message, part: Callable[[Part], dict[str, object]]) -> dict[str, object]:
    """Write a message, with its parts as a list only if it holds more than text.

    Many servers take such a list only for models that see images.
    """
    if isinstance(message.content, str) or all(isinstance(p, TextPart) for p in message.content):
        return {"role": message.role, "content": message.text}
    return {"role": message.role, "content": [part(p) for p in message.content]}


def write_messages(
    request: ProviderRequest,
    part: Callable[[Part], dict[str, object]],
    step: Callable[[ModelStep, Output], Iterable[dict[str, object]]],
) -> Iterator[dict[str, object]]:
    """Write every message of a request. `step` writes an earlier call of the model that called
    tools, from the step and from its output that must go back unchanged.
    """
    for message in with_pictures(request):
        if isinstance(message, Message):
            yield write_message(message, part)
        else:
            yield from step(message, message.output_for(request.provider_id, request.model.id))


def data_url(part: ImagePart | FilePart) -> str:
    """The content of a part as a `data:` URL."""
    return f"data:{part.media_type};base64,{part.data}"
