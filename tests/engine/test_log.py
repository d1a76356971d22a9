"""The log of an inference: joins and packing change no text, and no join crosses a cursor."""

import asyncio
import itertools
import sys
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shell.contract import (
    AnyEvent,
    DoneEvent,
    ReasoningEvent,
    ThinkingEvent,
    Timing,
    TokenEvent,
    ToolEvent,
    Usage,
)
from shell.inference.log import MAX_JOINED_CHARACTERS, InferenceLog
from shell.support.text import clean, join_surrogates
from tests.host_process import PATIENCE_S

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
ENTRY = st.one_of(
    st.tuples(st.just("llm:token"), TEXT),
    st.tuples(st.just("llm:reasoning"), TEXT),
    st.tuples(st.just("llm:thinking"), TEXT),
)
ENTRIES = st.lists(ENTRY, max_size=30)
USAGE = Usage(input_tokens=1, output_tokens=1, reasoning_tokens=0, cached_tokens=0, estimated=False)


def write(log: InferenceLog, channel: str, text: str) -> None:
    match channel:
        case "llm:token" | "llm:reasoning":
            log.append_text(channel, text)
        case _:
            log.append(ThinkingEvent(**log.stamp(), status=text))


def end(log: InferenceLog) -> None:
    log.append(
        DoneEvent(
            **log.stamp(),
            total_tokens=1,
            usage=USAGE,
            finish_reason="stop",
            cancelled=False,
            timing=Timing(first_token_ms=0, total_ms=0),
        )
    )


def make_log(entries: Sequence[tuple[str, str]], *, ended: bool = True) -> InferenceLog:
    clock = itertools.count()
    log = InferenceLog("inf-1", "s", now=lambda: next(clock) / 1000)
    for channel, text in entries:
        write(log, channel, text)
    if ended:
        end(log)
    return log


def ends_at(event: AnyEvent) -> int:
    return event.seq + getattr(event, "count", 1)


def text_of(events: Sequence[AnyEvent], kind: type[AnyEvent]) -> str:
    texts = [
        event.token if isinstance(event, TokenEvent) else event.text
        for event in events
        if isinstance(event, kind) and isinstance(event, TokenEvent | ReasoningEvent)
    ]
    return "".join(texts)


def check_dense(events: Sequence[AnyEvent], after: int, last: int) -> None:
    expected = after + 1
    for event in events:
        assert event.seq == expected
        expected = ends_at(event)
    assert expected == last + 1


@pytest.mark.shows("D47", "D48", "B25")
@given(ENTRIES, st.integers(-1, 40), st.lists(st.integers(-1, 40), max_size=4))
def test_joining_never_changes_the_text_nor_crosses_a_cursor(
    entries: list[tuple[str, str]], after: int, stops: list[int]
) -> None:
    log = make_log(entries)
    single = log.read(stops=range(log.last_seq + 1))
    assert [ends_at(e) - e.seq for e in single] == [1] * len(single)
    assert [e.channel for e in single[:-1]] == [channel for channel, _ in entries]

    events = log.read(after, stops=stops)
    check_dense(events, min(after, log.last_seq), log.last_seq) if after < log.last_seq else None
    for event in events:
        for stop in stops:
            assert not event.seq <= stop < ends_at(event) - 1, "a join crosses a cursor"
        assert event.model_dump(exclude={"token", "text", "count"}) == single[event.seq].model_dump(
            exclude={"token", "text", "count"}
        ), "a join is stamped as its first part"
    for kind in (TokenEvent, ReasoningEvent):
        assert text_of(events, kind) == text_of(single[after + 1 :], kind)


@pytest.mark.shows("D23", "D63")
@given(ENTRIES, st.integers(-1, 40), st.lists(st.integers(-1, 40), max_size=4), st.booleans())
def test_a_packed_log_reads_like_a_live_one(
    entries: list[tuple[str, str]], after: int, stops: list[int], twice: bool
) -> None:
    log = make_log(entries)
    before = (log.read(after, stops=stops), log.text("llm:token"), log.size, log.last_seq)
    log.pack()
    if twice:
        log.pack()
    assert (log.read(after, stops=stops), log.text("llm:token"), log.size, log.last_seq) == before


def test_a_live_log_is_not_packed() -> None:
    log = make_log([("llm:token", "a")], ended=False)
    log.pack()
    log.append_text("llm:token", "b")
    assert log.text("llm:token") == "ab"


@pytest.mark.shows("D48")
@given(ENTRIES, st.lists(st.integers(1, 5), max_size=40), st.integers(300, 2_000))
def test_a_reader_in_pieces_gets_what_a_reader_at_once_gets(
    entries: list[tuple[str, str]], steps: list[int], max_characters: int
) -> None:
    """A cursor follows a growing log, with reads of any size."""
    log = InferenceLog("inf-1", now=lambda: 0.0)
    cursor, events = -1, list[AnyEvent]()
    waiting = iter(entries)
    for step in [*steps, len(entries)]:
        for channel, text in itertools.islice(waiting, step):
            write(log, channel, text)
        for event in log.read(cursor, max_characters=max_characters):
            events.append(event)
            cursor = ends_at(event) - 1
    while cursor < log.last_seq:
        for event in log.read(cursor, max_characters=1)[:1]:
            events.append(event)
            cursor = ends_at(event) - 1
    check_dense(events, -1, log.last_seq)
    whole = log.read()
    for kind in (TokenEvent, ReasoningEvent):
        assert text_of(events, kind) == text_of(whole, kind)


@pytest.mark.shows("B27", "D25")
def test_nothing_follows_the_end() -> None:
    log = make_log([("llm:token", "a")])
    with pytest.raises(ValueError, match="nothing may follow"):
        log.append_text("llm:token", "b")
    with pytest.raises(ValueError, match="nothing may follow"):
        log.append_text("llm:token", "")
    with pytest.raises(ValueError, match="nothing may follow"):
        log.append(ThinkingEvent(**log.stamp(), status="x"))
    with pytest.raises(ValueError, match="nothing may follow"):
        end(log)
    assert log.last_seq == 1


@pytest.mark.shows("D48")
def test_an_event_belongs_to_one_place() -> None:
    log = make_log([("llm:token", "a")], ended=False)
    stamp = log.stamp()
    log.append_text("llm:token", "b")
    with pytest.raises(ValueError, match="does not belong"):
        log.append(ThinkingEvent(**stamp, status="late"))
    other = InferenceLog("inf-2")
    other.append_text("llm:token", "x")
    other.append_text("llm:token", "x")
    with pytest.raises(ValueError, match="does not belong"):
        log.append(ThinkingEvent(**other.stamp(), status="another's"))


def test_an_empty_part_is_no_event() -> None:
    log = InferenceLog("inf-1")
    log.append_text("llm:token", "")
    assert log.last_seq == -1


@pytest.mark.shows("D47", "D65")
@pytest.mark.parametrize("kind", ["llm:token", "llm:reasoning"])
@pytest.mark.parametrize("part", ["x", "\N{WAVING HAND SIGN}", "x" * 5_000, "x" * 16_384])
def test_what_is_joined_fits_a_push(kind: str, part: str) -> None:
    log = make_log([(kind, part)] * 20_000 if len(part) == 1 else [(kind, part)] * 10)
    events = log.read()
    assert all(len(e.model_dump_json(ensure_ascii=True)) < 256 * 1024 for e in events)
    assert len(events) > 2
    assert all(len(text_of([e], type(e))) <= MAX_JOINED_CHARACTERS for e in events)
    check_dense(events, -1, log.last_seq)


def test_an_answer_that_was_not_streamed_is_one_event_however_long() -> None:
    log = make_log([("llm:token", "x" * 100_000)])
    assert [e.channel for e in log.read()] == ["llm:token", "llm:done"]


def test_every_append_wakes_every_reader() -> None:
    log = InferenceLog("inf-1")
    woken: list[bool] = []
    unsubscribe = log.subscribe(woken.append)
    log.subscribe(woken.append)
    log.append_text("llm:token", "a")
    assert woken == [False, False]
    unsubscribe()
    end(log)
    assert woken == [False, False, True]


@pytest.mark.shows("D47")
def test_a_token_costs_little_memory() -> None:
    log = InferenceLog("inf-1")
    before = sys.getsizeof(log._kinds) + sys.getsizeof(log._times) + sys.getsizeof(log._indexes)
    for _ in range(10_000):
        log.append_text("llm:token", "word ")
    columns = sys.getsizeof(log._kinds) + sys.getsizeof(log._times) + sys.getsizeof(log._indexes)
    assert (columns - before) / 10_000 < 24
    end(log)
    log.pack()
    assert log.size < 10_000 * 24
    assert len(log.read(max_characters=1)) == 1


def test_the_size_counts_what_tool_calls_hold() -> None:
    log = InferenceLog("inf-1")
    log.append(ToolEvent(**log.stamp(), id="c", name="f", arguments_delta="x" * 10_000))
    assert log.size > 10_000


@pytest.mark.shows("D36", "D48")
def test_another_thread_reads_whole_entries_only() -> None:
    """The pump reads while the loop appends."""
    log = InferenceLog("inf-1")
    faults: list[object] = []
    reading, over = threading.Event(), threading.Event()

    def read() -> None:
        cursor = -1
        while not over.is_set() or cursor < log.last_seq:
            for event in log.read(cursor):
                if event.seq != cursor + 1 or not text_of([event], type(event)):
                    faults.append(event)
                cursor = ends_at(event) - 1
            reading.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert reading.wait(PATIENCE_S)
    for number in range(20_000):
        log.append_text("llm:token" if number % 7 else "llm:reasoning", "ab")
    over.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert faults == []


# --- text that was cut in the middle of a character -------------------------------------------

ANY = st.text(st.characters(), max_size=20)  # half characters too


@pytest.mark.shows("D21")
@settings(max_examples=300)
@given(ANY, st.lists(st.integers(1, 6), max_size=20))
def test_mending_does_not_depend_on_where_a_stream_is_cut(text: str, lengths: list[int]) -> None:
    mended, carried, position = "", "", 0
    for length in [*lengths, len(text)]:
        whole, carried = join_surrogates(text[position : position + length], carried)
        mended += whole
        position += length
    mended += "\ufffd" if carried else ""
    assert mended == clean(text)
    mended.encode()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_whole_text_is_left_alone(text: str) -> None:
    assert clean(text) == text
    halves = "".join(map(chr, memoryview(text.encode("utf-16-le")).cast("H")))
    assert clean(halves) == text, "and what JavaScript would call the same text"


@pytest.mark.anyio
async def test_a_follower_gets_every_event_to_the_end_and_leaves_nothing() -> None:
    log = InferenceLog("inf-1")
    log.append_text("llm:token", "be")
    log.append_text("llm:token", "fore")
    seen: list[str] = []
    waiting = asyncio.Event()

    async def follow(after: int) -> None:
        async for event in log.follow(after):
            seen.append(getattr(event, "token", event.channel))
            waiting.set()

    follower = asyncio.ensure_future(follow(0))
    await waiting.wait()
    log.append_text("llm:token", "mean")
    log.append_text("llm:token", "while")
    end(log)
    await follower
    assert seen == ["fore", "meanwhile", "llm:done"]
    assert log._wakes == ()
    assert [event async for event in log.follow(log.last_seq)] == []
    stopped = InferenceLog("inf-2")
    stream = stopped.follow()
    stopped.append_text("llm:token", "x")
    assert (await anext(stream)).seq == 0
    await stream.aclose()
    assert stopped._wakes == ()
