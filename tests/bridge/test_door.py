"""The door: the reference design's calls end to end on the host, and refused calls."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from shell.api.llm import LlmApi
from shell.api.shell import ShellApi
from shell.bridge.caller import Caller
from shell.bridge.door import Door, methods
from shell.contract import CONTRACT_VERSION, Defaults, InferenceRequest, SessionRunOptions
from shell.errors import ErrorCode, ShellError
from shell.tools.registry import Tools
from tests.caller_page import Json, Page, Refused
from tests.engine.host import Host, until
from tests.virtual_loop import VirtualLoop, run_ready_tasks, the_loop

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[VirtualLoop]]]:
    return "asyncio", {"loop_factory": VirtualLoop}


class Slow:
    """A namespace with slow and failing methods, and names that a page must not reach."""

    secret = "not a method"

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def wait(self, caller: Caller) -> str:
        await self.go.wait()
        return caller.id

    async def fail(self, caller: Caller) -> str:
        raise RuntimeError("a secret of the host")

    def break_down(self, caller: Caller) -> str:
        raise ShellError("half an emoji: \ud83d")

    def break_worse(self, caller: Caller) -> str:
        raise ShellError("no number", retry_after_ms=0.5, details={"\ud83d": 1})  # type: ignore[arg-type]

    def half_an_emoji(self, caller: Caller) -> str:
        return "\ud83d"

    def _private(self, caller: Caller) -> str:
        return "reached"


class Desk:
    """A host, its door, and a page that calls it."""

    def __init__(self, host: Host, tools: "Callable[[], Tools] | None" = None) -> None:
        self.host = host
        self.slow = Slow()
        shell = ShellApi("test", lambda: Defaults(provider_id="echo", model_id="echo"), bool, bool)
        self.door = Door({"llm": LlmApi(host.engine, tools), "shell": shell, "slow": self.slow})
        self.page = Page(self.door)

    def start(self, script: str, page: Page | None = None, **fields: object) -> str:
        message = {"role": "user", "content": script}
        params = {"providerId": "echo", "messages": [message]} | fields
        run = (page or self.page).call("llm.inference", params)
        assert isinstance(run, str)
        return run

    async def wait_for_end(self, run: str, page: Page | None = None) -> Json:
        """Pump until the page has the last event of a run, and return that event."""
        page = page or self.page

        def has_ended() -> bool:
            page.pump()
            return page.story(run).ending is not None

        await until(has_ended)
        ending = page.story(run).ending
        assert ending is not None
        return ending


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    host = Host()
    desk = Desk(host)
    yield desk
    desk.slow.go.set()
    await desk.door.close()
    await host.close()


# --- the reference design's own four tests ----------------------------------------------------


@pytest.mark.shows("B64", "B6", "B18", "B49", "D92")
async def test_reference_should_create_a_session(desk: Desk) -> None:
    session = desk.page.call(
        "llm.create_session",
        {"sessionId": "test-session", "providerId": "echo", "systemPrompt": "Test prompt"},
    )
    assert isinstance(session, dict)
    assert session["sessionId"] == "test-session"
    assert session["providerId"] == "echo"
    assert session["modelId"] == "echo", "the provider's default"
    assert session["messageCount"] == 0
    assert session["isActive"] is False


@pytest.mark.shows("B65", "B4", "B15", "D92")
async def test_reference_should_run_inference_and_return_its_id(desk: Desk) -> None:
    run = desk.start("Hello")
    assert re.match(r"^inf-", run)
    await desk.wait_for_end(run)
    assert desk.page.story(run).text == "Hello"


@pytest.mark.shows("B65", "B5", "B22", "D92", "D95")
async def test_reference_should_cancel_active_inference(desk: Desk) -> None:
    run = desk.start("Hello\n/stall")
    assert desk.page.call("llm.cancel", run) is True
    ending = await desk.wait_for_end(run)
    assert (ending["channel"], ending["cancelled"]) == ("llm:done", True)
    status = desk.page.call("llm.get_status")
    assert isinstance(status, dict)
    assert status["activeInferences"] == 0


@pytest.mark.shows("B66", "B10", "D49", "D92", "D93")
async def test_reference_should_reject_concurrent_inference_limit(desk: Desk) -> None:
    for _ in range(5):
        desk.start("/stall")
    with pytest.raises(
        Refused, match=r"Maximum concurrent inferences limit reached \(5\)"
    ) as refused:
        desk.start("Hello")
    assert refused.value.code == "LIMIT"
    assert refused.value.failure["details"] == {"limit": 5, "current": 5}


# --- early --------------------------------------------------------------------------------------


@pytest.mark.shows("D23", "D68")
async def test_early_tokens_come_after_the_id(desk: Desk) -> None:
    """Even when the page receives its first push only after the whole answer was written."""
    number = desk.page.send("llm.inference", _hello("one two", inferenceId="inf-early"))
    await asyncio.sleep(1)
    assert not desk.page.has_reply(number)
    desk.page.pump()
    assert desk.page.result(number) == "inf-early"
    story = desk.page.story("inf-early")
    assert (story.text, story.ending is not None) == ("one two", True)


@pytest.mark.shows("D24", "D69", "D70", "D23")
@pytest.mark.parametrize("script", ["", "/error SERVER_ERROR 99000"])
async def test_early_done_and_early_error_are_kept_for_the_page(desk: Desk, script: str) -> None:
    number = desk.page.send("llm.inference", _hello(script or "x"))
    await asyncio.sleep(1)
    desk.page.pump()
    run = str(desk.page.result(number))
    ending = desk.page.story(run).ending
    assert ending is not None
    assert ending["channel"] == ("llm:error" if script else "llm:done")


@pytest.mark.shows("D71", "B22")
async def test_a_cancel_may_travel_with_its_start(desk: Desk) -> None:
    """The caller chose the id, so it need not wait for it."""
    page = desk.page
    start = page.send("llm.inference", _hello("one\n/stall", inferenceId="inf-a"))
    cancel = page.send("llm.cancel", "inf-a")
    page.pump()
    assert (page.result(start), page.result(cancel)) == ("inf-a", True)
    assert page.story("inf-a").channels == ["llm:done"]
    await run_ready_tasks()


@pytest.mark.shows("D71", "B22")
async def test_a_cancel_that_overtakes_its_start_finds_nothing(desk: Desk) -> None:
    assert desk.page.call("llm.cancel", "inf-a") is False
    run = desk.start("x", inferenceId="inf-a")
    assert (await desk.wait_for_end(run))["cancelled"] is False


@pytest.mark.shows("D23", "D63", "D69", "D70")
@pytest.mark.parametrize("rounds", [0, 1, 2, 5, 30])
async def test_a_reload_at_any_moment_finds_everything_again(desk: Desk, rounds: int) -> None:
    run = desk.start("/reasoning let me see\none two three four")
    for _ in range(rounds):
        await asyncio.sleep(0)
        if rounds % 2:
            desk.page.pump(1)
    desk.page.reload()
    listed = desk.page.call("llm.list")
    assert isinstance(listed, list)
    assert [run_info["inferenceId"] for run_info in listed] == [run]
    desk.page.attach(run)
    await desk.wait_for_end(run)
    story = desk.page.story(run)
    assert (story.reasoning, story.text) == ("let me see", "one two three four")


@pytest.mark.shows("D63", "D47")
async def test_a_long_answer_is_fetched_in_pieces(desk: Desk) -> None:
    run = desk.start("/chunk 300000\n/reasoning and done")
    await desk.wait_for_end(run)
    desk.page.reload()
    before = desk.page.pushes
    assert desk.page.attach(run) is False
    assert len(desk.page.story(run).text) == 300_000
    assert desk.page.pushes - before > 2


@pytest.mark.shows("B3", "D35", "D64")
async def test_two_pages_see_one_shared_run_and_nothing_else(desk: Desk) -> None:
    other_page = Page(desk.door, "window-2")
    secret = desk.start("/rate 100\none two")
    shared = desk.start("/rate 100\n/repeat 20 word", share=True)
    await asyncio.sleep(0.05)
    assert other_page.attach(shared) is True
    with pytest.raises(Refused) as refused:
        other_page.attach(secret)
    assert refused.value.code == "NOT_FOUND"
    assert other_page.call("llm.cancel", secret) is False
    await desk.wait_for_end(shared, other_page)
    await desk.wait_for_end(shared)
    assert other_page.story(shared).text == desk.page.story(shared).text == " ".join(["word"] * 20)
    assert set(other_page.stories) == {shared, secret}
    assert other_page.story(secret).next_seq == 0


# --- the five calls of the reference design -----------------------------------------------------


@pytest.mark.shows("B6", "B7", "B8", "B9", "B20", "B21", "B23", "B49", "D63")
async def test_a_session_through_the_door(desk: Desk) -> None:
    page = desk.page
    page.call("llm.create_session", {"sessionId": "s", "providerId": "echo"})
    run = str(page.call("llm.run_session", _session_run("one two")))
    ending = await desk.wait_for_end(run)
    assert ending["sessionId"] == "s"
    snapshot = page.call("llm.get_session", "s")
    assert isinstance(snapshot, dict)
    assert [message["content"] for message in snapshot["messages"]] == ["one two", "one two"]
    status = page.call("llm.get_status")
    assert isinstance(status, dict)
    assert status == {
        "totalSessions": 1,
        "activeSessions": 0,
        "activeInferences": 0,
        "totalInferences": 1,
        "completedInferences": 1,
        "failedInferences": 0,
        "cancelledInferences": 0,
        "totalTokens": 2,
        "estimatedTokens": 0,
    }
    assert page.call("llm.destroy_session", "s") is True
    assert page.call("llm.destroy_session", "s") is False
    for method in ("llm.run_session", "llm.get_session"):
        with pytest.raises(Refused, match=r"Session s not found") as refused:
            page.call(method, _session_run("x") if method == "llm.run_session" else "s")
        assert refused.value.code == "NOT_FOUND"


@pytest.mark.shows("B4", "B8", "B48", "D36")
async def test_a_run_without_a_window_is_refused(desk: Desk) -> None:
    api, closed_caller = LlmApi(desk.host.engine), Caller("window-9")
    with pytest.raises(ShellError, match=r"^Window not available for LLM inference$"):
        api.inference(closed_caller, InferenceRequest.model_validate(_hello("x")))
    with pytest.raises(ShellError, match=r"^Window not available for session inference$"):
        api.run_session(closed_caller, SessionRunOptions.model_validate(_session_run("x")))
    assert desk.host.engine.status("window-9").total_inferences == 0


async def test_a_window_that_closes_while_tools_are_listed_starts_no_run(desk: Desk) -> None:
    class SlowTools:
        async def offer(self, names: object) -> None:
            caller.feed.close()
            desk.host.engine.close_owner(caller.id)

    api = LlmApi(desk.host.engine, lambda: cast("Tools", SlowTools()))
    caller = Caller("window-9")
    caller.feed.open("load")
    begun = api.inference(caller, InferenceRequest.model_validate({**_hello("x"), "tools": "all"}))
    assert not isinstance(begun, str)
    with pytest.raises(ShellError, match=r"^Window not available for LLM inference$"):
        await begun
    assert desk.host.engine.status(caller.id).active_inferences == 0


@pytest.mark.shows("B1")
async def test_every_namespace_is_announced(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Door({"llm": LlmApi(host.engine)})
    assert "[IPC] Registered llm module" in caplog.messages


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    yield host
    await host.close()


# --- envelopes ----------------------------------------------------------------------------------


@pytest.mark.shows("B2", "D61", "D29")
async def test_a_refusal_carries_its_code(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.page.call("llm.run_session", _session_run("x", "nowhere"))
    assert refused.value.failure == {
        "code": "NOT_FOUND",
        "message": "Session nowhere not found",
        "retryable": False,
        "retryAfterMs": None,
        "issues": None,
        "details": None,
    }


@pytest.mark.shows("B2", "D43", "D61")
async def test_an_accident_says_nothing_of_the_host(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    number = desk.page.send("slow.fail")
    await run_ready_tasks()
    desk.page.pump()
    with pytest.raises(Refused) as refused:
        desk.page.result(number)
    assert refused.value.code == "UNKNOWN_ERROR"
    assert "secret" not in json.dumps(refused.value.failure)
    assert "Traceback" not in json.dumps(refused.value.failure)
    assert "A call of 'slow.fail' failed: RuntimeError" in caplog.text
    for method in ("slow.break_down", "slow.break_worse", "slow.half_an_emoji"):
        with pytest.raises(Refused) as refused:
            desk.page.call(method)
        assert refused.value.code == "UNKNOWN_ERROR"


@pytest.mark.shows("B2", "B51")
@pytest.mark.parametrize(
    "method",
    [
        "llm.nothing",
        "llm",
        "",
        "llm.",
        ".llm",
        "llm._engine",
        "llm.__init__",
        "llm.__class__",
        "llm.inference.__globals__",
        "slow.secret",
        "slow._private",
        "slow.go",
        "door.post",
        "shell.hello.__func__",
        "constructor",
        "\u202ellm.list",
        "x" * 100,
    ],
)
async def test_nothing_but_the_methods_has_a_name(desk: Desk, method: str) -> None:
    with pytest.raises(Refused) as refused:
        desk.page.call(method)
    assert refused.value.code == "NOT_FOUND"
    assert len(refused.value.message) < 200


@pytest.mark.shows("B49", "D63")
async def test_the_method_table_is_what_the_namespaces_say(desk: Desk) -> None:
    table = methods({"llm": LlmApi(desk.host.engine)})
    assert set(table) == {
        f"llm.{name}"
        for name in (
            "inference", "cancel", "create_session", "destroy_session", "run_session",
            "decide", "answer", "get_status", "attach", "list", "get_session",
        )
    }  # fmt: skip


# --- batches ------------------------------------------------------------------------------------


def batch(page: Page, *calls: object, load: str | None = None, version: int | None = None) -> str:
    return json.dumps(
        {
            "version": CONTRACT_VERSION if version is None else version,
            "load": page.load if load is None else load,
            "calls": list(calls),
        }
    )


@pytest.mark.shows("B2", "D61")
async def test_a_batch_is_answered_in_order_and_one_wrong_call_harms_nobody(desk: Desk) -> None:
    page = desk.page
    calls = [
        {"id": 101, "method": "llm.list"},
        {"id": 102, "method": "llm.cancel", "params": float("nan")},
        {"id": 103, "method": "llm.nothing"},
        {"id": 104, "method": "llm.cancel", "params": "inf-x"},
    ]
    page.door.post(page.caller, batch(page, *calls))
    push = page.feed.next()
    assert push is not None
    replies = json.loads(f"[{push.items}]")
    assert [(reply["id"], reply["ok"]) for reply in replies] == [
        (101, True),
        (102, False),
        (103, False),
        (104, True),
    ]
    assert [reply["error"]["code"] for reply in replies[1:3]] == ["VALIDATION", "NOT_FOUND"]
    page.pump()


@pytest.mark.shows("D65", "D66", "B2")
@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "[]", "7", '"x"', "\ud800", "{}", '{"calls":[]}', "NaN",
        '{"version":1,"load":"load-0001","calls":[]}',
        '{"version":1,"load":"load-0001","calls":{"id":1}}',
        '{"version":1,"load":"load-0001","calls":[null]}',
        '{"version":1,"load":"load-0001","calls":[{"id":"1","method":"llm.list"}]}',
        '{"version":1,"load":"load-0001","calls":[{"id":-1,"method":"llm.list"}]}',
        '{"version":1,"load":"load-0001","calls":[{"id":1.5,"method":"llm.list"}]}',
        "[" * 200_000,
        "x" * 33_000_000,
    ],
    ids=lambda text: text[:20].encode("ascii", "replace").decode(),
)  # fmt: skip
async def test_what_is_no_batch_is_dropped(desk: Desk, text: str) -> None:
    desk.door.post(desk.page.caller, text)
    assert desk.page.feed.next() is None
    assert desk.page.call("llm.list") == []


@pytest.mark.shows("B2", "D66")
@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"load": 7},
        {"extra": 1},
        {"calls": [{"id": 7, "method": 1}]},
        {"calls": [{"id": 7, "method": "llm.list", "more": 1}]},
        {"calls": [{"id": 7, "method": "m" * 101}]},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_the_calls_of_a_malformed_batch_are_answered(desk: Desk, change: Json) -> None:
    envelope = {"version": CONTRACT_VERSION, "load": desk.page.load}
    text = json.dumps(envelope | {"calls": [{"id": 7, "method": "llm.list"}]} | change)
    desk.door.post(desk.page.caller, text)
    desk.page.pump()
    with pytest.raises(Refused) as refused:
        desk.page.result(7)
    assert refused.value.code == "VALIDATION"
    assert all(refused.value.issues)


@pytest.mark.shows("D66", "D62")
async def test_a_page_of_another_version_is_told_so_by_its_hello(desk: Desk) -> None:
    call = {"id": 1, "method": "shell.hello", "params": {"version": 99, "lastPush": 0}}
    desk.door.post(desk.page.caller, batch(desk.page, call, load="load-9999", version=99))
    push = desk.page.feed.next()
    assert push is not None
    assert push.load == "load-9999"
    assert "another version of the program" in push.items


@pytest.mark.shows("D36", "D62")
async def test_calls_of_a_load_that_was_replaced_are_dropped(desk: Desk) -> None:
    old = desk.page.load
    desk.page.reload()
    desk.door.post(desk.page.caller, batch(desk.page, {"id": 1, "method": "llm.list"}, load=old))
    desk.door.post(
        desk.page.caller,
        batch(desk.page, {"id": 2, "method": "llm.inference", "params": _hello("x")}, load=old),
    )
    assert desk.page.feed.next() is None
    assert desk.host.engine.list("window-1") == []


@pytest.mark.shows("D65", "D36")
async def test_a_late_answer_does_not_reach_the_next_load(desk: Desk) -> None:
    late = desk.page.send("slow.wait")
    await run_ready_tasks()
    hello = desk.page.begin_reload()
    desk.slow.go.set()
    await run_ready_tasks()
    desk.page.pump()
    assert desk.page.has_reply(hello)
    assert not desk.page.has_reply(late)
    assert not desk.page.caller.running


@pytest.mark.shows("D36")
async def test_a_reloaded_page_finds_what_the_load_before_it_asked_last(desk: Desk) -> None:
    """The hello of a new load waits for the last calls, such as one that writes a setting."""
    desk.page.send("slow.wait")
    hello = desk.page.begin_reload()
    await run_ready_tasks()
    desk.page.pump()
    assert not desk.page.has_reply(hello)
    desk.slow.go.set()
    await run_ready_tasks()
    desk.page.pump()
    assert desk.page.has_reply(hello)


async def test_a_call_that_takes_long_holds_a_reload_only_for_a_while(desk: Desk) -> None:
    desk.page.send("slow.wait")
    started_at = the_loop().time()
    hello = desk.page.begin_reload()
    while desk.page.pump() == 0:  # noqa: ASYNC110 - nothing tells when there is something
        await asyncio.sleep(0.1)
    assert desk.page.has_reply(hello)
    assert the_loop().time() - started_at < 2.2
    await run_ready_tasks()
    assert len(desk.page.caller.running) == 1, "the call itself goes on"


async def test_a_page_that_only_lost_its_connection_waits_for_no_call(desk: Desk) -> None:
    desk.page.send("slow.wait")
    desk.page.call("shell.hello", {"version": CONTRACT_VERSION, "lastPush": 0})


@pytest.mark.shows("D65", "D49")
async def test_unanswered_calls_are_bounded(desk: Desk) -> None:
    desk.page.caller.unanswered = 7
    numbers = [desk.page.send("slow.wait") for _ in range(7)]
    with pytest.raises(Refused) as refused:
        desk.page.call("slow.wait")
    assert refused.value.code == "LIMIT"
    assert refused.value.failure["details"] == {"limit": 7, "current": 7}
    assert desk.page.call("llm.list") == [], "what answers at once still does"
    desk.slow.go.set()
    await run_ready_tasks()
    desk.page.pump()
    assert {desk.page.result(number) for number in numbers} == {"window-1"}
    assert not desk.page.caller.running


async def test_runs_whose_tools_must_be_listed_are_bounded_like_other_calls(desk: Desk) -> None:
    class SlowTools:
        async def offer(self, names: object) -> None:
            await desk.slow.go.wait()

    page = Desk(desk.host, lambda: cast("Tools", SlowTools())).page
    page.caller.unanswered = 7
    numbers = [page.send("llm.inference", {**_hello("x"), "tools": "all"}) for _ in range(8)]
    await run_ready_tasks()
    page.pump()
    assert len(page.caller.running) == 7
    with pytest.raises(Refused) as refused:
        page.result(numbers[7])
    assert refused.value.failure["details"] == {"limit": 7, "current": 7}
    assert isinstance(page.call("llm.inference", _hello("x")), str), "it is answered at once"
    desk.slow.go.set()
    await run_ready_tasks()
    page.pump()
    assert not page.caller.running


@pytest.mark.shows("D38", "D94")
async def test_a_closed_door_leaves_no_task(desk: Desk) -> None:
    for _ in range(5):
        desk.page.send("slow.wait")
    await run_ready_tasks()
    await desk.door.close()
    assert not desk.page.caller.running
    assert desk.page.pump() == 0


@pytest.mark.shows("D29", "B34", "B35")
def test_one_list_of_codes_says_what_may_be_tried_again() -> None:
    expected = {
        "TIMEOUT", "STREAM_TIMEOUT", "RATE_LIMIT", "NETWORK_ERROR", "OVERLOADED", "SERVER_ERROR",
        "STREAM_INTERRUPTED", "STREAM_INCOMPLETE", "LOCAL_MODEL_CRASHED", "HOST_LOST", "LIMIT",
        "SESSION_BUSY",
    }  # fmt: skip
    assert expected <= {code.value for code in ErrorCode if code.retryable}
    for code in ("ABORTED", "API_KEY_ERROR", "UNKNOWN_ERROR", "VALIDATION", "NOT_FOUND"):
        assert not ErrorCode(code).retryable


async def test_time_does_not_pass_while_calls_are_made(desk: Desk) -> None:
    before = the_loop().time()
    for _ in range(1_000):
        desk.page.call("llm.list")
    assert the_loop().time() == before


def _hello(script: str, **fields: object) -> Json:
    return {"providerId": "echo", "messages": [{"role": "user", "content": script}]} | fields


def _session_run(script: str, session_id: str = "s") -> Json:
    return {"sessionId": session_id, "messages": [{"role": "user", "content": script}]}


# --- a namespace that is made when it is first called ------------------------------------------


class LazyNamespace:
    """A factory of a namespace that waits, and fails all but the last of `attempts`."""

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts
        self.open = asyncio.Event()

    async def make(self) -> object:
        self.attempts -= 1
        await self.open.wait()
        if self.attempts > 0:
            raise ShellError("The disk is full")
        return Slow()

    def door(self) -> Door:
        shell = ShellApi("test", lambda: Defaults(provider_id="echo", model_id="echo"), bool, bool)
        return Door({"shell": shell}, {"lazy": self.make})


async def test_calls_wait_for_a_namespace_that_is_being_made_and_it_is_made_once() -> None:
    lazy = LazyNamespace(attempts=1)
    page = Page(lazy.door())
    numbers = [
        page.send("lazy.half_an_emoji"),
        page.send("lazy.no_such"),
        page.send("lazy._private"),
    ]
    await run_ready_tasks()
    page.pump()
    assert not any(page.has_reply(number) for number in numbers)
    assert lazy.attempts == 0
    lazy.open.set()
    await run_ready_tasks()
    page.pump()
    for number in numbers[1:]:
        with pytest.raises(Refused, match="NOT_FOUND"):
            page.result(number)
    assert page.has_reply(numbers[0])
    assert lazy.attempts == 0


async def test_a_namespace_that_cannot_be_made_says_why_and_is_tried_again() -> None:
    lazy = LazyNamespace(attempts=2)
    lazy.open.set()
    page = Page(lazy.door())
    number = page.send("lazy.break_down")
    await run_ready_tasks()
    page.pump()
    with pytest.raises(Refused, match="The disk is full"):
        page.result(number)
    number = page.send("lazy.wait", "no parameter")
    await run_ready_tasks()
    page.pump()
    with pytest.raises(Refused, match="takes no parameters"):
        page.result(number)


async def test_a_door_that_closes_ends_the_making() -> None:
    lazy = LazyNamespace(attempts=1)
    door = lazy.door()
    number = (page := Page(door)).send("lazy.fail")
    await run_ready_tasks()
    await door.close()
    page.pump()
    assert not page.has_reply(number)
