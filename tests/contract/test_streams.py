"""The golden streams: the events of a host, read by the Python models.

The page's reducer runs the same files (web/tests/runReducer.test.ts) to the same expectations.
"""

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from shell.contract import AnyEvent, DoneEvent, ErrorEvent, ReasoningEvent, TokenEvent

STREAMS = Path(__file__).parents[1] / "streams"
EXPECTED = json.loads((STREAMS / "expected.json").read_text("utf-8"))
_event = TypeAdapter[AnyEvent](AnyEvent)


def events_of(name: str) -> list[AnyEvent]:
    lines = (STREAMS / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [_event.validate_json(line) for line in lines]


def test_every_stream_has_its_expectation() -> None:
    assert {path.stem for path in STREAMS.glob("*.jsonl")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_line_is_exactly_what_the_model_writes(name: str) -> None:
    for line in (STREAMS / f"{name}.jsonl").read_text("utf-8").splitlines():
        assert _event.validate_json(line).model_dump_json(ensure_ascii=True) == line


@pytest.mark.shows("D25", "D48")
@pytest.mark.parametrize("name", EXPECTED)
def test_seq_is_dense_and_one_terminal_event_is_the_last(name: str) -> None:
    events = events_of(name)
    upcoming = 0
    for event in events:
        assert event.inference_id == f"inf-{name}"
        assert event.seq == upcoming
        upcoming += event.count if isinstance(event, TokenEvent | ReasoningEvent) else 1
    ends = [isinstance(event, DoneEvent | ErrorEvent) for event in events]
    assert ends == [False] * (len(events) - 1) + [True]
    assert upcoming == EXPECTED[name]["next"]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stream_says_what_is_expected_of_it(name: str) -> None:
    expected, events = EXPECTED[name], events_of(name)
    tokens = [event for event in events if isinstance(event, TokenEvent)]
    assert "".join(event.token for event in tokens) == expected["response"]
    assert (
        "".join(event.text for event in events if isinstance(event, ReasoningEvent))
        == expected["reasoning"]
    )
    index = 0
    for event in tokens:
        assert event.index == index
        index += event.count
    end = events[-1]
    if isinstance(end, ErrorEvent):
        assert (expected["status"], expected["code"]) == ("error", end.code)
        assert end.retryable == end.code.retryable
    else:
        assert isinstance(end, DoneEvent)
        assert expected["status"] == ("cancelled" if end.cancelled else "done")
        assert expected["finishReason"] == end.finish_reason
        assert end.total_tokens == end.usage.output_tokens
