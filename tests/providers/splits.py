"""Compares the chunks of a stream in random pieces with those of the whole stream."""

import itertools
import random
from collections.abc import Callable

from shell.providers.apis.chat_stream import ChatStream
from shell.providers.apis.messages_stream import MessagesStream
from shell.providers.apis.responses_stream import ResponsesStream
from shell.providers.base import Chunk
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.response import StreamingResponse
from shell.providers.http.sse import EventDecoder, ServerEvent
from tests.providers.dialects import Chat, Dialect, Messages, Responses

ENDPOINT = Endpoint("test", "Test", "https://api.example.com/v1")
ANSWERS: list[tuple[Dialect, Callable[[Endpoint], StreamingResponse]]] = [
    (Chat(), ChatStream),
    (Messages(), MessagesStream),
    (Responses(), ResponsesStream),
]


def decode(pieces: list[bytes]) -> list[ServerEvent]:
    decoder = EventDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.end()


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(places)]


def recorded(dialect: Dialect) -> bytes:
    """A stream with every kind of chunk and of line end."""
    frames = [
        *dialect.begin(),
        b": keep-alive\n\n",
        *dialect.reasoning("Let me see 🌊"),
        *dialect.text("Grüße, \ud83d"),
        *dialect.text("\udc4b 世界\n\n"),
        *(frame.replace(b"\n", b"\r\n") for frame in dialect.text("with returns")),
        *(frame.replace(b"raw", "rāw 🌍".encode()) for frame in dialect.text("raw bytes")),
        *dialect.call(),
        *dialect.finish(),
    ]
    return b"".join(frames)


def chunks(make: Callable[[Endpoint], StreamingResponse], pieces: list[bytes]) -> list[Chunk]:
    answer = make(ENDPOINT)
    result = [chunk for event in decode(pieces) for chunk in answer.take(event)]
    return [*result, *answer.end()]


def splits_that_differ(
    dialect: Dialect, make: Callable[[Endpoint], StreamingResponse], seeds: range
) -> list[int]:
    """The seeds whose split gives other chunks than the whole stream."""
    data = recorded(dialect)
    whole = chunks(make, [data])
    differing = []
    for seed in seeds:
        dice = random.Random(seed)  # noqa: S311
        cuts = dice.choices(range(len(data)), k=dice.choice([1, 3, 30, 300]))
        if chunks(make, split(data, cuts)) != whole:
            differing.append(seed)
    return differing
