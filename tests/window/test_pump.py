"""The pump, with a real feed and a page that is a function."""

import threading
from collections.abc import Callable, Iterator

import pytest

from shell.bridge.desktop import pump as pump_module
from shell.bridge.desktop.pump import OnValue, Pump
from shell.bridge.feed import Feed
from shell.inference.log import InferenceLog
from tests.host_process import PATIENCE_S

LOAD = "load-one"


class Screen:
    """Receives the scripts; the test decides when and how to answer them."""

    def __init__(self) -> None:
        self.scripts: list[str] = []
        self.answers: list[OnValue] = []
        self._changed = threading.Condition()

    def run(self, script: str, answer: OnValue) -> None:
        with self._changed:
            self.scripts.append(script)
            self.answers.append(answer)
            self._changed.notify_all()

    def wait(self, count: int) -> str:
        """Wait for this many pushes; returns the last of them."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.scripts) >= count, PATIENCE_S)
            assert arrived, f"only {len(self.scripts)} pushes arrived"
            return self.scripts[count - 1]

    def acknowledge(self, number: int) -> None:
        """Answer the newest push like a page that has received it."""
        assert f",{number},[" in self.scripts[-1]
        self.answers[-1](True)


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def feed() -> Feed:
    feed = Feed()
    feed.open(LOAD)
    return feed


@pytest.fixture
def start(feed: Feed, screen: Screen) -> Iterator[Callable[[], Pump]]:
    """Starts the pump, after the test has set its intervals."""
    started: list[Pump] = []

    def begin() -> Pump:
        pump = Pump(feed, screen.run, lambda: None)
        started.append(pump)
        pump.start()
        return pump

    yield begin
    for pump in started:
        pump.close()
        pump._thread.join(PATIENCE_S)
        assert not pump._thread.is_alive()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set an interval so long that a push that waits for it never arrives."""
    monkeypatch.setattr(pump_module, "PUSH_INTERVAL_S", 3_600.0)


Start = Callable[[], Pump]


@pytest.mark.usefixtures("slow")
def test_the_first_push_does_not_wait(feed: Feed, screen: Screen, start: Start) -> None:
    start()
    log = InferenceLog("inf-1", None)
    feed.follow(LOAD, log, -1)
    log.append_text("llm:token", "first")
    assert '"token":"first"' in screen.wait(1)


@pytest.mark.usefixtures("slow")
def test_what_is_urgent_does_not_wait_and_brings_the_rest(
    feed: Feed, screen: Screen, start: Start
) -> None:
    start()
    log = InferenceLog("inf-1", None)
    feed.follow(LOAD, log, -1)
    log.append_text("llm:token", "first")
    screen.wait(1)
    screen.acknowledge(1)
    log.append_text("llm:token", "second")
    feed.reply(LOAD, '{"channel":"reply","id":1,"ok":true,"value":null}')
    script = screen.wait(2)
    assert '"token":"second"' in script
    assert '"channel":"reply"' in script


def test_what_is_not_urgent_gathers(
    feed: Feed, screen: Screen, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "PUSH_INTERVAL_S", 0.2)
    start()
    log = InferenceLog("inf-1", None)
    feed.follow(LOAD, log, -1)
    log.append_text("llm:token", "0 ")
    screen.wait(1)
    screen.acknowledge(1)
    for number in range(1, 100):
        log.append_text("llm:token", f"{number} ")
    text = "".join(f"{number} " for number in range(1, 100))
    assert f'"token":"{text}"' in screen.wait(2)


def test_one_push_is_in_flight(feed: Feed, screen: Screen, start: Start) -> None:
    start()
    feed.reply(LOAD, '"one"')
    screen.wait(1)
    feed.reply(LOAD, '"two"')
    feed.reply(LOAD, '"three"')
    assert len(screen.scripts) == 1
    screen.acknowledge(1)
    assert '2,["two","three"]' in screen.wait(2)


@pytest.mark.parametrize("answer", [None, False, "", "null", "false", '["load-one",1]', 0.0, {}])
def test_a_push_that_was_not_taken_comes_again(
    feed: Feed, screen: Screen, start: Start, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "RETRY_SECONDS", 0.01)
    start()
    feed.reply(LOAD, '"one"')
    first = screen.wait(1)
    screen.answers[-1](answer)
    assert screen.wait(2) == first


def test_a_push_without_any_answer_comes_again(
    feed: Feed, screen: Screen, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(pump_module, "ANSWER_SECONDS", 0.05)
    start()
    feed.reply(LOAD, '"one"')
    assert screen.wait(3) == screen.wait(1)


def test_a_late_answer_to_an_earlier_push_counts_for_nothing(
    feed: Feed, screen: Screen, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(pump_module, "ANSWER_SECONDS", 0.05)
    start()
    feed.reply(LOAD, '"one"')
    screen.wait(2)
    late = screen.answers[0]
    screen.acknowledge(1)
    feed.reply(LOAD, '"two"')
    screen.wait(len(screen.scripts) + 1)
    late(True)
    screen.acknowledge(2)
    feed.reply(LOAD, '"three"')
    screen.wait(len(screen.scripts) + 1)
    assert '3,["three"]' in screen.scripts[-1]


def test_a_new_load_ends_the_wait_for_an_old_one(feed: Feed, screen: Screen, start: Start) -> None:
    """The page was reloaded while a push was on its way, and its answer never arrives."""
    start()
    feed.reply(LOAD, '"lost"')
    screen.wait(1)
    feed.open("load-two")
    feed.reply("load-two", '"hello"')
    assert screen.wait(2) == (
        'JSON.stringify(window.__shell?.receive("load-two",1,["hello"]))===' r'"[\"load-two\",1]"'
    )


def test_a_pump_ends_in_mid_push(feed: Feed, screen: Screen, start: Start) -> None:
    pump = start()
    feed.reply(LOAD, '"one"')
    screen.wait(1)
    pump.close()
    pump._thread.join(PATIENCE_S)
    assert not pump._thread.is_alive()


def test_a_name_that_a_page_made_up_stays_a_text(screen: Screen) -> None:
    feed = Feed()
    feed.open('");alert("')
    pump = Pump(feed, screen.run, lambda: None)
    pump.start()
    feed.reply('");alert("', "1")
    assert 'receive("\\");alert(\\"",1,' in screen.wait(1)
    pump.close()
    pump._thread.join(PATIENCE_S)


def test_a_new_load_is_told_at_once_what_an_old_one_never_answered(
    feed: Feed, screen: Screen, start: Start
) -> None:
    """A crash in mid-push, with more waiting behind it: the next load's hello wakes the pump."""
    pump = start()
    feed.reply(LOAD, '"asked"')
    screen.wait(1)
    feed.reply(LOAD, '"behind it"')
    assert pump._awake
    assert pump._urgent
    feed.open("load-two")
    feed.reply("load-two", '"hello"')
    assert '"hello"' in screen.wait(2)
