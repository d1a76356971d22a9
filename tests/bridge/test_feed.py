"""A page gets every event once and in order, whatever is lost on the way."""

import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shell.api.llm import MAX_PIECE_CHARACTERS
from shell.bridge.feed import MAX_PUSH_BYTES, Feed, Push
from shell.bridge.topics import Topics
from shell.contract import (
    DoneEvent,
    ErrorEvent,
    NoticeEvent,
    Problem,
    StoreState,
    StoreTopic,
    ThinkingEvent,
    Timing,
    ToolEvent,
    Usage,
)
from shell.errors import ErrorCode
from shell.inference.log import MAX_JOINED_CHARACTERS, InferenceLog
from tests.caller_page import Json, Story
from tests.host_process import PATIENCE_S

EMOJI = "\N{WAVING HAND SIGN}"


def items(push: Push | None) -> list[Json]:
    assert push is not None
    listed: list[Json] = json.loads(f"[{push.items}]")
    return listed


def finish(log: InferenceLog) -> None:
    usage = Usage(
        input_tokens=1, output_tokens=1, reasoning_tokens=0, cached_tokens=0, estimated=False
    )
    log.append(
        DoneEvent(
            **log.stamp(),
            total_tokens=1,
            usage=usage,
            finish_reason="stop",
            cancelled=False,
            timing=Timing(first_token_ms=0, total_ms=0),
        )
    )


@pytest.fixture
def feed() -> Feed:
    feed = Feed()
    feed.open("load-1")
    return feed


@pytest.fixture
def log() -> InferenceLog:
    return InferenceLog("inf-1")


@pytest.mark.shows("D47", "D48")
def test_a_slow_page_gets_more_in_one_push(feed: Feed, log: InferenceLog) -> None:
    feed.follow("load-1", log, -1)
    for word in ("one ", "two ", "three"):
        log.append_text("llm:token", word)
    (event,) = items(feed.next())
    assert (event["token"], event["seq"], event["count"]) == ("one two three", 0, 3)


@pytest.mark.shows("D36", "D48")
def test_an_unanswered_push_is_sent_again_unchanged(feed: Feed, log: InferenceLog) -> None:
    feed.follow("load-1", log, -1)
    log.append_text("llm:token", "one ")
    first = feed.next()
    log.append_text("llm:token", "two")
    feed.reply("load-1", '{"channel":"reply","id":1,"ok":true,"value":1}')
    assert feed.next() is first
    assert feed.next() is first
    assert feed.acknowledge("load-1", 99) is True
    assert feed.next() is first, "an answer to another push is no answer"
    assert feed.acknowledge("load-0", 1) is True
    assert feed.next() is first, "nor is one of another load"
    assert feed.acknowledge("load-1", 1) is True
    second = feed.next()
    assert second is not None
    assert second.number == 2
    assert [i.get("token") for i in items(second)] == [None, "two"]
    assert feed.acknowledge("load-1", 2) is False
    assert feed.next() is None


@pytest.mark.shows("D36", "D63")
def test_a_new_load_is_not_told_what_was_meant_for_the_old_one(
    feed: Feed, log: InferenceLog
) -> None:
    feed.follow("load-1", log, -1)
    log.append_text("llm:token", "one")
    feed.next()
    feed.reply("load-1", '{"channel":"reply","id":1}')
    feed.open("load-2")
    assert not feed.resumed
    assert feed.next() is None
    feed.reply("load-1", '{"channel":"reply","id":2}')
    feed.follow("load-1", log, -1)
    assert feed.next() is None, "what comes late for the old load is dropped"
    assert log._wakes == (), "and its log holds no reader that is gone"
    feed.follow("load-2", log, -1)
    assert [i["token"] for i in items(feed.next())] == ["one"]


@pytest.mark.shows("D36", "D63")
def test_a_load_that_only_lost_its_connection_goes_on(feed: Feed, log: InferenceLog) -> None:
    feed.follow("load-1", log, -1)
    log.append_text("llm:token", "one")
    first = feed.next()
    assert first is not None
    feed.open("load-1")
    assert feed.resumed
    feed.acknowledge_until(0)
    assert feed.next() is first, "the page does not have it"
    feed.acknowledge_until(first.number)
    assert feed.next() is None, "the page has it, only its answer got lost"
    log.append_text("llm:token", "two")
    assert [i["token"] for i in items(feed.next())] == ["two"]


@pytest.mark.shows("B28", "D48")
def test_a_run_is_followed_to_its_end_and_no_further(feed: Feed, log: InferenceLog) -> None:
    feed.follow("load-1", log, -1)
    log.append_text("llm:token", "one")
    finish(log)
    assert [i["channel"] for i in items(feed.next())] == ["llm:token", "llm:done"]
    assert feed.cursor("inf-1") is None
    assert log._wakes == ()


@pytest.mark.shows("D64", "B55")
def test_only_what_is_followed_is_told(feed: Feed, log: InferenceLog) -> None:
    log.append_text("llm:token", "one")
    assert feed.next() is None
    assert feed.cursor("inf-1") is None


def test_replies_come_before_later_events_and_in_their_order(feed: Feed, log: InferenceLog) -> None:
    feed.follow("load-1", log, -1)
    log.append_text("llm:token", "one")
    for number in (1, 2):
        feed.reply("load-1", f'{{"channel":"reply","id":{number}}}')
    assert [i.get("id") for i in items(feed.next())] == [1, 2, None]


@pytest.mark.shows("D47", "D65")
def test_a_push_is_bounded(feed: Feed, log: InferenceLog) -> None:
    feed.follow("load-1", log, -1)
    for _ in range(40):
        log.append_text("llm:token", EMOJI * 8_000)
    for number in range(40):
        feed.reply("load-1", json.dumps({"channel": "reply", "id": number, "x": "y" * 60_000}))
    pushes = []
    while (push := feed.next()) is not None:
        pushes.append(push)
        feed.acknowledge(push.load, push.number)
    assert all(len(push.items) <= MAX_PUSH_BYTES for push in pushes)
    all_items = [item for push in pushes for item in items(push)]
    assert [item["id"] for item in all_items if item["channel"] == "reply"] == list(range(40))
    assert "".join(str(item["token"]) for item in all_items if "token" in item) == EMOJI * 320_000


def test_what_is_larger_than_a_push_travels_alone(feed: Feed, log: InferenceLog) -> None:
    huge = json.dumps({"channel": "reply", "id": 1, "value": "x" * 300_000})
    for item in ('{"channel":"reply","id":0}', huge, '{"channel":"reply","id":2}'):
        feed.reply("load-1", item)
    counts = []
    while (push := feed.next()) is not None:
        counts.append(len(items(push)))
        feed.acknowledge(push.load, push.number)
    assert counts == [1, 1, 1]


@pytest.mark.shows("D47")
def test_the_end_does_not_wait_for_the_rhythm(feed: Feed, log: InferenceLog) -> None:
    woken: list[bool] = []
    feed.follow("load-1", log, -1)
    feed.on_wake(woken.append)
    log.append_text("llm:token", "one")
    feed.reply("load-1", "{}")
    finish(log)
    assert woken == [True, False, True, True]


@pytest.mark.shows("D36", "B3")
def test_a_closed_window_is_told_nothing(feed: Feed, log: InferenceLog) -> None:
    woken: list[bool] = []
    feed.on_wake(woken.append)
    feed.follow("load-1", log, -1)
    feed.close()
    log.append_text("llm:token", "one")
    assert feed.next() is None
    assert log._wakes == ()
    assert woken == [True]


@pytest.mark.shows("D63", "D64")
def test_an_attach_takes_nothing_from_those_who_listen(feed: Feed, log: InferenceLog) -> None:
    """The reply to an attach goes to one caller; the page's listeners get every event as before."""
    story = Story()
    feed.follow("load-1", log, -1)
    for _ in range(5):
        log.append_text("llm:token", "a")
        reached = log.last_seq
        feed.follow("load-1", log, reached)
        log.append_text("llm:token", "b")
        push = feed.next()
        for item in items(push):
            story.take(item)
            seq, count = item["seq"], item["count"]
            assert isinstance(seq, int)
            assert isinstance(count, int)
            assert not seq <= reached < seq + count - 1, "half of it is known from the reply"
        feed.acknowledge("load-1", push.number if push else 0)
    assert story.text == log.text("llm:token")


# --- reloads at any moment --------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("token"), st.integers(1, 5)),
        st.tuples(st.just("reasoning"), st.integers(1, 3)),
        st.tuples(st.just("status"), st.just(1)),
        st.tuples(st.just("push"), st.just(1)),
        st.tuples(st.just("push lost"), st.just(1)),
        st.tuples(st.just("answer lost"), st.just(1)),
        st.tuples(st.just("reconnect"), st.just(1)),
        st.tuples(st.just("reload"), st.just(1)),
        st.tuples(st.just("attach"), st.integers(0, 8)),
    ),
    max_size=60,
)


class Reader:
    """A page in front of a feed whose pushes and answers may be lost."""

    def __init__(self, log: InferenceLog) -> None:
        self.log = log
        self.feed = Feed()
        self.loads = 0
        self.story = Story()
        self.last_push = 0
        self.reload()

    def reload(self) -> None:
        """Start as a fresh page, which attaches from the beginning."""
        self.loads += 1
        self.load = f"load-{self.loads}"
        self.story, self.last_push = Story(), 0
        self.feed.open(self.load)
        self.feed.acknowledge_until(0)
        self.attach(0)

    def attach(self, overlap: int) -> None:
        """Fetch the last `overlap` known events and all later ones, and follow from there."""
        after = max(-1, self.story.next_seq - 1 - overlap)
        cursor = self.feed.cursor(self.log.inference_id)
        events = self.log.read(after, stops=() if cursor is None else (cursor,))
        reached = self.log.last_seq
        self.feed.follow(self.load, self.log, reached)
        # The reply arrives after the pushes that are already on their way.
        self.push()
        for event in events:
            self.story.take(event.model_dump(mode="json", by_alias=True))

    def push(self, *, received: bool = True, acknowledged: bool = True) -> None:
        """Take one push; either the push or the answer to it may get lost."""
        push = self.feed.next()
        if push is None:
            return
        if received and push.load == self.load and push.number > self.last_push:
            assert push.number == self.last_push + 1
            self.last_push = push.number
            for item in items(push):
                self.story.take(item)
        if received and acknowledged:
            self.feed.acknowledge(push.load, push.number)

    def reconnect(self) -> None:
        """Connect anew as the same page, and report the last push that it has."""
        self.feed.open(self.load)
        self.feed.acknowledge_until(self.last_push)


@pytest.mark.shows("D23", "D36", "D48", "D63", "D68", "D69")
@settings(max_examples=300)
@given(STEPS)
def test_every_event_comes_once_whatever_is_lost_and_whenever_the_page_reloads(
    steps: list[tuple[str, int]],
) -> None:
    log = InferenceLog("inf-1", now=lambda: 0.0)
    reader = Reader(log)
    letter = 0
    for step, number in steps:
        match step:
            case "token" | "reasoning":
                for _ in range(number):
                    letter += 1
                    log.append_text(f"llm:{step}", chr(0x100 + letter))  # type: ignore[arg-type]
            case "status":
                log.append(ThinkingEvent(**log.stamp(), status="x"))
            case "push":
                reader.push()
            case "push lost":
                reader.push(received=False)
            case "answer lost":
                reader.push(acknowledged=False)
            case "reconnect":
                reader.reconnect()
            case "reload":
                reader.reload()
            case _:
                reader.attach(number)
    finish(log)
    while reader.feed.next() is not None:
        reader.push()
    story = reader.story
    assert story.text == log.text("llm:token")
    assert story.reasoning == log.text("llm:reasoning")
    assert story.next_seq == log.last_seq + 1
    assert story.ending is not None


# --- the largest that one run can say ----------------------------------------------------------


def hostile_log() -> InferenceLog:
    """A log with the largest events that a hostile server can cause."""
    log = InferenceLog("inf-" + "a" * 64, "s" * 100, now=lambda: 0.0)
    for _ in range(3):
        log.append_text("llm:token", EMOJI * MAX_JOINED_CHARACTERS)
        log.append_text("llm:reasoning", "\x00" * MAX_JOINED_CHARACTERS)
        name, wave = EMOJI * 500, EMOJI * MAX_JOINED_CHARACTERS
        log.append(ToolEvent(**log.stamp(), id=name, name=name, arguments_delta=wave))
        log.append(ThinkingEvent(**log.stamp(), status=name))
    for number in range(2_000):
        log.append_text("llm:token" if number % 2 else "llm:reasoning", EMOJI)
    for _ in range(50):
        log.append(NoticeEvent(**log.stamp(), code="X", text="m" * 400))
    log.append(
        ErrorEvent(
            **log.stamp(),
            error=EMOJI * 2_000,
            code=ErrorCode.SERVER_ERROR,
            retryable=True,
            retry_after_ms=None,
        )
    )
    return log


@pytest.mark.shows("D47", "D65")
def test_every_push_of_a_hostile_log_is_bounded(feed: Feed) -> None:
    log = hostile_log()
    feed.follow("load-1", log, -1)
    story = Story()
    while (push := feed.next()) is not None:
        assert len(push.items) <= MAX_PUSH_BYTES
        for item in items(push):
            story.take(item)
        feed.acknowledge(push.load, push.number)
    assert story.next_seq == log.last_seq + 1


@pytest.mark.shows("D47", "D65")
def test_every_piece_of_an_attach_reply_is_bounded() -> None:
    log = hostile_log()
    after = -1
    while after < log.last_seq:
        events = log.read(after, max_characters=MAX_PIECE_CHARACTERS)
        size = sum(len(e.model_dump_json(ensure_ascii=True)) + 1 for e in events) + 200
        assert size <= MAX_PUSH_BYTES, [(e.channel, e.seq) for e in events]
        after = events[-1].seq + getattr(events[-1], "count", 1) - 1


@pytest.mark.shows("D36")
def test_a_pump_in_another_thread_loses_nothing() -> None:
    """Real threads: the loop appends and replies while a pump takes and answers."""
    feed, log = Feed(), InferenceLog("inf-1", now=lambda: 0.0)
    feed.open("load-1")
    feed.follow("load-1", log, -1)
    story, replies = Story(), list[object]()
    finished, faults = threading.Event(), list[BaseException]()

    def pump() -> None:
        try:
            while True:
                # Read before the feed: whatever was appended before the event is in it.
                is_last = finished.is_set()
                push = feed.next()
                if push is None:
                    if is_last:
                        return
                    continue
                for item in items(push):
                    if item["channel"] == "reply":
                        replies.append(item["id"])
                    else:
                        story.take(item)
                feed.acknowledge(push.load, push.number)
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=pump)
    thread.start()
    for number in range(5_000):
        log.append_text("llm:token" if number % 5 else "llm:reasoning", "ab")
        if number % 10 == 0:
            feed.reply("load-1", json.dumps({"channel": "reply", "id": number}))
    finish(log)
    finished.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert faults == []
    assert replies == list(range(0, 5_000, 10))
    assert story.next_seq == log.last_seq + 1


def test_replies_that_are_never_taken_are_bounded(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shell.bridge.feed.MAX_WAITING_BYTES", 1_000)
    for _ in range(1_000):
        feed.reply("load-1", f'"{"x" * 98}"')
    assert feed.waiting == 2_000
    push = feed.next()
    assert len(items(push)) == 20
    assert feed.waiting == 0
    feed.acknowledge("load-1", 1)
    feed.reply("load-1", '{"told":"again"}')
    assert items(feed.next()) == [{"told": "again"}]


def store_topic(version: int, key: str = "", text: str = "") -> StoreTopic:
    problem = Problem(code=ErrorCode.STORAGE_ERROR, message=text)
    return StoreTopic(key=key, value=StoreState(version=version, problem=problem, remarks=[]))


def versions(push: Push | None) -> list[object]:
    return [item["value"]["version"] for item in items(push)]  # type: ignore[index]


@pytest.fixture
def topics(feed: Feed) -> Topics:
    topics = Topics()
    feed.open("load-1", topics)
    return topics


def test_only_the_latest_value_of_a_topic_is_pushed(feed: Feed, topics: Topics) -> None:
    for version in (1, 2, 3):
        topics.publish(store_topic(version))
    first = feed.next()
    assert versions(first) == [3]
    for version in (4, 5):
        topics.publish(store_topic(version))
    assert feed.next() is first, "an unanswered push is sent again unchanged"
    assert feed.acknowledge("load-1", 1) is True
    assert versions(feed.next()) == [5]
    assert feed.acknowledge("load-1", 2) is False
    topics.publish(store_topic(5))
    assert feed.next() is None, "the page has this value already"


def test_every_load_is_sent_every_topic(feed: Feed, topics: Topics) -> None:
    topics.publish(store_topic(1))
    topics.publish(store_topic(2, "other"))
    topics.publish(store_topic(3, "gone"))
    assert versions(feed.next()) == [1, 2, 3]
    feed.acknowledge("load-1", 1)
    feed.open("load-1", topics)
    assert versions(feed.next()) == [1, 2, 3], "the page may have lost them with its connection"
    topics.remove("store", "gone")
    feed.open("load-2", topics)
    assert versions(feed.next()) == [1, 2]


def test_a_reply_comes_after_the_values_that_were_published_before_it(
    feed: Feed, topics: Topics
) -> None:
    for number in range(3):  # more than one push can hold
        topics.publish(store_topic(number, str(number), "x" * (MAX_PUSH_BYTES - 200)))
    feed.reply("load-1", '{"channel":"reply","id":1}')
    order: list[object] = []
    while (push := feed.next()) is not None:
        assert len(push.items) <= MAX_PUSH_BYTES
        order += [item.get("key", "reply") for item in items(push)]
        feed.acknowledge(push.load, push.number)
    assert order == ["0", "1", "2", "reply"]


def test_a_change_wakes_the_page_until_its_window_is_closed(feed: Feed, topics: Topics) -> None:
    woken: list[bool] = []
    feed.on_wake(woken.append)
    woken.clear()
    topics.publish(store_topic(1))
    assert woken == [False]
    feed.close()
    topics.publish(store_topic(2))
    assert woken == [False]
    assert topics._wakes == set()
    assert feed.next() is None
