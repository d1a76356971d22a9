"""Answers that call tools: their stored calls, waiting calls after a restart, and their end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from shell.contract import (
    AnswerCall,
    AnswerPart,
    AnswerRequest,
    ApprovalEvent,
    ArgumentRule,
    CallDecision,
    DoneEvent,
    EarlierCallsRequest,
    FilePart,
    ImagePart,
    Scope,
    SendRequest,
    StepEvent,
    StoredMessage,
    TextPart,
    WaitingConversation,
)
from shell.contract.tools import ToolNames
from shell.conversations.answers import Answers, StartedAnswer
from shell.errors import ValidationFailed
from shell.providers.base import ModelStep
from shell.store.exchange.portable import (
    ConversationWriter,
    PortableConversation,
    PortableMessage,
)
from shell.support.file_lock import file_lock
from shell.tools.choices import FILE as CHOICES
from shell.tools.registry import FOLDER, Tools
from tests.engine.host import until
from tests.host_process import PATIENCE_S
from tests.store.desk import OWNER, Desk

pytestmark = pytest.mark.anyio

FILE = """
from pathlib import Path
from shell.tools import tool

@tool(reads=False, brings=False, sends=False)
def add(a: int, b: int = 2) -> int:
    with Path(__file__).with_name("calls").open("a") as file:
        file.write(f"add {a} {b}\\n")
    return a + b

@tool(reads=False, brings=False, sends=False)
def show(value: int | bool) -> str:
    return repr(value)

@tool(reads=False, brings=True, sends=False)
def fetch() -> str:
    return "from a stranger"

@tool(reads=False, brings=True, sends=False)
def refuse() -> str:
    raise ValueError("from a stranger")

@tool(reads=False, brings=False, sends=True)
def send(text: str) -> str:
    with Path(__file__).with_name("calls").open("a") as file:
        file.write(f"send {text}\\n")
    return "sent"
"""
ADD = '/call add {"a": 1}\n/then\nThree.'


class ToolDesk(Desk):
    """A desk with tools."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.tools = Tools(folder)
        self.waiting: list[list[WaitingConversation]] = []
        """The conversations with waiting calls, at each report to pages."""
        self.answers = Answers(
            self.store,
            self.engine,
            self.authors,
            self.titles,
            tools=lambda: self.tools,
            on_waiting=self.waiting.append,
            ledger=self.ledger,
        )
        self.conversations = self.api(folder)

    async def close(self) -> None:
        await super().close()
        await self.tools.close()

    async def ask(self, conversation_id: str, script: str) -> StartedAnswer:
        request = SendRequest(conversation_id=conversation_id, content=script, tools="all")
        return await self.answers.send(OWNER, request)

    @property
    def calls(self) -> list[str]:
        """The calls that tools have carried out."""
        file = self.folder / FOLDER / "calls"
        return file.read_text("utf-8").splitlines() if file.exists() else []


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ToolDesk]:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "mine.py").write_text(FILE, "utf-8")
    desk = ToolDesk(tmp_path)
    yield desk
    await desk.close()


async def reopen(desk: ToolDesk) -> ToolDesk:
    """End the program, and start it again on the same data directory."""
    await desk.close()
    return ToolDesk(desk.folder)


async def wait_for_approvals(begun: StartedAnswer) -> list[ApprovalEvent]:
    """Wait until every call of the step that needs approval has asked for it."""
    found: list[ApprovalEvent] = []
    async for event in begun.log.follow():
        if isinstance(event, ApprovalEvent):
            found.append(event)
            await asyncio.sleep(0)
            if begun.log.last_seq == event.seq:
                break
    return found


async def last(desk: Desk, conversation_id: str) -> StoredMessage:
    return (await desk.view(conversation_id)).messages[-1]


def calls(message: StoredMessage) -> list[AnswerCall]:
    return [part for part in message.parts if isinstance(part, AnswerCall)]


def kinds(parts: Sequence[AnswerPart]) -> list[str]:
    return [part.type for part in parts]


def allow(message: StoredMessage, call: AnswerCall, **fields: object) -> CallDecision:
    values = {"verdict": "allow", "tools": "all", **fields}
    return CallDecision.model_validate(
        {"message_id": message.id, "call_id": call.call_id, "nonce": call.nonce, **values}
    )


async def test_an_answer_is_kept_in_the_order_in_which_it_was_written(desk: ToolDesk) -> None:
    talk = await desk.begin()
    script = 'Let me see.\n/call add {"a": 1}\n/call add {"a": 2}\n/then\nDone.'
    begun = await desk.ask(talk, script)
    for question in await wait_for_approvals(begun):
        decision = await decide(desk, begun, question)
        assert decision
    await desk.done(begun)
    answer = await last(desk, talk)
    assert kinds(answer.parts) == ["text", "call", "call", "text"]
    assert [call.result for call in calls(answer)] == ["3", "4"]
    assert [call.verdict for call in calls(answer)] == ["allow", "allow"]
    assert answer.content == "Let me see.Done."
    again = await reopen(desk)
    assert (await last(again, talk)).parts == answer.parts
    await again.close()


async def decide(
    desk: ToolDesk, begun: StartedAnswer, question: ApprovalEvent, scope: Scope = "once"
) -> bool:
    taken, resumed = await desk.answers.decide(
        OWNER,
        CallDecision(
            message_id=begun.reply.answer_id,
            call_id=question.call_id,
            nonce=question.nonce or "",
            verdict="allow",
            scope=scope,
        ),
    )
    assert resumed is None, "the same run goes on"
    return taken


async def test_the_next_question_has_the_calls_and_results_of_the_answer(desk: ToolDesk) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD)
    (question,) = await wait_for_approvals(begun)
    await decide(desk, begun, question)
    await desk.done(begun)
    await desk.send(talk, "And now?")
    sent = desk.echo.received[-1].messages
    assert [m.role for m in sent] == ["user", "assistant", "assistant", "user"]
    step = sent[1]
    assert isinstance(step, ModelStep)
    assert [(c.arguments, c.result, c.failed) for c in step.calls] == [('{"a": 1}', "3", False)]
    assert sent[2].text == "Three."


async def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Advance the loop's clock second by second, and run everything that is due."""
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, 0

    monkeypatch.setattr(loop, "time", lambda: real() + ahead)
    for _ in range(seconds):
        ahead += 1
        for _ in range(5):
            await asyncio.sleep(0)


async def test_a_decision_after_eleven_minutes_goes_on_in_the_same_answer(
    desk: ToolDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, "First.\n" + ADD)
    (question,) = await wait_for_approvals(begun)
    await pass_time(monkeypatch, 590)
    assert begun.log.last_seq == question.seq, "the run waits in memory"
    await pass_time(monkeypatch, 70)
    await desk.done(begun)
    waiting = await last(desk, talk)
    (call,) = calls(waiting)
    assert isinstance(begun.log.ending, DoneEvent), "nothing has timed out"
    assert (call.state, begun.log.ending.finish_reason) == ("waiting", "waiting")
    assert call.nonce == question.nonce, "the card that is open can still decide"
    taken, resumed = await desk.answers.decide(OWNER, allow(waiting, call))
    assert taken
    assert resumed is not None
    await desk.done(resumed)
    done = await last(desk, talk)
    assert (done.id, done.status, done.content) == (waiting.id, "complete", "First.Three.")
    assert kinds(done.parts) == ["text", "call", "text"]
    assert desk.calls == ["add 1 2"]


async def test_the_calls_of_a_tool_are_counted_for_a_permission(desk: ToolDesk) -> None:
    script = "\n".join(f'/call add {{"a": {n}}}' for n in (1, 1, 2)) + "\n/call fetch {}\n/then\n."
    for talk in [await desk.begin(), await desk.begin()]:
        begun = await desk.ask(talk, script)
        for question in await wait_for_approvals(begun):
            assert await decide(desk, begun, question)
        await desk.done(begun)
    waits = await desk.ask(await desk.begin(), ADD)
    await wait_for_approvals(waits)

    async def matching(tool: str, source: str, **exact: str) -> tuple[int, int]:
        pattern = {name: {"match": "exact", "value": value} for name, value in exact.items()}
        fields = {"tool": tool, "source": source, "pattern": pattern}
        request = EarlierCallsRequest.model_validate(fields)
        found = await desk.conversations.earlier_calls(desk.caller, request)
        return found.matching, found.calls

    assert await matching("add", "mine.py", a="1") == (4, 6), "not the one that waits"
    assert await matching("add", "mine.py") == (6, 6)
    assert await matching("fetch", "mine.py") == (2, 2)
    assert await matching("add", "other.py") == (0, 0)


async def test_a_question_outlives_the_program_and_the_same_answer_goes_on(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, "First.\n" + ADD)
    await wait_for_approvals(begun)
    again = await reopen(desk)
    assert desk.calls == []
    answer = await last(again, talk)
    (call,) = calls(answer)
    assert (call.state, call.arguments) == ("waiting", {"a": 1})
    assert answer.detail is not None
    assert answer.detail.finish_reason == "waiting"
    with pytest.raises(ValidationFailed, match="another question"):
        await again.answers.decide(OWNER, allow(answer, call, nonce="guessed"))
    taken, resumed = await again.answers.decide(OWNER, allow(answer, call))
    assert taken
    assert resumed is not None
    await again.done(resumed)
    assert desk.calls == ["add 1 2"]
    done = await last(again, talk)
    assert (done.id, done.status, done.content) == (answer.id, "complete", "First.Three.")
    assert kinds(done.parts) == ["text", "call", "text"]
    assert (await again.answers.decide(OWNER, allow(answer, call)))[0] is False
    await again.close()


async def test_both_calls_of_a_step_are_decided_before_the_answer_goes_on(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, '/call add {"a": 1}\n/call add {"a": 2}\n/then\nDone.')
    await wait_for_approvals(begun)
    again = await reopen(desk)
    answer = await last(again, talk)
    first, second = calls(answer)
    refusal = allow(answer, first, verdict="deny", reason="No.")
    assert await again.answers.decide(OWNER, refusal) == (True, None)
    await again.close()
    again = ToolDesk(desk.folder)
    taken, resumed = await again.answers.decide(OWNER, allow(answer, second))
    assert taken
    assert resumed is not None
    await again.done(resumed)
    assert desk.calls == ["add 2 2"]
    states = [call.state for call in calls(await last(again, talk))]
    assert states == ["denied", "done"]
    step = again.echo.received[-1].messages[-1]
    assert isinstance(step, ModelStep)
    assert [call.result for call in step.calls] == [
        "The person did not allow this call. The reason: No.",
        "4",
    ]
    await again.close()


async def test_edited_arguments_of_a_kept_question_are_checked_and_used(desk: ToolDesk) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    with pytest.raises(ValidationFailed, match="not of type 'integer'"):
        await again.answers.decide(OWNER, allow(answer, call, arguments={"a": "x"}))
    with pytest.raises(ValidationFailed, match="cannot be edited"):
        await again.answers.decide(OWNER, allow(answer, call, arguments={"a": 2**53}))
    _, resumed = await again.answers.decide(OWNER, allow(answer, call, arguments={"a": 7}))
    assert resumed is not None
    await again.done(resumed)
    assert desk.calls == ["add 7 2"]
    await again.done(await again.ask(talk, "And now?"))
    (step,) = [
        message for message in again.echo.received[-1].messages if isinstance(message, ModelStep)
    ]
    assert step.calls[0].result == 'The person changed the arguments to {"a": 7}.\n9'
    await again.close()


async def test_a_decision_goes_on_beside_a_call_of_a_tool_that_does_not_exist(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(
        await desk.ask(talk, '/call nothing {}\n/call add {"a": 1}\n/then\nDone.')
    )
    again = await reopen(desk)
    answer = await last(again, talk)
    waiting = next(call for call in calls(answer) if call.state == "waiting")
    taken, resumed = await again.answers.decide(OWNER, allow(answer, waiting, tools=None))
    assert taken
    assert resumed is not None
    await again.done(resumed)
    assert desk.calls == ["add 1 2"]
    await again.close()


@pytest.mark.parametrize("chosen", [["show"], ["add"], []])
async def test_an_allowed_call_of_a_kept_question_runs_whatever_tools_are_chosen_now(
    desk: ToolDesk, chosen: Sequence[str]
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    _, resumed = await again.answers.decide(OWNER, allow(answer, call, tools=chosen))
    assert resumed is not None
    await again.done(resumed)
    assert desk.calls == ["add 1 2"]
    offered = [tool.name for tool in again.echo.received[-1].tools]
    assert offered == [*(f"mine__{name}" for name in chosen if name != "add"), "mine__add"]
    await again.close()


async def test_a_kept_question_about_a_tool_that_is_gone_goes_on_without_it(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    (desk.folder / FOLDER / "mine.py").write_text(FILE.replace("def add", "def added"), "utf-8")
    answer = await last(again, talk)
    (call,) = calls(answer)
    _, resumed = await again.answers.decide(OWNER, allow(answer, call, tools=["show"]))
    assert resumed is not None
    await again.done(resumed)
    done = await last(again, talk)
    assert done.content == "Three."
    assert [(c.state, c.code) for c in calls(done)] == [("invalid", "TOOL_UNKNOWN")]
    assert desk.calls == []
    await again.close()


@pytest.mark.parametrize("chosen", [None, [], "all"])
async def test_an_allowed_call_whose_tool_is_gone_is_settled_whatever_is_chosen(
    desk: ToolDesk, chosen: ToolNames | None
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    (desk.folder / FOLDER / "mine.py").write_text("", "utf-8")
    answer = await last(again, talk)
    (call,) = calls(answer)
    _, resumed = await again.answers.decide(OWNER, allow(answer, call, tools=chosen))
    assert resumed is not None
    await again.done(resumed)
    done = await last(again, talk)
    assert done.content == "Three."
    assert [(c.state, c.code) for c in calls(done)] == [("invalid", "TOOL_UNKNOWN")]
    await again.close()


async def test_an_allowed_call_runs_also_for_a_model_without_tools(
    desk: ToolDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    known = again.echo.model("echo-1")
    monkeypatch.setattr(again.echo, "model", lambda _: replace(known, tools=False))
    answer = await last(again, talk)
    (call,) = calls(answer)
    _, resumed = await again.answers.decide(OWNER, allow(answer, call))
    assert resumed is not None
    await again.done(resumed)
    assert desk.calls == ["add 1 2"]
    assert [c.state for c in calls(await last(again, talk))] == ["done"]
    assert again.echo.received[-1].tools == ()
    await again.close()


async def test_a_kept_question_runs_with_the_edit_even_if_python_takes_it_for_the_same(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, '/call show {"value": 1}\n/then\nShown.'))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    _, resumed = await again.answers.decide(OWNER, allow(answer, call, arguments={"value": True}))
    assert resumed is not None
    await again.done(resumed)
    (done,) = calls(await last(again, talk))
    assert (done.edited, done.result) == ({"value": True}, "True")
    await again.close()


async def test_of_two_windows_that_decide_at_once_one_has_decided(desk: ToolDesk) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    first, second = await asyncio.gather(
        again.answers.decide(OWNER, allow(answer, call, verdict="deny")),
        again.answers.decide(OWNER, allow(answer, call, scope="always")),
    )
    assert first[0]
    assert first[1] is not None
    assert second == (False, None)
    await again.done(first[1])
    assert await again.tools.grants() == []
    assert desk.calls == []
    await again.close()


async def test_a_decision_that_comes_second_keeps_no_verdict_for_good(desk: ToolDesk) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    taken, resumed = await again.answers.decide(OWNER, allow(answer, call, verdict="deny"))
    assert taken
    assert resumed is not None
    await again.done(resumed)
    late = allow(answer, call, scope="always")
    assert await again.answers.decide(OWNER, late) == (False, None)
    assert await again.tools.grants() == []
    await again.close()


async def test_a_tool_that_changed_while_it_was_asked_is_asked_again(desk: ToolDesk) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    file = desk.folder / FOLDER / "mine.py"
    file.write_text(FILE.replace("return a + b", "return a - b"), "utf-8")
    answer = await last(again, talk)
    (call,) = calls(answer)
    _, resumed = await again.answers.decide(OWNER, allow(answer, call))
    assert resumed is not None
    (question,) = await wait_for_approvals(resumed)
    assert question.why == "The tool has changed since this call was allowed."
    assert desk.calls == []
    await again.close()


@pytest.mark.parametrize("changed", [FILE.replace("a + b", "a - b"), ""], ids=["edited", "gone"])
async def test_a_late_never_is_kept_although_the_tool_is_not_the_same(
    desk: ToolDesk, changed: str
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    file = desk.folder / FOLDER / "mine.py"
    file.write_text(changed, "utf-8")
    answer = await last(again, talk)
    (call,) = calls(answer)
    never = allow(answer, call, verdict="deny", scope="always")
    taken, resumed = await again.answers.decide(OWNER, never)
    assert taken
    assert resumed is not None
    await again.done(resumed)
    (grant,) = await again.tools.grants()
    assert (grant.tool, grant.source, grant.verdict) == ("add", "mine.py", "deny")
    file.write_text(FILE, "utf-8")
    other = await again.begin()
    await again.done(await again.ask(other, ADD))
    (denied,) = calls(await last(again, other))
    assert denied.state == "denied"
    assert desk.calls == []
    await again.close()


async def test_the_loop_turns_while_a_late_verdict_is_kept_in_a_file_that_others_change(
    desk: ToolDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_locking = Event()

    def lock(path: Path, *, wait: bool = True) -> AbstractContextManager[None]:
        is_locking.set()
        return file_lock(path, wait=wait)

    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    monkeypatch.setattr("shell.tools.choices.file_lock", lock)
    with file_lock(desk.folder / CHOICES):
        always = allow(answer, call, scope="always")
        decided = asyncio.ensure_future(again.answers.decide(OWNER, always))
        assert await asyncio.to_thread(is_locking.wait, PATIENCE_S)
    taken, resumed = await decided
    assert taken
    assert resumed is not None
    await again.done(resumed)
    assert [grant.verdict for grant in await again.tools.grants()] == ["allow"]
    assert desk.calls == ["add 1 2"]
    await again.close()


async def test_a_late_permission_is_not_kept_for_a_tool_that_has_changed(desk: ToolDesk) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    file = desk.folder / FOLDER / "mine.py"
    file.write_text(FILE.replace("return a + b", "return a - b"), "utf-8")
    answer = await last(again, talk)
    (call,) = calls(answer)
    await again.answers.decide(OWNER, allow(answer, call, scope="always"))
    assert await again.tools.grants() == []
    await again.close()


async def test_a_new_question_settles_the_calls_that_wait(desk: ToolDesk) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    await again.send(talk, "Never mind.")
    settled = (await again.view(talk)).messages[1]
    assert [c.state for c in calls(settled)] == ["cancelled"]
    assert (await again.answers.decide(OWNER, allow(answer, call)))[0] is False
    assert desk.calls == []
    await again.close()


@pytest.mark.parametrize("how", ["fetch", "refuse"])
async def test_strangers_words_are_remembered_by_the_conversation(desk: ToolDesk, how: str) -> None:
    talk = await desk.begin()
    tools = {t.tool.name: t.tool for t in await desk.tools.all()}
    for name in (how, "send"):
        desk.tools.permissions().keep(tools[name], "allow", "always", {})
    await desk.done(await desk.ask(talk, f"/call {how} {{}}\n/then\nRead."))
    again = await reopen(desk)
    begun = await again.ask(talk, '/call send {"text": "x"}\n/then\nSent.')
    (question,) = await wait_for_approvals(begun)
    assert question.why is not None
    assert "strangers" in question.why
    other = await again.begin()
    await again.done(await again.ask(other, '/call send {"text": "y"}\n/then\nSent.'))
    assert desk.calls == ["send y"], "another conversation has not heard them"
    await again.close()


@pytest.mark.parametrize(
    "part",
    [
        FilePart(media_type="text/plain", data="aGVsbG8=", name="resource.txt"),
        ImagePart(media_type="image/png", data="aGVsbG8="),
    ],
)
async def test_an_attachment_may_have_strangers_words(
    desk: ToolDesk, part: FilePart | ImagePart
) -> None:
    sends = (await desk.tools.find("send")).tool
    desk.tools.permissions().keep(sends, "allow", "always", {})
    talk = await desk.begin()
    await desk.done(await desk.ask(talk, '/call send {"text": "x"}\n/then\nSent.'))
    content = [TextPart(text='/call send {"text": "y"}\n/then\nSent.'), part]
    request = SendRequest(conversation_id=talk, content=content, tools="all")
    begun = await desk.answers.send(OWNER, request)
    (question,) = await wait_for_approvals(begun)
    assert "strangers" in str(question.why)
    desk.engine.cancel(OWNER, begun.log.inference_id)
    await desk.done(begun)
    (question,) = await wait_for_approvals(await desk.ask(talk, '/call send {"text": "z"}'))
    assert "strangers" in str(question.why), "also with the questions after it"
    assert desk.calls == ["send x"]


@pytest.mark.parametrize("how", ["after the answer", "again", "for more"])
async def test_an_imported_conversation_may_have_strangers_words(desk: ToolDesk, how: str) -> None:
    sends = (await desk.tools.find("send")).tool
    desk.tools.permissions().keep(sends, "allow", "always", {})
    send = '/call send {"text": "x"}\n/then\nSent.'
    made = PortableConversation("from-a-file", "From a file", 1, 1)
    made.messages = [PortableMessage("q", None, "user", send, 1)]
    if how != "again":
        cut = PortableMessage("a", "q", "assistant", "Well", 1, "interrupted", "echo", "echo")
        made.messages.append(cut)
    arrival = ConversationWriter(made)
    await desk.store.write(made.id, arrival.begin)
    await desk.store.write(made.id, lambda connection: arrival.add(connection, 10))
    shown = (await desk.view(made.id)).messages
    assert {message.inference_id for message in shown} == {None}, "no page looks for their run"
    match how:
        case "after the answer":
            begun = await desk.ask(made.id, send)
        case "again":
            request = AnswerRequest(message_id="q", tools="all")
            begun = await desk.answers.regenerate(OWNER, request)
        case _:
            request = AnswerRequest(message_id="a", tools="all")
            begun = await desk.answers.continue_answer(OWNER, request)
    (question,) = await wait_for_approvals(begun)
    assert "strangers" in str(question.why)
    assert desk.calls == []


async def test_a_verdict_for_the_conversation_outlives_the_program(desk: ToolDesk) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD)
    (question,) = await wait_for_approvals(begun)
    await decide(desk, begun, question, "conversation")
    await desk.done(begun)
    again = await reopen(desk)
    await again.done(await again.ask(talk, '/call add {"a": 5}\n/then\nDone.'))
    assert desk.calls == ["add 1 2", "add 5 2"]
    await again.close()


async def test_a_verdict_for_the_conversation_does_not_pass_to_a_changed_tool(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    changed = FILE.replace("def add(a: int", "def add(a: str").replace("a + b", "len(a)")
    (desk.folder / FOLDER / "mine.py").write_text(changed, "utf-8")
    answer = await last(again, talk)
    (call,) = calls(answer)
    decision = allow(answer, call, scope="conversation")
    _, resumed = await again.answers.decide(OWNER, decision)
    assert resumed is not None
    await again.done(resumed)
    (call,) = calls(await last(again, talk))
    assert call.state == "invalid", "the changed tool does not take these arguments"
    begun = await again.ask(talk, '/call add {"a": "x"}\n/then\nDone.')
    assert len(await wait_for_approvals(begun)) == 1
    assert desk.calls == []
    await again.close()


async def test_a_restored_backup_brings_no_verdict_and_its_results_are_strangers_words(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD)
    (question,) = await wait_for_approvals(begun)
    await decide(desk, begun, question, "conversation")
    await desk.done(begun)
    made = await asyncio.wrap_future(desk.store.back_up())
    source = desk.folder / "from-elsewhere.db"
    source.write_bytes(made.read_bytes())
    await asyncio.wrap_future(desk.store.restore(source))
    tools = {t.tool.name: t.tool for t in await desk.tools.all()}
    desk.tools.permissions().keep(tools["send"], "allow", "always", {})
    again = await desk.ask(talk, '/call add {"a": 5}\n/call send {"text": "x"}')
    first, second = await wait_for_approvals(again)
    assert first.why is None
    assert second.why is not None
    assert "strangers" in second.why
    assert desk.calls == ["add 1 2"]


async def test_an_answer_without_tools_has_no_parts(desk: ToolDesk) -> None:
    talk = await desk.begin()
    await desk.send(talk, "hi")
    assert [m.parts for m in (await desk.view(talk)).messages] == [[], []]


async def test_an_interrupted_answer_goes_on_after_its_last_result(desk: ToolDesk) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, '/call add {"a": 1}\n/then\n/rate 1\nOne two three four')
    (question,) = await wait_for_approvals(begun)
    await decide(desk, begun, question)
    async for event in begun.log.follow():
        if event.channel == "llm:token":
            break
    again = await reopen(desk)
    answer = await last(again, talk)
    assert answer.status == "interrupted"
    request = AnswerRequest(message_id=answer.id, tools="all")
    await again.done(await again.answers.continue_answer(OWNER, request))
    assert desk.calls == ["add 1 2"], "not made again"
    assert [m.role for m in again.echo.received[-1].messages] == ["user", "assistant", "assistant"]
    await again.close()


async def test_calls_of_a_run_that_goes_on_are_kept_beside_the_earlier_ones(
    desk: ToolDesk,
) -> None:
    for tool in await desk.tools.all():
        desk.tools.permissions().keep(tool.tool, "allow", "always", {})
    talk = await desk.begin()
    script = '/call add {"a": 1}\n/then\n/call add {"a": 2}\n/then\n/call add {"a": 3}\n/then\nSix.'
    request = SendRequest(conversation_id=talk, content=script, tools="all", max_steps=1)
    await desk.done(await desk.answers.send(OWNER, request))
    answer = await last(desk, talk)
    more = AnswerRequest(message_id=answer.id, tools="all", max_steps=2)
    await desk.done(await desk.answers.continue_answer(OWNER, more))
    await desk.done(await desk.answers.continue_answer(OWNER, more))
    assert [call.result for call in calls(await last(desk, talk))] == ["3", "4", "5"]
    assert desk.calls == ["add 1 2", "add 2 2", "add 3 2"]


async def test_a_call_that_waits_is_asked_again_even_if_its_tool_is_allowed_by_now(
    desk: ToolDesk,
) -> None:
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    add = (await again.tools.find("add")).tool
    again.tools.permissions().keep(add, "allow", "always", {})
    answer = await last(again, talk)
    begun = await again.answers.continue_answer(
        OWNER, AnswerRequest(message_id=answer.id, tools="all")
    )
    (question,) = await wait_for_approvals(begun)
    assert desk.calls == []
    assert question.nonce == calls(answer)[0].nonce
    await again.close()


async def test_an_answer_goes_on_after_its_limit_of_steps_with_calls_of_new_ids(
    desk: ToolDesk,
) -> None:
    tool = (await desk.tools.find("add")).tool
    desk.tools.permissions().keep(tool, "allow", "always", None)
    talk = await desk.begin()
    script = "\n/then\n".join([*(f'/call add {{"a": {number}}}' for number in range(3)), "Three."])
    request = SendRequest(conversation_id=talk, content=script, tools="all", max_steps=2)
    begun = await desk.answers.send(OWNER, request)
    await desk.done(begun)
    answer = await last(desk, talk)
    assert answer.detail is not None
    assert answer.detail.finish_reason == "steps"
    again = AnswerRequest(message_id=answer.id, tools="all", max_steps=2)
    await desk.done(await desk.answers.continue_answer(OWNER, again))
    answer = await last(desk, talk)
    assert answer.content == "Three."
    assert [call.call_id for call in calls(answer)] == ["call-1-0", "call-2-0", "call-3-0"]
    assert desk.calls == ["add 0 2", "add 1 2", "add 2 2"]


@pytest.mark.parametrize("verdict", ["allow", "deny"])
async def test_a_late_decision_allows_no_further_steps(desk: ToolDesk, verdict: str) -> None:
    talk = await desk.begin()
    request = SendRequest(conversation_id=talk, content=ADD, tools="all", max_steps=1)
    await wait_for_approvals(await desk.answers.send(OWNER, request))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    decision = allow(answer, call, verdict=verdict, max_steps=1)
    _, resumed = await again.answers.decide(OWNER, decision)
    assert resumed is not None
    await again.done(resumed)
    assert isinstance(resumed.log.ending, DoneEvent)
    assert resumed.log.ending.finish_reason == "steps", "as if the person had decided at once"
    assert desk.calls == (["add 1 2"] if verdict == "allow" else [])
    assert again.echo.received == []
    more = AnswerRequest(message_id=answer.id, tools="all", max_steps=1)
    await again.done(await again.answers.continue_answer(OWNER, more))
    assert (await last(again, talk)).content == "Three."
    await again.close()


async def test_a_late_decision_keeps_the_steps_that_a_person_has_added(desk: ToolDesk) -> None:
    add = (await desk.tools.find("add")).tool
    for number in "01":
        pattern = {"a": ArgumentRule(match="exact", value=number)}
        desk.tools.permissions().keep(add, "allow", "always", pattern)
    talk = await desk.begin()
    script = "\n/then\n".join([*(f'/call add {{"a": {number}}}' for number in range(3)), "Three."])
    request = SendRequest(conversation_id=talk, content=script, tools="all", max_steps=2)
    reply = await desk.done(await desk.answers.send(OWNER, request))
    more = AnswerRequest(message_id=reply.answer_id, tools="all", max_steps=2)
    await wait_for_approvals(await desk.answers.continue_answer(OWNER, more))
    again = await reopen(desk)
    answer = await last(again, talk)
    call = calls(answer)[-1]
    _, resumed = await again.answers.decide(OWNER, allow(answer, call, max_steps=2))
    assert resumed is not None
    await again.done(resumed)
    steps = [event for event in resumed.log.read() if isinstance(event, StepEvent)]
    assert [(event.step, event.max_steps) for event in steps] == [(4, 4)]
    assert (await last(again, talk)).content == "Three."
    await again.close()


async def test_pages_are_told_where_calls_wait(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "mine.py").write_text(FILE, "utf-8")
    desk = ToolDesk(tmp_path)
    talk = await desk.begin()
    begun = await desk.ask(talk, '/call add {"a": 1}\n/call fetch {}\n/then\nDone.')
    first, second = await wait_for_approvals(begun)
    here = WaitingConversation(conversation_id=talk, tool="add", calls=2)
    assert desk.waiting[-1] == [here]
    assert await decide(desk, begun, first)
    await until(lambda: desk.waiting[-1] == [here.model_copy(update={"tool": "fetch", "calls": 1})])
    # After a restart no page has asked a question, and decisions are reported all the same.
    again = await reopen(desk)
    answer = await last(again, talk)
    assert again.waiting == []
    other = await again.begin()
    await wait_for_approvals(await again.ask(other, ADD))
    assert [waiting.conversation_id for waiting in again.waiting[-1]] == [other]
    (call,) = [call for call in calls(answer) if call.call_id == second.call_id]
    taken, resumed = await again.answers.decide(OWNER, allow(answer, call))
    assert taken
    assert resumed is not None
    await again.done(resumed)
    again.answers.stop(OWNER, other)
    await until(lambda: again.waiting[-1] == [])
    await again.close()


async def test_of_several_stored_calls_those_that_still_wait_are_told(desk: ToolDesk) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, '/call add {"a": 1}\n/call fetch {}\n/then\nDone.')
    await wait_for_approvals(begun)
    again = await reopen(desk)
    answer = await last(again, talk)
    add, fetch = calls(answer)
    assert await again.answers.decide(OWNER, allow(answer, add)) == (True, None)
    waits = WaitingConversation(conversation_id=talk, tool="fetch", calls=1)
    assert again.waiting == [[waits]]
    taken, resumed = await again.answers.decide(OWNER, allow(answer, fetch, verdict="deny"))
    assert taken
    assert resumed is not None
    await again.done(resumed)
    assert again.waiting[-1] == []
    await again.close()


async def test_nothing_waits_in_a_deleted_conversation(desk: ToolDesk) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, '/call add {"a": 1}\n/call fetch {}\n/then\nDone.')
    await wait_for_approvals(begun)
    again = await reopen(desk)
    answer = await last(again, talk)
    assert await again.answers.decide(OWNER, allow(answer, calls(answer)[0])) == (True, None)
    assert [waiting.conversation_id for waiting in again.waiting[-1]] == [talk]
    await again.conversations.delete(again.caller, talk)
    assert again.waiting[-1] == []
    await again.close()


async def test_pages_are_told_that_nothing_waits_once_the_answer_goes_on(desk: ToolDesk) -> None:
    """A page reads the conversation on this report, and would not see a run that begins later."""
    talk = await desk.begin()
    await wait_for_approvals(await desk.ask(talk, ADD))
    again = await reopen(desk)
    answer = await last(again, talk)
    (call,) = calls(answer)
    running: list[object] = []
    publish = again.answers._waiting._publish
    recorder = again.answers.recorders[0]

    def record_and_publish(waiting: list[WaitingConversation]) -> None:
        if not waiting:
            running.append(recorder.live_runs(talk))
        publish(waiting)

    # Another call waits in the same conversation, so that its end is reported.
    again.answers._waiting.put(talk, {call.call_id: "add"})
    again.answers._waiting._publish = record_and_publish
    taken, resumed = await again.answers.decide(OWNER, allow(answer, call))
    assert taken
    assert resumed is not None
    assert running == [[resumed.log.inference_id]]
    await again.done(resumed)
    await again.close()
