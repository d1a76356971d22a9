"""EventDecoder: whatever the network does to the bytes, the events are the same."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.errors import ErrorCode, ProviderError
from shell.providers.base import Chunk
from shell.providers.chat_stream import ChatStream
from shell.providers.endpoint import Endpoint
from shell.providers.sse import MAX_EVENT_BYTES, EventDecoder, ServerEvent
from tests.providers.dialects import Chat

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


def recorded() -> bytes:
    chat = Chat()
    frames = [
        *chat.begin(),
        b": keep-alive\n\n",
        *chat.reasoning("Let me see 🌊"),
        *chat.text("Grüße, \ud83d"),
        *chat.text("\udc4b 世界\n\n"),
        'data: {"choices": [{"delta": {"content": "raw 🌍 bytes"}}]}\r\n\r\n'.encode(),
        *chat.call(),
        *chat.finish("tool_calls"),
    ]
    return b"".join(frames)


def chunks(pieces: list[bytes]) -> list[Chunk]:
    answer = ChatStream(ENDPOINT)
    found = [chunk for event in decode(pieces) for chunk in answer.take(event)]
    return [*found, *answer.end()]


def test_a_thousand_random_splits_of_a_recorded_stream() -> None:
    data = recorded()
    whole = chunks([data])
    assert len(whole) == 9
    for seed in range(1_000):
        random.seed(seed)
        cuts = random.choices(range(len(data)), k=random.choice([1, 3, 30, 300]))  # noqa: S311
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
