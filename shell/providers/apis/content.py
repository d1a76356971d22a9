"""Writes the content of a message, as far as the APIs agree on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from shell.contract import FilePart, ImagePart, Message, Part, TextPart
from shell.providers.base import ModelStep, ProviderRequest

Output = Sequence[Mapping[str, object]]
MAX_PICTURES = 20
"""Most pictures of results in one request. With more, providers accept only smaller ones."""
MAX_PICTURE_CHARACTERS = 20_000_000
"""Limit on all these pictures together, in base64. Anthropic takes requests of 32 MB at most."""


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


def with_pictures(request: ProviderRequest) -> list[Message | ModelStep]:
    """The messages of a request, with as many of the newest pictures of results as it can hold.

    A model that takes no pictures gets none of them. The text of a result names them.
    """
    images = request.model.images
    free_characters, free_pictures = (MAX_PICTURE_CHARACTERS, MAX_PICTURES) if images else (0, 0)
    messages = list(request.messages)
    for position in reversed(range(len(messages))):
        message = messages[position]
        if isinstance(message, Message) or not any(call.images for call in message.calls):
            continue
        calls = list(message.calls)
        for index in reversed(range(len(calls))):
            free_characters -= sum(len(image.data) for image in calls[index].images)
            free_pictures -= len(calls[index].images)
            if free_characters < 0 or free_pictures < 0:
                calls[index] = replace(calls[index], images=())
        messages[position] = replace(message, calls=tuple(calls))
    return messages


def data_url(part: ImagePart | FilePart) -> str:
    """The content of a part as a `data:` URL."""
    return f"data:{part.media_type};base64,{part.data}"
