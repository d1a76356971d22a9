"""EventDecoder: whatever the network does to the bytes, the events are the same."""

import itertools
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.errors import ErrorCode, ProviderError
from shell.providers.answer import Answer
from shell.providers.base import (
    Chunk,
    Finish,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from shell.providers.chat_stream import ChatStream
from shell.providers.endpoint import Endpoint
from shell.providers.messages_stream import MessagesStream
from shell.providers.responses_stream import ResponsesStream
from shell.providers.sse import MAX_EVENT_BYTES, EventDecoder, ServerEvent
from tests.providers.dialects import Chat, Dialect, Messages, Responses

ENDPOINT = Endpoint("openai", "OpenAI", "https://api.example.com/v1")


def decode(pieces: list[bytes]) -> list[ServerEvent]:
    decoder = EventDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.end()


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(places)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"data: a\n\n", [("", "a")]),
        (b"data:a\n\ndata:  b\n\n", [("", "a"), ("", " b")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("", "a")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [("", "a"), ("", "b")]),
        (b"data: a\r\rdata: b\r\r", [("", "a"), ("", "b")]),
        (b"data: a\ndata: b\ndata\ndata:\n\n", [("", "a\nb\n\n")]),
        (b"event: x\ndata: a\n\ndata: b\n\n", [("x", "a"), ("", "b")]),
        (b"event: x\n\ndata: b\n\n", [("", "b")]),
        (b": ping\n\nid: 7\nretry: 1\n\n\n\n", []),
        (b"data: a\n", [("", "a")]),
        (b"data: a\n\ndata: cu", [("", "a")]),
        (b"data: \xff\xf0\x9f\n\n", [("", "\ufffd\ufffd")]),
        (b"<html>\nnot an event\n</html>", []),
        (b"", []),
    ],
)
def test_the_standards_cases(data: bytes, expected: list[tuple[str, str]]) -> None:
    assert decode([data]) == expected
    assert decode([data[i : i + 1] for i in range(len(data))]) == expected


@given(
    data=st.lists(
        st.sampled_from(
            [
                b"data: a",
                b"data:",
                b"event: e",
                b": c",
                b"x",
                b"\n",
                b"\r",
                b"\r\n",
                b"\n\n",
                b"\xf0\x9f",
            ]
        )
    ).map(b"".join),
    cuts=st.lists(st.integers(0, 500)),
)
def test_any_split_gives_the_same_events(data: bytes, cuts: list[int]) -> None:
    assert decode(split(data, cuts)) == decode([data])


def recorded(says: Dialect) -> bytes:
    """A stream with everything in it, and every kind of line end."""
    frames = [
        *says.begin(),
        b": keep-alive\n\n",
        *says.reasoning("Let me see 🌊"),
        *says.text("Grüße, \ud83d"),
        *says.text("\udc4b 世界\n\n"),
        *(frame.replace(b"\n", b"\r\n") for frame in says.text("with returns")),
        *(frame.replace(b"raw", "rāw 🌍".encode()) for frame in says.text("raw bytes")),
        *says.call(),
        *says.finish(),
    ]
    return b"".join(frames)


ANSWERS: list[tuple[Dialect, Callable[[Endpoint], Answer]]] = [
    (Chat(), ChatStream),
    (Messages(), MessagesStream),
    (Responses(), ResponsesStream),
]


@pytest.mark.parametrize(("says", "make"), ANSWERS, ids=["chat", "messages", "responses"])
def test_a_thousand_random_splits_of_a_recorded_stream(
    says: Dialect, make: Callable[[Endpoint], Answer]
) -> None:
    def chunks(pieces: list[bytes]) -> list[Chunk]:
        answer = make(ENDPOINT)
        found = [chunk for event in decode(pieces) for chunk in answer.take(event)]
        return [*found, *answer.end()]

    data = recorded(says)
    whole = chunks([data])
    kinds = {type(chunk) for chunk in whole}
    assert kinds == {TextDelta, ReasoningDelta, ToolCallDelta, UsageReport, Finish}
    for seed in range(1_000):
        dice = random.Random(seed)  # noqa: S311
        cuts = dice.choices(range(len(data)), k=dice.choice([1, 3, 30, 300]))
        assert chunks(split(data, cuts)) == whole, seed


def test_an_event_that_never_ends_is_given_up() -> None:
    decoder = EventDecoder()
    piece = b"x" * 1_000_000
    for _ in range(MAX_EVENT_BYTES // len(piece)):
        decoder.feed(piece)
    with pytest.raises(ProviderError) as raised:
        decoder.feed(piece)
    assert raised.value.code is ErrorCode.PROTOCOL_ERROR


def test_many_data_lines_count_too() -> None:
    decoder = EventDecoder()
    piece = b"data: " + b"x" * 1_000_000 + b"\n"
    for _ in range(MAX_EVENT_BYTES // len(piece)):
        decoder.feed(piece)
    with pytest.raises(ProviderError):
        decoder.feed(piece)
