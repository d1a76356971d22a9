"""Questions of a server to the person during a call: display, answers, and deadlines."""

import asyncio

import pytest

from shell.contract import (
    CallEvent,
    DoneEvent,
    Elicitation,
    ElicitationAnswer,
    ElicitationEvent,
    FormField,
    FormValues,
    NoticeEvent,
    ResultEvent,
)
from shell.errors import ValidationFailed
from shell.inference.log import InferenceLog
from shell.inference.questions import MAX_QUESTIONS
from shell.tools.asker import ANSWER_S, ASKER, Asker
from shell.tools.base import Arguments, Progress
from tests.engine.functions import Functions
from tests.engine.host import ME, OTHER, Host, request

pytestmark = pytest.mark.anyio

FIELD = FormField(name="port", type="integer", required=True)
QUESTION = Elicitation(id="q-1", server="server --flag", message="Which port?", fields=[FIELD])
PAGE = Elicitation(id="q-1", server="example.org", message="Pay", fields=[], url="https://a.b/")


def asker() -> Asker:
    found = ASKER.get()
    assert found is not None
    return found


async def _ask(arguments: Arguments, progress: Progress) -> str:
    action, values = await asker().ask(QUESTION)
    progress("half")
    return f"{action} {values}"


def start(
    host: Host, body: object = _ask, script: str = "/call ask {}", **fields: object
) -> InferenceLog:
    functions = Functions()
    functions.add("ask", body)  # type: ignore[arg-type]
    log = host.engine.start(ME, request(script, **fields), offer=functions.offer("*"))
    host.logs.append(log)
    return log


async def first_question(log: InferenceLog) -> ElicitationEvent:
    """Wait for the first open question."""
    async for event in log.follow():
        if isinstance(event, ElicitationEvent) and event.elicitation is not None:
            return event
    raise AssertionError("nothing was asked")


def answer(
    log: InferenceLog, action: str = "accept", values: FormValues | None = None, **fields: object
) -> ElicitationAnswer:
    given = {"inference_id": log.inference_id, "call_id": "call-1-0", "elicitation_id": "q-1"}
    return ElicitationAnswer.model_validate(
        {**given, "action": action, "values": {"port": 80} if values is None else values, **fields}
    )


async def result(log: InferenceLog) -> ResultEvent:
    events = [event async for event in log.follow()]
    [found] = [event for event in events if isinstance(event, ResultEvent)]
    questions = [event for event in events if isinstance(event, ElicitationEvent)]
    assert questions[-1].elicitation is None, "a question is open after the run"
    assert events.index(questions[-1]) < events.index(found)
    return found


async def test_the_answer_goes_to_the_server_and_into_no_event(host: Host) -> None:
    seen: list[FormValues] = []

    async def ask(arguments: Arguments, progress: Progress) -> str:
        seen.append((await asker().ask(QUESTION)).values)
        return "thank you"

    log = start(host, ask)
    question = await first_question(log)
    assert question.elicitation == QUESTION
    assert host.engine.decide(ME, answer(log, values={"port": 7_654_321}))
    assert (await result(log)).text == "thank you"
    assert seen == [{"port": 7_654_321}]
    assert "7654321" not in "".join(event.model_dump_json() for event in log.read(-1))


async def test_a_wrong_value_is_refused_by_its_field_and_the_question_stays(host: Host) -> None:
    log = start(host)
    await first_question(log)
    with pytest.raises(ValidationFailed) as refused:
        host.engine.decide(ME, answer(log, values={"port": "high"}))
    assert refused.value.issues == [("port", "port is not a number.")]
    assert host.engine.decide(ME, answer(log))
    assert (await result(log)).text == "accept {'port': 80}"


async def test_the_first_answer_wins(host: Host) -> None:
    log = start(host)
    await first_question(log)
    assert not host.engine.decide(OTHER, answer(log))
    assert not host.engine.decide(ME, answer(log, elicitation_id="q-2"))
    assert host.engine.decide(ME, answer(log, "decline"))
    assert not host.engine.decide(ME, answer(log))
    assert (await result(log)).text == "decline {}"


async def test_every_deadline_stands_still_while_the_person_answers(host: Host) -> None:
    log = start(host, timeout_ms=30_000)
    await first_question(log)
    await asyncio.sleep(500)
    assert host.engine.decide(ME, answer(log))
    assert (await result(log)).state == "done"


async def test_nobody_answers_and_the_server_is_told(host: Host) -> None:
    log = start(host)
    began = asyncio.get_running_loop().time()
    assert (await result(log)).text == "cancel {}"
    assert asyncio.get_running_loop().time() - began == pytest.approx(ANSWER_S, abs=5)


async def test_a_call_that_the_person_cancels_ends_also_if_its_server_does_not(host: Host) -> None:
    async def stubborn(arguments: Arguments, progress: Progress) -> str:
        while True:
            await asker().ask(QUESTION)
            await asyncio.sleep(1)

    log = start(host, stubborn)
    await first_question(log)
    assert host.engine.decide(ME, answer(log, "cancel"))
    ended = await result(log)
    assert (ended.state, ended.code) == ("cancelled", None)
    assert "cancelled" in ended.text


async def test_a_page_that_was_opened_gives_the_call_ten_minutes(host: Host) -> None:
    async def pay(arguments: Arguments, progress: Progress) -> str:
        action = (await asker().ask(PAGE)).action
        await asyncio.sleep(500)
        return action

    log = start(host, pay, timeout_ms=600_000)
    await first_question(log)
    assert host.engine.decide(ME, answer(log, values={}))
    assert (await result(log)).text == "accept"


async def test_what_waits_holds_no_slot(host: Host) -> None:
    for _ in range(5):
        await first_question(start(host))
    last = [event async for event in start(host, script="hi").follow()][-1]
    assert isinstance(last, DoneEvent)


async def test_questions_of_one_call_come_one_after_the_other_and_not_without_end(
    host: Host,
) -> None:
    async def many(arguments: Arguments, progress: Progress) -> str:
        replies = await asyncio.gather(*(asker().ask(QUESTION) for _ in range(MAX_QUESTIONS + 5)))
        return str([reply.action for reply in replies].count("accept"))

    log = start(host, many)
    open_now = most = 0
    async for event in log.follow():
        if isinstance(event, ElicitationEvent):
            open_now += 1 if event.elicitation else -1
            most = max(most, open_now)
            if event.elicitation:
                assert host.engine.decide(ME, answer(log))
    assert most == 1
    assert (await result(log)).text == str(MAX_QUESTIONS)


@pytest.mark.parametrize("finishes", [False, True])
async def test_a_window_that_closes_leaves_nothing_hanging(host: Host, finishes: bool) -> None:
    log = start(host)
    await first_question(log)
    if finishes:
        host.engine._runs.slots[log.inference_id].finish_on_close = True
    host.engine.close_owner(ME)
    ended = await result(log)
    assert ended.state == ("done" if finishes else "cancelled")


async def test_a_host_that_quits_leaves_nothing_hanging(host: Host) -> None:
    log = start(host)
    await first_question(log)
    await host.engine.close()
    assert (await result(log)).state == "cancelled"


async def test_what_is_not_shown_is_told_once(host: Host) -> None:
    async def refused(arguments: Arguments, progress: Progress) -> str:
        for _ in range(3):
            asker().refuse("server asked for a secret.")
        return "done"

    log = start(host, refused)
    events = [event async for event in log.follow()]
    notices = [event for event in events if isinstance(event, NoticeEvent)]
    assert [(event.code, event.text) for event in notices] == [
        ("ELICITATION_REFUSED", "server asked for a secret.")
    ]
    assert [event.state for event in events if isinstance(event, CallEvent)][-1] == "running"
