"""Chooses the pictures of results that a request can hold."""

from dataclasses import replace

from shell.contract import Message
from shell.providers.base import ModelStep, ProviderRequest

MAX_PICTURES = 20
"""Most pictures of results in one request. With more, providers accept only smaller ones."""
MAX_PICTURE_CHARACTERS = 20_000_000
"""Limit on all these pictures together, in base64. Anthropic takes requests of 32 MB at most."""


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
