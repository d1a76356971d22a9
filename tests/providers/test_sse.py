"""EventDecoder: the same events for every split of the bytes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.errors import ErrorCode, ProviderError
from shell.providers.base import (
    Finish,
    OutputItem,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.response import StreamingResponse
from shell.providers.http.sse import MAX_EVENT_BYTES, EventDecoder
from tests.providers.dialects import Dialect
from tests.providers.splits import ANSWERS, chunks, decode, recorded, split, splits_that_differ


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


@pytest.mark.parametrize(("dialect", "make"), ANSWERS, ids=["chat", "messages", "responses"])
def test_a_thousand_random_splits_of_a_recorded_stream(
    dialect: Dialect, make: Callable[[Endpoint], StreamingResponse]
) -> None:
    kinds = {type(chunk) for chunk in chunks(make, [recorded(dialect)])}
    content = {TextDelta, ReasoningDelta, ToolCallDelta, UsageReport, Finish}
    assert kinds - {OutputItem} == content
    assert splits_that_differ(dialect, make, range(1_000)) == []


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


def test_a_line_feed_in_a_piece_of_its_own_ends_one_line_only() -> None:
    assert decode([b"data: x\r", b"\n", b"\n", b"data: y\n\n"]) == [("", "x"), ("", "y")]


def test_empty_data_lines_without_end_are_given_up() -> None:
    decoder = EventDecoder()
    piece = b"data:\n" * 100_000
    for _ in range(MAX_EVENT_BYTES // len(piece)):
        decoder.feed(piece)
    with pytest.raises(ProviderError, match="too large"):
        decoder.feed(piece)
