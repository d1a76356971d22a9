"""Tabs over a real WebSocket: what survives a dropped connection, and who a tab belongs to."""

import asyncio
import json
import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.served import Browser, Served, serving

PATIENCE_S = 20.0
NEVER_S = 600.0
"""In place of a wait that a test must not depend on."""

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def opened(served: Served, tab: str | None = None, load: str | None = None) -> Browser:
    """A page that has connected and said hello."""
    browser = Browser(served, tab, load)
    await browser.open()
    assert (await browser.hello())["ok"]
    return browser


async def refused_as_taken(browser: Browser) -> None:
    with pytest.raises(ConnectionClosed) as caught:
        await browser.open()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4409


async def test_a_page_runs_a_model() -> None:
    async with serving() as served:
        page = await opened(served)
        inference = await page.infer("one two three")
        await page.ended()
        assert page.text == "one two three"
        assert {event["inferenceId"] for event in page.events} == {inference}


@pytest.mark.shows("D36")
async def test_a_page_that_reconnects_misses_nothing() -> None:
    """The drop falls between pushes, and behind one that the page took but never answered."""
    async with serving() as served:
        page = await opened(served)
        await page.infer("/rate 500\n/repeat 100 word")
        await page.until(lambda: len(page.events) > 5)
        page.answering = False
        await page.drop()
        seen = len(page.events)
        page.answering = True
        await page.open()
        hello = await page.hello()
        assert hello["value"]["resumed"] is True  # type: ignore[index]
        await page.ended()
        assert len(page.events) > seen
        assert page.text == " ".join(["word"] * 100)


@settings(max_examples=10, deadline=None)
@given(drops=st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_connections_lost_at_random_moments_lose_and_double_nothing(drops: list[int]) -> None:
    async def stream() -> None:
        async with serving() as served:
            page = await opened(served)
            await page.infer("/rate 2000\n/repeat 300 word")
            for events in drops:
                wanted = len(page.events) + events
                await page.until(lambda: len(page.events) >= wanted or bool(page.terminal))  # noqa: B023
                await page.drop()
                await page.open()
                await page.hello()
            await page.ended()
            assert page.text == " ".join(["word"] * 300)
            terminal = [e for e in page.events if e["channel"] in ("llm:done", "llm:error")]
            assert len(terminal) == 1

    asyncio.run(stream())


@pytest.mark.shows("D63")
async def test_a_reloaded_page_finds_its_run_again() -> None:
    async with serving() as served:
        page = await opened(served)
        inference = await page.infer("/rate 500\n/repeat 50 word")
        await page.until(lambda: len(page.events) > 5)
        await page.close()
        again = await opened(served, page.tab)
        assert (await again.call("llm.list"))["value"]
        reply = await again.call("llm.attach", {"inferenceId": inference, "afterSeq": -1})
        assert reply["ok"], reply
        again.events[:0] = reply["value"]["events"]  # type: ignore[index]
        await again.ended()
        assert again.text == " ".join(["word"] * 50)


@pytest.mark.shows("D36")
async def test_a_tab_that_stays_away_loses_its_runs_after_the_grace() -> None:
    async with serving(grace_s=0.1) as served:
        page = await opened(served)
        inference = await page.infer("/stall")
        owner = f"tab-{page.tab}"
        log = served.engine.log(owner, inference)
        ended = asyncio.Event()
        log.subscribe(lambda urgent: ended.set() if urgent else None)
        await page.drop()
        assert log.ending is None
        async with asyncio.timeout(5):
            await ended.wait()
        assert served.gone == [owner]
        # The page itself may still be there, and has taken pushes that the host forgot.
        assert page.last_push > 1
        await page.open()
        hello = await page.hello()
        assert hello["value"]["resumed"] is False  # type: ignore[index]


async def test_a_tab_that_comes_back_in_time_keeps_its_runs() -> None:
    """Each absence counts from its own beginning: together these are longer than the grace."""
    async with serving(grace_s=1.0) as served:
        page = await opened(served)
        inference = await page.infer("/stall")
        log = served.engine.log(f"tab-{page.tab}", inference)
        for _ in range(3):
            await page.drop()
            await asyncio.sleep(0.4)
            await page.open()
            await page.hello()
        assert log.ending is None
        assert served.gone == []


async def test_another_tab_sees_only_what_is_shared() -> None:
    async with serving() as served:
        one, two = await opened(served), await opened(served)
        mine = await one.infer("/stall")
        shared = await one.infer("/rate 500\n/repeat 40 word", share=True)
        foreign = await two.call("llm.attach", {"inferenceId": mine, "afterSeq": -1})
        assert foreign["error"]["code"] == "NOT_FOUND"  # type: ignore[index]
        reply = await two.call("llm.attach", {"inferenceId": shared, "afterSeq": -1})
        two.events[:0] = reply["value"]["events"]  # type: ignore[index]
        await one.close()
        await two.ended()
        assert two.text == " ".join(["word"] * 40)


# --- one tab, two pages ---------------------------------------------------------------------


async def test_a_duplicated_tab_is_told_to_take_another_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", NEVER_S)
    async with serving() as served:
        page = await opened(served)
        async with asyncio.timeout(PATIENCE_S):
            await refused_as_taken(Browser(served, page.tab))
        assert (await page.call("llm.list"))["ok"]  # and the first one noticed nothing
        assert page.last_push == 2


async def test_a_reload_wins_over_the_connection_that_it_is_about_to_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", NEVER_S)
    async with serving() as served:
        page = await opened(served)
        page.answering = False  # its script does not run any more
        again = Browser(served, page.tab)
        opening = asyncio.create_task(again.open())
        await asyncio.sleep(0.05)
        assert not opening.done()
        async with asyncio.timeout(PATIENCE_S):
            await page.drop()
            await opening
        assert (await again.hello())["ok"]


async def test_what_a_page_says_as_it_is_reloaded_is_taken() -> None:
    """Also when a push fails while it is on its way, because the connection has ended meanwhile."""
    async with serving() as served:
        page = await opened(served)
        feed = served.feed(page.tab)
        async with asyncio.timeout(5):
            while feed.next() is not None:  # noqa: ASYNC110 - until it has answered its hello
                await asyncio.sleep(0)
        names = [f"said-{number}" for number in range(5)]
        for name in names:
            params = {"sessionId": name, "providerId": "echo"}
            page.socket.protocol.send_text(page.batch("llm.create_session", params).encode())
        page.socket.protocol.send_close(1001)
        page.socket.transport.write(b"".join(page.socket.protocol.data_to_send()))
        # It runs before the host's loop reads the socket, and wakes what then cannot send.
        reply = '{"channel":"reply","id":0,"ok":true,"value":null}'
        asyncio.get_running_loop().call_soon(feed.reply, page.load, reply)
        again = await opened(served, page.tab)
        found = [await again.call("llm.get_session", name) for name in names]
        assert [reply["ok"] for reply in found] == [True] * len(names)


async def test_a_page_that_answers_nothing_any_more_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", 0.1)
    async with serving() as served:
        page = await opened(served)
        page.answering = False
        again = await opened(served, page.tab)
        await page.left()
        assert page.socket.close_code == 4409
        assert (await again.call("llm.list"))["ok"]


async def test_a_page_that_does_not_even_read_any_more_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its socket is full, and no ping gives it up: what is sent to it waits for ever."""
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", 0.1)
    monkeypatch.setattr("shell.bridge.browser.server.PING_S", 3600.0)
    async with serving() as served:
        page = Browser(served)
        await page.open(receive_bytes=4096)
        assert (await page.hello())["ok"]
        inference = await page.infer("/rate 0\n" + "a word " * 14_000)
        await page.ended()
        page.socket.transport.pause_reading()
        params = {"inferenceId": inference, "afterSeq": -1}
        calls = [{"id": at, "method": "llm.attach", "params": params} for at in range(100, 120)]
        batch = {**json.loads(page.batch("llm.list")), "calls": calls}
        await page.socket.send(json.dumps(batch))
        async with asyncio.timeout(30):
            while not served.is_stuck():  # noqa: ASYNC110 - nothing tells when it begins
                await asyncio.sleep(0.01)
        again = Browser(served, page.tab)
        async with asyncio.timeout(30):
            await again.open()
            assert (await again.hello())["ok"]
        page.socket.transport.resume_reading()
        await page.left()
        assert page.socket.close_code == 4409


async def test_the_same_page_takes_over_from_its_own_dead_connection() -> None:
    async with serving() as served:
        page = await opened(served)
        await page.infer("/rate 500\n/repeat 50 word")
        await page.until(lambda: len(page.events) > 3)
        dead, reader = page.socket, page.reader
        await page.open()
        await page.hello()
        await dead.wait_closed()
        await reader
        assert dead.close_code == 1000
        await page.ended()
        assert page.text == " ".join(["word"] * 50)


# --- ends -----------------------------------------------------------------------------------


async def test_a_closing_host_tells_its_pages_how_their_runs_ended() -> None:
    async with serving() as served:
        page = await opened(served)
        await page.infer("/rate 100\nsome words /stall\n/stall")
        await page.until(lambda: len(page.events) > 2)
    await page.left()
    assert page.terminal is not None
    assert page.terminal["code"] == "ABORTED"
    assert page.socket.close_code == 1001


async def test_a_slow_page_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in flight when the host closes is waited for, and so is what comes after it."""
    monkeypatch.setattr("shell.bridge.browser.tabs.DRAIN_S", 5)
    async with serving() as served:
        page = await opened(served)
        page.thinking_s = 0.1
        await page.infer("/rate 1000\n/repeat 50 word\n/stall")
        await page.until(lambda: len(page.events) > 2)
    await page.left()
    assert page.terminal is not None
    assert page.terminal["code"] == "ABORTED"


async def test_a_page_that_does_not_listen_does_not_hold_up_the_end() -> None:
    async with serving() as served:
        page = await opened(served)
        page.answering = False
        await page.socket.send(page.batch("llm.list"))
        began = time.monotonic()
    assert time.monotonic() - began < PATIENCE_S
    await page.left()


async def test_pushes_keep_their_rhythm() -> None:
    """Idle: at once. Busy: one push in 8 ms. Replies do not wait."""
    async with serving() as served:
        page = await opened(served)
        pushes = page.last_push
        await page.infer("/rate 1000\n/repeat 300 word")
        await page.ended()
        taken = page.last_push - pushes
        assert taken <= 300 / 8 + 15
        assert page.text == " ".join(["word"] * 300)


async def test_replies_and_endings_do_not_wait_for_the_rhythm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.connection.FLUSH_S", 3600)
    async with serving() as served:
        page = await opened(served)
        for _ in range(5):
            assert (await page.call("llm.list"))["ok"]
        await page.infer("/rate 1000\n/repeat 20 word")
        await page.ended()
        assert page.text == " ".join(["word"] * 20)


async def test_tabs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.MAX_TABS", 2)
    async with serving() as served:
        one, _two = await opened(served), await opened(served)
        with pytest.raises(ConnectionClosed):
            await Browser(served, str(uuid.uuid4())).open()
        await one.close()
        await opened(served, one.tab)
