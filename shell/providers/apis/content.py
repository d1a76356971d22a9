"""Writes the content of a message, as far as the APIs agree on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from shell.contract import FilePart, ImagePart, Message, Part, TextPart
from shell.providers.base import ModelStep, ProviderRequest

Output = Sequence[Mapping[str, object]]
MAX_PICTURES = 20
"""Of results in one request; providers take smaller ones only if there are more."""
MAX_PICTURE_CHARACTERS = 20_000_000
"""All of these pictures in base64; a request of Anthropic's has 32 MB at most."""


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
    """Write every message of a request. `step` writes what the model said between calls of tools,
    from it and from the output that must go back unchanged.
    """
    for message in with_pictures(request):
        if isinstance(message, Message):
            yield write_message(message, part)
        else:
            yield from step(message, message.output_for(request.provider_id, request.model.id))


def with_pictures(request: ProviderRequest) -> list[Message | ModelStep]:
    """The messages of a request, with the newest pictures of results that it can hold.

    A model that takes no pictures gets none of them; the text of a result names them.
    """
    room, count = (MAX_PICTURE_CHARACTERS, MAX_PICTURES) if request.model.images else (0, 0)
    messages = list(request.messages)
    for place in reversed(range(len(messages))):
        message = messages[place]
        if isinstance(message, Message) or not any(call.images for call in message.calls):
            continue
        calls = list(message.calls)
        for at in reversed(range(len(calls))):
            room -= sum(len(image.data) for image in calls[at].images)
            count -= len(calls[at].images)
            if room < 0 or count < 0:
                calls[at] = replace(calls[at], images=())
        messages[place] = replace(message, calls=tuple(calls))
    return messages


def data_url(part: ImagePart | FilePart) -> str:
    """The content of a part as a `data:` URL."""
    return f"data:{part.media_type};base64,{part.data}"
