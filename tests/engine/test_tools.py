"""A run with tools: its steps, its calls, and the decisions of a person about them."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from shell.contract import (
    AnyEvent,
    ApprovalEvent,
    CallEvent,
    Decision,
    DoneEvent,
    FilePart,
    Message,
    NoticeEvent,
    ResultEvent,
    SessionRunOptions,
    StepEvent,
    TextPart,
    ThinkingEvent,
    ToolEvent,
    Verdict,
)
from shell.errors import ErrorCode, StorageFailed, StorageUnavailable, ToolError, ValidationFailed
from shell.inference.log import InferenceLog
from shell.providers.base import Chunk, Finish, ModelInfo, ProviderRequest, ToolCallDelta
from shell.support.file_lock import file_lock
from shell.tools.arguments import check_arguments, parse_arguments
from shell.tools.base import Arguments, Progress, Tool
from shell.tools.choices import FILE, ToolChoices
from shell.tools.offer import Offer, OfferedTool
from shell.tools.permissions import Permissions
from tests.engine.functions import Functions
from tests.engine.host import ME, OTHER, Host, request, until
from tests.host_process import PATIENCE_S
from tests.virtual_loop import run_ready_tasks

pytestmark = pytest.mark.anyio

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


async def _echo(arguments: Arguments, progress: Progress) -> str:
    return f"got {arguments}"


@pytest.fixture
def functions() -> Functions:
    functions = Functions()
    functions.add("echo", _echo)
    functions.add("double", _double, parameters=NUMBER)
    functions.add("far", _double, parameters={"$ref": "http://127.0.0.1:9/schema.json"})
    functions.add("broken", _double, parameters={"properties": ["n"]})
    return functions


async def _double(arguments: Arguments, progress: Progress) -> str:
    number = arguments["n"]
    assert isinstance(number, int)
    return str(2 * number)


def start(
    host: Host,
    functions: Functions,
    script: str,
    *,
    allowed: Sequence[str] = ("*",),
    permissions: Permissions | None = None,
    **fields: object,
) -> InferenceLog:
    permissions = permissions or Permissions(allowed=allowed)
    offer = Offer([OfferedTool(tool, functions) for tool in functions.tools.values()], permissions)
    log = host.engine.start(ME, request(script, **fields), offer=offer)
    host.logs.append(log)
    return log


async def all_events(log: InferenceLog) -> list[AnyEvent]:
    return [event async for event in log.follow()]


async def wait_for_approvals(log: InferenceLog, count: int = 1) -> list[ApprovalEvent]:
    """Wait until `count` calls have asked for approval."""
    found: list[ApprovalEvent] = []
    async for event in log.follow():
        if isinstance(event, ApprovalEvent) and event.state == "asked":
            found.append(event)
            if len(found) == count:
                break
    assert len(found) == count
    return found


def decision(log: InferenceLog, question: ApprovalEvent, **fields: object) -> Decision:
    values = {"verdict": "allow", "nonce": question.nonce, **fields}
    return Decision.model_validate(
        {"inference_id": log.inference_id, "call_id": question.call_id, **values}
    )


def events_of(kind: type, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    return [event for event in events if isinstance(event, kind)]


def states(events: Sequence[AnyEvent], call_id: str) -> list[str]:
    return [
        event.state
        for event in events
        if isinstance(event, CallEvent | ResultEvent) and event.call_id == call_id
    ]


async def test_a_step_calls_a_tool_and_the_next_one_gets_its_result(
    host: Host, functions: Functions
) -> None:
    events = await all_events(start(host, functions, '/call double {"n": 21}\n/then\n/request'))
    assert [event.step for event in events if isinstance(event, StepEvent)] == [1, 2]
    assert states(events, "call-1-0") == ["allowed", "running", "done"]
    pieces = [event for event in events if isinstance(event, ToolEvent)]
    assert {piece.id for piece in pieces} == {"call-1-0"}
    assert "".join(piece.arguments_delta for piece in pieces) == '{"n": 21}'
    (result,) = [event for event in events if isinstance(event, ResultEvent)]
    assert (result.text, result.bytes, result.shown_bytes, result.code) == ("42", 2, 2, None)
    done = events[-1]
    assert isinstance(done, DoneEvent)
    assert done.finish_reason == "stop"
    assert done.usage.output_tokens > 1, "both steps count"


async def test_a_run_without_tools_has_no_steps(host: Host) -> None:
    log = host.start('/tool double {"n": 1}')
    events = await all_events(log)
    assert not events_of(StepEvent, events)
    assert not events_of(CallEvent, events)


async def test_nothing_runs_before_somebody_allows_it(host: Host, functions: Functions) -> None:
    log = start(host, functions, '/call double {"n": 1}', allowed=())
    (question,) = await wait_for_approvals(log)
    assert functions.calls == []
    assert host.engine.decide(OTHER, decision(log, question)) is False, "not his run"
    with pytest.raises(ValidationFailed, match="another question"):
        host.engine.decide(ME, decision(log, question, nonce="guessed"))
    assert functions.calls == []
    assert host.engine.decide(ME, decision(log, question)) is True
    assert host.engine.decide(ME, decision(log, question)) is False, "decided already"
    events = await all_events(log)
    assert functions.calls == [("double", {"n": 1})]
    assert states(events, "call-1-0") == ["waiting", "running", "done"]


async def test_a_denied_call_has_a_result_with_the_reason(host: Host, functions: Functions) -> None:
    log = start(host, functions, '/call double {"n": 1}', allowed=())
    (question,) = await wait_for_approvals(log)
    denial = decision(log, question, verdict="deny", reason="Use your head.")
    assert host.engine.decide(ME, denial)
    events = await all_events(log)
    assert functions.calls == []
    assert states(events, "call-1-0") == ["waiting", "denied"]
    text = log.text("llm:token")
    assert "did not allow this call. The reason: Use your head." in text


async def test_edited_arguments_are_checked_and_the_model_is_told(
    host: Host, functions: Functions
) -> None:
    log = start(host, functions, '/call double {"n": 1}', allowed=())
    (question,) = await wait_for_approvals(log)
    with pytest.raises(ValidationFailed, match="n: 'x' is not of type"):
        host.engine.decide(ME, decision(log, question, arguments={"n": "x"}))
    assert host.engine.decide(ME, decision(log, question, arguments={"n": 5}))
    events = await all_events(log)
    assert functions.calls == [("double", {"n": 5})]
    calls = [event for event in events if isinstance(event, CallEvent)]
    assert all(call.arguments == {"n": 1} for call in calls), "the history has the model's own"
    assert 'The person changed the arguments to {"n": 5}.\n10' in log.text("llm:token")


async def test_parallel_calls_start_at_once_and_their_results_are_in_call_order(
    host: Host, functions: Functions
) -> None:
    second_began = asyncio.Event()

    async def first(arguments: Arguments, progress: Progress) -> str:
        await second_began.wait()
        return "first"

    async def second(arguments: Arguments, progress: Progress) -> str:
        second_began.set()
        return "second"

    functions.add("first", first)
    functions.add("second", second)
    log = start(host, functions, "/call first {}\n/call second {}")
    events = await all_events(log)
    assert [e.text for e in events if isinstance(e, ResultEvent)] == ["second", "first"]
    assert log.text("llm:token") == "test__first: first\ntest__second: second"


async def test_an_allowed_call_runs_while_another_waits(host: Host, functions: Functions) -> None:
    log = start(host, functions, '/call echo {}\n/call double {"n": 1}', allowed=["echo"])
    (question,) = await wait_for_approvals(log)
    async for event in log.follow():
        if isinstance(event, ResultEvent):
            break
    assert functions.calls == [("echo", {})]
    host.engine.decide(ME, decision(log, question))
    assert len(events_of(ResultEvent, await all_events(log))) == 2


@pytest.mark.parametrize(
    ("call", "error_part"),
    [
        (
            "/call nothing {}",
            "There is no tool 'nothing'. The tools are: test__echo, test__double, ",
        ),
        ("/call double {n: 1}", "The arguments are not JSON"),
        ("/call double [1]", "The arguments are not a JSON object"),
        ('/call double {"n": "1"}', "n: '1' is not of type 'integer'"),
        ("/call double {}", "'n' is a required property"),
        ("/call echo " + '{"a":' * 65 + "1" + "}" * 65, "more than 64 levels"),
        ('/call echo {"a": NaN}', "NaN is not JSON"),
        ('/call echo {"a": 1e999}', "1e999 is not JSON"),
        ('/call echo {"a": "\\ud800"}', "half a character"),
        ("/call far {}", "The tool's schema cannot be used"),
        ("/call broken {}", "The tool's schema cannot be used"),
    ],
    ids=[
        "unknown",
        "no JSON",
        "a list",
        "wrong type",
        "missing",
        "deep",
        "constant",
        "infinite",
        "half",
        "far schema",
        "broken schema",
    ],
)
async def test_a_wrong_call_is_answered_and_never_run(
    host: Host, functions: Functions, call: str, error_part: str
) -> None:
    events = await all_events(start(host, functions, call))
    (result,) = [event for event in events if isinstance(event, ResultEvent)]
    assert error_part in result.text
    assert result.state == "invalid"
    assert result.code in (ErrorCode.TOOL_UNKNOWN, ErrorCode.TOOL_INVALID)
    assert functions.calls == []
    assert isinstance(events[-1], DoneEvent)


def test_arguments_that_are_too_long_are_refused() -> None:
    with pytest.raises(ToolError, match="longer than 256 KB"):
        parse_arguments('{"a": "' + "x" * 262_144 + '"}')


ITEM = {"type": "object", "additionalProperties": False}
BELOW = {"type": "array", "items": {"$ref": "#"}}
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
LOOP = {"$schema": DRAFT_7, "properties": {"a": {"pattern": "^(a+)+$"}, "b": {"$ref": "#"}}}


@pytest.mark.parametrize(
    ("schema", "value", "error_part"),
    [
        # Without limits each of these would take from minutes to years.
        ({"pattern": "^(a+)+$"}, "a" * 5_000 + "!", "does not match"),
        ({"additionalProperties": False, "patternProperties": {"^(a+)+$": {}}}, None, "Additional"),
        ({"propertyNames": {"pattern": "^(a+)+$"}}, None, "does not match"),
        ({"allOf": [{"$schema": DRAFT_7, "pattern": "^(a+)+$"}]}, "a" * 40 + "!", "does not match"),
        (LOOP, {"b": {"a": "a" * 40 + "!"}}, "b.a: .* does not match"),
        ({"pattern": "[01]*1[01]{16000}[xy]"}, "10" * 100_000, None),
        ({"uniqueItems": True}, [{"a": n} for n in range(8_000)] + [{"a": 0}], "non-unique"),
        ({"anyOf": [BELOW, BELOW, {"type": "string"}]}, 0, "takes too long"),
        # Ordinary schemas work as before.
        ({"pattern": "b.d"}, "abcd", None),
        ({"pattern": "(?<=a)b"}, "no", None),
        ({"uniqueItems": True}, [1, 2, "1", [1]], None),
        ({"patternProperties": {"^x": ITEM}, "additionalProperties": ITEM}, {"x1": {}}, None),
        ({"patternProperties": {"^x": ITEM}}, {"x1": {"a": 1}}, "x1: Additional"),
        ({"properties": {"a": True}, "additionalProperties": ITEM}, {"a": 1, "b": 1}, "b: 1"),
    ],
)
def test_no_schema_and_no_value_keep_the_host_busy(
    schema: dict[str, object], value: object, error_part: str | None
) -> None:
    if value is None:
        value = {"a" * 5_000 + "!": 1}
    if value == 0:
        for _ in range(60):
            value = [value]
    tool = Tool("t", "test.py", "python", parameters=schema)
    expected = nullcontext() if error_part is None else pytest.raises(ToolError, match=error_part)
    with expected:
        check_arguments(tool, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": ["a"]},
        {"properties": {"a": "number"}},
        {"properties": None, "additionalProperties": False},
        {"patternProperties": ["a"]},
        {"dependentRequired": ["a"]},
        {"required": 5},
        {"allOf": {"a": 1}},
        {"$ref": 5},
        {"$id": 5},
        {"$ref": "#/x/%"},
        {"properties": {"a": {"minimum": "1"}}},
        {"properties": {"a": {"multipleOf": 0}}},
        {"properties": {"a": {"multipleOf": 0.01}}},
    ],
    ids=str,
)
def test_a_schema_that_cannot_be_used_is_an_error_of_the_call(schema: dict[str, object]) -> None:
    tool = Tool("t", "test.py", "python", parameters=schema)
    with pytest.raises(ToolError, match="The tool's schema cannot be used") as raised:
        check_arguments(tool, {"a": 10**400})
    assert raised.value.code is ErrorCode.TOOL_INVALID


async def test_a_run_ends_at_its_last_step(host: Host, functions: Functions) -> None:
    log = start(host, functions, '/call double {"n": 1}\n/again', max_steps=2)
    events = await all_events(log)
    assert isinstance(events[-1], DoneEvent)
    assert events[-1].finish_reason == "steps"
    assert len(functions.calls) == 2
    assert len(events_of(ResultEvent, events)) == 2, "the calls of the last step have results, too"


async def test_the_same_call_is_asked_the_third_time(host: Host, functions: Functions) -> None:
    log = start(host, functions, '/call double {"n": 1}\n/again')
    (question,) = await wait_for_approvals(log)
    assert question.call_id == "call-3-0"
    assert question.why == "The model makes the same call again and again."
    assert len(functions.calls) == 2
    assert host.engine.cancel(ME, log.inference_id)
    events = await all_events(log)
    assert states(events, "call-3-0") == ["waiting", "cancelled"]


async def test_a_cancel_settles_every_open_call_before_the_end(
    host: Host, functions: Functions
) -> None:
    async def never(arguments: Arguments, progress: Progress) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    functions.add("never", never)
    log = start(host, functions, '/call never {}\n/call double {"n": 1}', allowed=["never"])
    await wait_for_approvals(log)
    await until(lambda: functions.calls != [])
    host.engine.cancel(ME, log.inference_id)
    events = await all_events(log)
    results = [event for event in events if isinstance(event, ResultEvent)]
    assert {(r.call_id, r.state) for r in results} == {
        ("call-1-0", "cancelled"),
        ("call-1-1", "cancelled"),
    }
    assert "may have taken effect" in next(r.text for r in results if r.call_id == "call-1-0")
    done = events[-1]
    assert isinstance(done, DoneEvent)
    assert done.cancelled


async def test_deadlines_stand_still_while_a_person_is_asked(
    host: Host, functions: Functions
) -> None:
    log = start(host, functions, '/call double {"n": 1}', allowed=(), timeout_ms=2_000)
    (question,) = await wait_for_approvals(log)
    await asyncio.sleep(500)
    assert host.engine.decide(ME, decision(log, question))
    events = await all_events(log)
    assert isinstance(events[-1], DoneEvent)


async def test_a_run_that_waits_too_long_ends_waiting(host: Host, functions: Functions) -> None:
    log = start(host, functions, '/call echo {}\n/call double {"n": 1}', allowed=["echo"])
    events = await all_events(log)
    done = events[-1]
    assert isinstance(done, DoneEvent)
    assert (done.finish_reason, done.cancelled) == ("waiting", False)
    assert states(events, "call-1-0") == ["allowed", "running", "done"]
    assert states(events, "call-1-1") == ["waiting"]


async def test_a_run_that_waits_holds_no_slot(host: Host, functions: Functions) -> None:
    waiting = [start(host, functions, '/call double {"n": 1}', allowed=()) for _ in range(5)]
    for log in waiting:
        await wait_for_approvals(log)
    assert isinstance((await all_events(start(host, functions, "hi")))[-1], DoneEvent)


async def test_a_call_without_progress_is_ended_and_progress_gives_it_time(
    host: Host, functions: Functions
) -> None:
    async def slow(arguments: Arguments, progress: Progress) -> str:
        for step in range(20):
            await asyncio.sleep(50)
            progress(f"{step}")
            if arguments.get("silent"):
                await asyncio.sleep(61)
        raise AssertionError

    functions.add("slow", slow)
    log = start(host, functions, '/call slow {"silent": true}\n/call slow {}', timeout_ms=600_000)
    began = asyncio.get_running_loop().time()
    events = await all_events(log)
    results = {e.call_id: e for e in events if isinstance(e, ResultEvent)}
    assert {result.state for result in results.values()} == {"timed_out"}
    assert results["call-1-0"].code is ErrorCode.TOOL_TIMEOUT
    assert asyncio.get_running_loop().time() - began <= 601


@pytest.mark.parametrize(
    "error",
    [ToolError(ErrorCode.TOOL_FAILED, "No."), KeyError("x"), asyncio.CancelledError()],
    ids=["failed", "a bug", "cancelled by itself"],
)
async def test_a_failing_tool_is_a_failed_call(
    host: Host, functions: Functions, error: BaseException
) -> None:
    async def fail(arguments: Arguments, progress: Progress) -> str:
        raise error

    functions.add("fail", fail)
    events = await all_events(start(host, functions, "/call fail {}"))
    (result,) = [event for event in events if isinstance(event, ResultEvent)]
    assert (result.state, result.code) == ("failed", ErrorCode.TOOL_FAILED)
    assert isinstance(events[-1], DoneEvent)


async def test_a_flood_of_progress_is_not_kept(host: Host, functions: Functions) -> None:
    async def flood(arguments: Arguments, progress: Progress) -> str:
        for number in range(10_000):
            progress(f"line {number}")
        await asyncio.sleep(1)
        progress("a second later")
        return "done"

    functions.add("flood", flood)
    events = await all_events(start(host, functions, "/call flood {}"))
    lines = [event.status for event in events if isinstance(event, ThinkingEvent)]
    shown = [line for line in lines if line.startswith("line ")]
    assert shown == [f"line {number}" for number in range(100)]
    assert "a second later" in lines


async def test_progress_after_the_end_of_a_call_is_ignored(
    host: Host, functions: Functions
) -> None:
    late: list[Progress] = []

    async def keeps(arguments: Arguments, progress: Progress) -> str:
        late.append(progress)
        return "done"

    functions.add("keeps", keeps)
    log = start(host, functions, "/call keeps {}")
    events = await all_events(log)
    late[0]("still here")
    assert log.last_seq == events[-1].seq


async def test_a_decision_while_the_last_call_runs_is_not_lost(
    host: Host, functions: Functions
) -> None:
    async def slow(arguments: Arguments, progress: Progress) -> str:
        for _ in range(14):
            await asyncio.sleep(50)
            progress("still")
        raise AssertionError

    functions.add("slow", slow)
    log = start(host, functions, '/call slow {}\n/call double {"n": 1}', allowed=["slow"])
    (question,) = await wait_for_approvals(log)
    host.engine.decide(ME, decision(log, question, verdict="deny"))
    log = start(host, functions, '/call slow {}\n/call double {"n": 1}', allowed=["slow"])
    (question,) = await wait_for_approvals(log)
    await asyncio.sleep(599)
    asyncio.get_running_loop().call_later(
        0.999, lambda: host.engine.decide(ME, decision(log, question))
    )
    events = await all_events(log)
    assert states(events, "call-1-1") == ["waiting", "running", "done"]


async def test_an_edit_that_could_not_be_kept_is_forgotten(
    host: Host, functions: Functions
) -> None:
    class Full:
        problem: str | None = None

        def verdicts(self, tool: Tool, arguments: Arguments) -> list[Verdict]:
            return []

        def add(self, tool: Tool, verdict: Verdict, pattern: object, *, wait: bool = True) -> None:
            raise StorageFailed("The disk is full")

    log = start(host, functions, '/call double {"n": 1}', permissions=Permissions(Full()))
    (question,) = await wait_for_approvals(log)
    with pytest.raises(StorageFailed):
        host.engine.decide(ME, decision(log, question, scope="always", arguments={"n": 5}))
    assert host.engine.decide(ME, decision(log, question))
    await all_events(log)
    assert functions.calls == [("double", {"n": 1})]


async def test_a_verdict_for_good_is_refused_at_once_while_another_process_holds_the_file(
    host: Host, functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shell.support.file_lock.WAIT_S", PATIENCE_S)
    choices = ToolChoices(tmp_path)
    log = start(host, functions, '/call double {"n": 1}', permissions=Permissions(choices))
    (question,) = await wait_for_approvals(log)
    began = time.monotonic()
    with file_lock(tmp_path / FILE), pytest.raises(StorageUnavailable, match="try again"):
        host.engine.decide(ME, decision(log, question, scope="always"))
    assert time.monotonic() - began < PATIENCE_S, "the loop has not waited"
    assert functions.calls == []
    assert host.engine.decide(ME, decision(log, question, scope="always"))
    await all_events(log)
    assert len(choices.grants([])) == 1
    assert functions.calls == [("double", {"n": 1})]


async def test_a_decision_after_the_stop_is_not_taken(host: Host, functions: Functions) -> None:
    log = start(host, functions, '/call double {"n": 1}', allowed=())
    (question,) = await wait_for_approvals(log)
    assert host.engine.cancel(ME, log.inference_id)
    assert host.engine.decide(ME, decision(log, question)) is False
    await all_events(log)
    assert functions.calls == []


@pytest.mark.parametrize("finishes_first", [False, True])
async def test_no_tool_runs_after_a_cancel_that_the_provider_answers_with_an_end(
    host: Host, functions: Functions, finishes_first: bool
) -> None:
    async def ends_in_order(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield ToolCallDelta("c1", "test__double", '{"n": 1}')
        if finishes_first:
            yield Finish("tool_calls")
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        if not finishes_first:
            yield Finish("tool_calls")

    puppet = host.puppet(ends_in_order, ModelInfo("m", tools=True))
    log = start(host, functions, "hi", provider_id="puppet")
    await run_ready_tasks()
    assert len(puppet.requests) == 1
    assert host.engine.cancel(ME, log.inference_id)
    done = (await all_events(log))[-1]
    assert isinstance(done, DoneEvent)
    assert done.cancelled
    assert functions.calls == []


async def test_a_sending_tool_is_asked_once_strangers_have_been_heard(
    host: Host, functions: Functions
) -> None:
    functions.add("fetch", _echo, brings=True)
    functions.add("send", _echo, sends=True)
    log = start(host, functions, "/call send {}\n/then\n/call fetch {}\n/then\n/call send {}")
    (question,) = await wait_for_approvals(log)
    assert question.call_id == "call-3-0"
    assert question.why is not None
    assert "strangers" in question.why
    assert [name for name, _ in functions.calls] == ["send", "fetch"]
    host.engine.cancel(ME, log.inference_id)
    await all_events(log)


@pytest.mark.parametrize("in_session", [True, False])
@pytest.mark.parametrize(
    "part",
    [
        FilePart(media_type="text/plain", data="aGVsbG8=", name="page.txt"),
        TextPart(text="Good morning!", untrusted=True),
    ],
    ids=["an attachment", "a prompt of a server"],
)
async def test_what_others_wrote_is_strangers_words_also_without_a_conversation(
    host: Host, functions: Functions, part: FilePart | TextPart, in_session: bool
) -> None:
    functions.add("send", _echo, sends=True)
    offer = Offer(
        [OfferedTool(tool, functions) for tool in functions.tools.values()],
        Permissions(allowed=["*"]),
    )
    text_message = Message(role="user", content=[TextPart(text="Read this."), part])
    call_message = Message(role="user", content="/call send {}")
    if in_session:
        host.session("s")
        await all_events(host.turn([text_message]))
        options = SessionRunOptions(session_id="s", messages=[call_message])
        log = host.engine.run_session(ME, options, offer=offer)
    else:
        log = host.engine.start(ME, request([text_message, call_message]), offer=offer)
    host.logs.append(log)
    (question,) = await wait_for_approvals(log)
    assert "strangers" in str(question.why)
    host.engine.cancel(ME, log.inference_id)
    await all_events(log)
    assert functions.calls == []


async def test_an_allowed_pattern_is_for_the_arguments_that_the_person_saw(
    host: Host, functions: Functions, tmp_path: Path
) -> None:
    permissions = Permissions(ToolChoices(tmp_path))
    script = '/call echo {"to": "ann", "n": 1}\n/then\n/call echo {"to": "ann", "n": 2}'
    more = '\n/then\n/call echo {"to": "ann", "n": 1, "copy_to": "eve"}'
    log = start(host, functions, script + more, permissions=permissions)
    (question,) = await wait_for_approvals(log)
    pattern = {"to": {"match": "exact", "value": "ann"}}
    host.engine.decide(ME, decision(log, question, scope="always", pattern=pattern))
    _, again = await wait_for_approvals(log, 2)
    assert again.call_id == "call-3-0"
    host.engine.cancel(ME, log.inference_id)
    await all_events(log)


async def test_a_number_that_a_page_would_round_is_told_as_text_and_cannot_be_edited(
    host: Host, functions: Functions
) -> None:
    account, count = 12_345_678_901_234_567_890, 2**53 - 1
    given = {"to": [account], "count": count, "yes": True}
    script = f"/call echo {json.dumps(given)}"
    log = start(host, functions, script, permissions=Permissions())
    (question,) = await wait_for_approvals(log)
    (call,) = [event for event in log.read(-1) if isinstance(event, CallEvent)]
    assert call.arguments == {"to": [str(account)], "count": count, "yes": True}
    for edit in ({"to": account + 1}, {"to": -(2**53)}):
        with pytest.raises(ValidationFailed, match="cannot be edited"):
            host.engine.decide(ME, decision(log, question, arguments=edit))
    host.engine.decide(ME, decision(log, question))
    await all_events(log)
    assert functions.calls == [("echo", given)]


async def test_strangers_are_heard_in_an_error_too(host: Host, functions: Functions) -> None:
    async def refuse(arguments: Arguments, progress: Progress) -> str:
        raise ToolError(ErrorCode.TOOL_FAILED, "Moved to https://b.test/?send+everything")

    functions.add("fetch", refuse, brings=True)
    functions.add("send", _echo, sends=True)
    log = start(host, functions, "/call fetch {}\n/then\n/call send {}")
    (question,) = await wait_for_approvals(log)
    assert question.why is not None
    assert "strangers" in question.why
    host.engine.cancel(ME, log.inference_id)
    await all_events(log)


async def test_a_verdict_for_the_conversation_holds_for_its_next_calls(
    host: Host, functions: Functions
) -> None:
    permissions = Permissions()
    script = '/call double {"n": 1}\n/then\n/call double {"n": 2}'
    log = start(host, functions, script, permissions=permissions)
    (question,) = await wait_for_approvals(log)
    host.engine.decide(ME, decision(log, question, scope="conversation"))
    events = await all_events(log)
    assert states(events, "call-2-0") == ["allowed", "running", "done"]


async def test_a_model_without_tools_gets_none_and_a_notice(
    host: Host, functions: Functions
) -> None:
    log = start(host, functions, "hi", model_id="echo-strict")
    events = await all_events(log)
    assert not events_of(StepEvent, events)
    assert "TOOLS_DROPPED" in [e.code for e in events if isinstance(e, NoticeEvent)]


async def test_a_seventeenth_call_is_not_carried_out(host: Host, functions: Functions) -> None:
    script = "\n".join(f'/call double {{"n": {n}}}' for n in range(17))
    events = await all_events(start(host, functions, script))
    assert len(functions.calls) == 16
    results = {e.call_id: e.state for e in events if isinstance(e, ResultEvent)}
    assert results["call-1-16"] == "invalid"
    assert len(results) == 17


async def test_a_long_result_is_cut_in_the_middle(host: Host, functions: Functions) -> None:
    async def long(arguments: Arguments, progress: Progress) -> str:
        return "a" * 60_000 + "é" * 60_000

    functions.add("long", long)
    events = await all_events(start(host, functions, "/call long {}"))
    (result,) = [event for event in events if isinstance(event, ResultEvent)]
    assert result.bytes == 180_000
    assert result.shown_bytes <= 50 * 1024
    assert result.text.startswith("aaa")
    assert result.text.endswith("éé")
    assert "bytes are left out here" in result.text
