"""Tabs over a real WebSocket: dropped connections, reloads, duplicated tabs, and closing."""

import asyncio
import json
import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.host_process import PATIENCE_S
from tests.served import Browser, LoopbackHost, serving

NEVER_S = 600.0
"""Replaces a timeout that a test must not depend on."""

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def open_page(
    server: LoopbackHost, tab: str | None = None, load: str | None = None
) -> Browser:
    """A page that has connected and said hello."""
    browser = Browser(server, tab, load)
    await browser.open()
    assert (await browser.hello())["ok"]
    return browser


async def expect_tab_taken(browser: Browser) -> None:
    with pytest.raises(ConnectionClosed) as excinfo:
        await browser.open()
    assert excinfo.value.rcvd is not None
    assert excinfo.value.rcvd.code == 4409


async def test_a_page_runs_a_model() -> None:
    async with serving() as server:
        page = await open_page(server)
        inference = await page.infer("one two three")
        await page.wait_for_end()
        assert page.text == "one two three"
        assert {event["inferenceId"] for event in page.events} == {inference}


@pytest.mark.shows("D36")
async def test_a_page_that_reconnects_misses_nothing() -> None:
    """The drop falls between pushes, and after one that the page received but never answered."""
    async with serving() as server:
        page = await open_page(server)
        await page.infer("/rate 500\n/repeat 100 word")
        await page.until(lambda: len(page.events) > 5)
        page.answering = False
        await page.drop()
        count_before = len(page.events)
        page.answering = True
        await page.open()
        hello = await page.hello()
        assert hello["value"]["resumed"] is True  # type: ignore[index]
        await page.wait_for_end()
        assert len(page.events) > count_before
        assert page.text == " ".join(["word"] * 100)


@settings(max_examples=10, deadline=None)
@given(drops=st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_connections_lost_at_random_moments_lose_and_double_nothing(drops: list[int]) -> None:
    async def stream() -> None:
        async with serving() as server:
            page = await open_page(server)
            await page.infer("/rate 2000\n/repeat 300 word")
            for events in drops:
                target = len(page.events) + events
                await page.until(lambda: len(page.events) >= target or bool(page.terminal))  # noqa: B023
                await page.drop()
                await page.open()
                await page.hello()
            await page.wait_for_end()
            assert page.text == " ".join(["word"] * 300)
            terminal = [
                event for event in page.events if event["channel"] in ("llm:done", "llm:error")
            ]
            assert len(terminal) == 1

    asyncio.run(stream())


@pytest.mark.shows("D63")
async def test_a_reloaded_page_finds_its_run_again() -> None:
    async with serving() as server:
        page = await open_page(server)
        inference = await page.infer("/rate 500\n/repeat 50 word")
        await page.until(lambda: len(page.events) > 5)
        await page.close()
        reloaded = await open_page(server, page.tab)
        assert (await reloaded.call("llm.list"))["value"]
        reply = await reloaded.call("llm.attach", {"inferenceId": inference, "afterSeq": -1})
        assert reply["ok"], reply
        reloaded.events[:0] = reply["value"]["events"]  # type: ignore[index]
        await reloaded.wait_for_end()
        assert reloaded.text == " ".join(["word"] * 50)


@pytest.mark.shows("D36")
async def test_a_tab_that_stays_away_loses_its_runs_after_the_grace() -> None:
    async with serving(grace_s=0.1) as server:
        page = await open_page(server)
        inference = await page.infer("/stall")
        owner = f"tab-{page.tab}"
        log = server.engine.log(owner, inference)
        run_ended = asyncio.Event()
        log.subscribe(lambda urgent: run_ended.set() if urgent else None)
        await page.drop()
        assert log.ending is None
        async with asyncio.timeout(PATIENCE_S):
            await run_ended.wait()
        assert server.closed_owners == [owner]
        # The page itself may still exist, and has received pushes that the host has discarded.
        assert page.last_push > 1
        await page.open()
        hello = await page.hello()
        assert hello["value"]["resumed"] is False  # type: ignore[index]


async def test_a_tab_that_comes_back_in_time_keeps_its_runs() -> None:
    """Each absence counts from its own beginning: together these are longer than the grace."""
    async with serving(grace_s=1.0) as server:
        page = await open_page(server)
        inference = await page.infer("/stall")
        log = server.engine.log(f"tab-{page.tab}", inference)
        for _ in range(3):
            await page.drop()
            await asyncio.sleep(0.4)
            await page.open()
            await page.hello()
        assert log.ending is None
        assert server.closed_owners == []


async def test_another_tab_sees_only_what_is_shared() -> None:
    async with serving() as server:
        first, second = await open_page(server), await open_page(server)
        mine = await first.infer("/stall")
        shared = await first.infer("/rate 500\n/repeat 40 word", share=True)
        foreign = await second.call("llm.attach", {"inferenceId": mine, "afterSeq": -1})
        assert foreign["error"]["code"] == "NOT_FOUND"  # type: ignore[index]
        reply = await second.call("llm.attach", {"inferenceId": shared, "afterSeq": -1})
        second.events[:0] = reply["value"]["events"]  # type: ignore[index]
        await first.close()
        await second.wait_for_end()
        assert second.text == " ".join(["word"] * 40)


# --- one tab, two pages ---------------------------------------------------------------------


async def test_a_duplicated_tab_is_told_to_take_another_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", NEVER_S)
    async with serving() as server:
        page = await open_page(server)
        async with asyncio.timeout(PATIENCE_S):
            await expect_tab_taken(Browser(server, page.tab))
        assert (await page.call("llm.list"))["ok"]  # and the first one noticed nothing
        assert page.last_push == 2


async def test_a_reload_wins_over_the_connection_that_it_is_about_to_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", NEVER_S)
    async with serving() as server:
        page = await open_page(server)
        page.answering = False  # its script does not run any more
        reloaded = Browser(server, page.tab)
        open_task = asyncio.create_task(reloaded.open())
        await asyncio.sleep(0.05)
        assert not open_task.done()
        async with asyncio.timeout(PATIENCE_S):
            await page.drop()
            await open_task
        assert (await reloaded.hello())["ok"]


async def test_what_a_page_says_as_it_is_reloaded_is_taken() -> None:
    """Also when a push fails because the connection has ended in the meantime."""
    async with serving() as server:
        page = await open_page(server)
        feed = server.feed(page.tab)
        async with asyncio.timeout(PATIENCE_S):
            while feed.next() is not None:  # noqa: ASYNC110 - until it has answered its hello
                await asyncio.sleep(0)
        names = [f"said-{number}" for number in range(5)]
        for name in names:
            params = {"sessionId": name, "providerId": "echo"}
            page.socket.protocol.send_text(page.batch("llm.create_session", params).encode())
        page.socket.protocol.send_close(1001)
        page.socket.transport.write(b"".join(page.socket.protocol.data_to_send()))
        # It runs before the host's loop reads the socket, and wakes a pump that cannot send.
        reply = '{"channel":"reply","id":0,"ok":true,"value":null}'
        asyncio.get_running_loop().call_soon(feed.reply, page.load, reply)
        reloaded = await open_page(server, page.tab)
        replies = [await reloaded.call("llm.get_session", name) for name in names]
        assert [reply["ok"] for reply in replies] == [True] * len(names)


async def test_a_page_that_answers_nothing_any_more_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", 0.1)
    async with serving() as server:
        page = await open_page(server)
        page.answering = False
        reloaded = await open_page(server, page.tab)
        await page.wait_closed()
        assert page.socket.close_code == 4409
        assert (await reloaded.call("llm.list"))["ok"]


async def test_a_page_that_does_not_even_read_any_more_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its socket is full, and no ping times out, so that a send to it waits for ever."""
    monkeypatch.setattr("shell.bridge.browser.tabs.PROBE_S", 0.1)
    monkeypatch.setattr("shell.bridge.browser.server.PING_S", 3600.0)
    async with serving() as server:
        page = Browser(server)
        await page.open(receive_bytes=4096)
        assert (await page.hello())["ok"]
        inference = await page.infer("/rate 0\n" + "a word " * 14_000)
        await page.wait_for_end()
        page.socket.transport.pause_reading()
        params = {"inferenceId": inference, "afterSeq": -1}
        calls = [{"id": at, "method": "llm.attach", "params": params} for at in range(100, 120)]
        batch = {**json.loads(page.batch("llm.list")), "calls": calls}
        await page.socket.send(json.dumps(batch))
        async with asyncio.timeout(PATIENCE_S):
            while not server.is_stuck():  # noqa: ASYNC110 - nothing tells when it begins
                await asyncio.sleep(0.01)
        reloaded = Browser(server, page.tab)
        async with asyncio.timeout(PATIENCE_S):
            await reloaded.open()
            assert (await reloaded.hello())["ok"]
        page.socket.transport.resume_reading()
        await page.wait_closed()
        assert page.socket.close_code == 4409


async def test_the_same_page_takes_over_from_its_own_dead_connection() -> None:
    async with serving() as server:
        page = await open_page(server)
        await page.infer("/rate 500\n/repeat 50 word")
        await page.until(lambda: len(page.events) > 3)
        dead, reader = page.socket, page.reader
        await page.open()
        await page.hello()
        await dead.wait_closed()
        await reader
        assert dead.close_code == 1000
        await page.wait_for_end()
        assert page.text == " ".join(["word"] * 50)


# --- ends -----------------------------------------------------------------------------------


async def test_a_closing_host_tells_its_pages_how_their_runs_ended() -> None:
    async with serving() as server:
        page = await open_page(server)
        await page.infer("/rate 100\nsome words /stall\n/stall")
        await page.until(lambda: len(page.events) > 2)
    await page.wait_closed()
    assert page.terminal is not None
    assert page.terminal["code"] == "ABORTED"
    assert page.socket.close_code == 1001


async def test_a_slow_page_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closing host waits for the push in flight and for those after it."""
    monkeypatch.setattr("shell.bridge.browser.tabs.DRAIN_S", 5)
    async with serving() as server:
        page = await open_page(server)
        page.thinking_s = 0.1
        await page.infer("/rate 1000\n/repeat 50 word\n/stall")
        await page.until(lambda: len(page.events) > 2)
    await page.wait_closed()
    assert page.terminal is not None
    assert page.terminal["code"] == "ABORTED"


async def test_a_page_that_does_not_listen_does_not_hold_up_the_end() -> None:
    async with serving() as server:
        page = await open_page(server)
        page.answering = False
        await page.socket.send(page.batch("llm.list"))
        started_at = time.monotonic()
    assert time.monotonic() - started_at < PATIENCE_S
    await page.wait_closed()


async def test_pushes_keep_their_rhythm() -> None:
    """Idle: at once. Busy: one push in 8 ms. Replies do not wait."""
    async with serving() as server:
        page = await open_page(server)
        pushes = page.last_push
        await page.infer("/rate 1000\n/repeat 300 word")
        await page.wait_for_end()
        push_count = page.last_push - pushes
        assert push_count <= 300 / 8 + 15
        assert page.text == " ".join(["word"] * 300)


async def test_replies_and_endings_do_not_wait_for_the_rhythm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.connection.PUSH_INTERVAL_S", 3600)
    async with serving() as server:
        page = await open_page(server)
        for _ in range(5):
            assert (await page.call("llm.list"))["ok"]
        await page.infer("/rate 1000\n/repeat 20 word")
        await page.wait_for_end()
        assert page.text == " ".join(["word"] * 20)


async def test_a_reply_does_not_wait_for_the_rhythm_after_the_answer_to_the_push_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.connection.PUSH_INTERVAL_S", 3600)
    async with serving() as server:
        page = await open_page(server)
        page.answering = False
        for number in (100, 101):
            await page.socket.send(page.batch("llm.list", number=number))
            await page.ticket()  # by then the reply waits, or is on its way
        page.answering, page.last_push = True, page.last_push + 1
        await page.socket.send(json.dumps({"answer": [page.load, page.last_push]}))
        await page.until(lambda: 101 in page.replies)


async def test_tabs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shell.bridge.browser.tabs.MAX_TABS", 2)
    async with serving() as server:
        first, _second = await open_page(server), await open_page(server)
        with pytest.raises(ConnectionClosed):
            await Browser(server, str(uuid.uuid4())).open()
        await first.close()
        await open_page(server, first.tab)
