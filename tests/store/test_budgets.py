"""Answers that reach a budget: they stop before a call, report it, and go on after a raise."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from shell.contract import (
    NO_BUDGETS,
    Budget,
    BudgetPause,
    BudgetRaise,
    BudgetScope,
    ContinueRequest,
    ConversationBudget,
    DoneEvent,
    InferenceRequest,
    Message,
    RunBudget,
    SendReply,
    SendRequest,
    StepEvent,
    StoredMessage,
    UsageRow,
)
from shell.conversations.answers import Answers, StartedAnswer
from shell.conversations.usage_table import as_csv
from shell.errors import ValidationFailed
from shell.inference.spending import IMAGE_TOKENS, estimate_input
from shell.providers.base import AnsweredCall, ModelInfo, ModelStep, ProviderRequest
from shell.tools.base import Arguments, Progress
from shell.tools.media import Media, ToolOutput
from tests.engine.functions import Functions
from tests.store.calls_desk import FunctionTools
from tests.store.desk import OWNER, Desk, RecordingEcho, text_of
from tests.tools.test_media import png

pytestmark = pytest.mark.anyio

ADD = '/usage 10 300\n/call add {"a": 1}\n/then\nThree.'
PRICE = 1_000.0
"""US dollars for a million tokens: a thousandth for one."""
ONE_CALL = 0.6
"""A budget in dollars with room for one call of at most 500 tokens, and not for a second."""


class Priced(RecordingEcho):
    """The echo provider with a price."""

    def model(self, model_id: str) -> ModelInfo:
        return replace(super().model(model_id), input_price=PRICE, output_price=PRICE)


class BudgetDesk(Desk):
    """A desk that counts the cost of answers, and whose tools run without approval."""

    def __init__(self, folder: Path, functions: Functions) -> None:
        super().__init__(folder)
        self.folder = folder
        self.functions = functions
        self.echo = Priced()
        self.title_model: tuple[str, str | None] | None = None
        tools = FunctionTools(folder, functions, ("*",))
        self.answers = Answers(
            self.store,
            self.engine,
            self.authors,
            lambda: self.title_model,
            tools=lambda: tools,
            ledger=self.ledger,
        )
        self.conversations = self.api(folder)

    def allow(self, scope: BudgetScope, usd: float) -> None:
        self.budgets = NO_BUDGETS.model_copy(update={scope: Budget(usd=usd, tokens=None)})

    async def ask(
        self, conversation_id: str, text: str, budget: RunBudget | None = None
    ) -> StartedAnswer:
        request = SendRequest(
            conversation_id=conversation_id,
            content=text,
            tools="all",
            max_tokens=500,
            budget=budget,
        )
        begun = await self.answers.send(OWNER, request)
        await self.done(begun)
        return begun

    async def raise_by(self, answer: str, scope: BudgetScope, usd: float) -> SendReply:
        more = BudgetRaise(scope=scope, usd=usd)
        request = ContinueRequest(message_id=answer, tools="all", max_tokens=500, more=more)
        return await self.done(await self.answers.continue_answer(OWNER, request))

    async def answer(self, conversation_id: str) -> StoredMessage:
        return (await self.view(conversation_id)).messages[-1]

    async def pause(self, conversation_id: str) -> BudgetPause | None:
        detail = (await self.answer(conversation_id)).detail
        return None if detail is None else detail.budget

    async def spent(self) -> float:
        return sum(row.usd for row in await self.ledger.usage("day"))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[BudgetDesk]:
    functions = Functions()

    async def add(arguments: Arguments, progress: Progress) -> str:
        return "3"

    functions.add("add", add)
    desk = BudgetDesk(tmp_path, functions)
    yield desk
    await desk.close()


@pytest.mark.parametrize("scope", ["answer", "conversation", "day", "month"])
async def test_an_answer_stops_between_steps_and_goes_on_without_calling_twice(
    desk: BudgetDesk, scope: BudgetScope
) -> None:
    desk.allow(scope, ONE_CALL)
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD)
    assert isinstance(begun.log.ending, DoneEvent)
    assert begun.log.ending.finish_reason == "budget"
    assert len(desk.echo.received) == 1
    pause = await desk.pause(talk)
    assert pause is not None
    assert (pause.scope, pause.unit, pause.limit) == (scope, "usd", ONE_CALL)
    assert pause.spent == await desk.spent() > 0
    assert pause.needed > pause.limit - pause.spent
    await desk.raise_by(begun.reply.answer_id, scope, pause.more)
    answer = await desk.answer(talk)
    assert answer.detail is not None
    assert (answer.detail.finish_reason, answer.detail.budget) == ("stop", None)
    assert text_of(answer).strip() == "Three."
    assert len(desk.functions.calls) == 1
    assert isinstance(desk.echo.received[-1].messages[-1], ModelStep)


async def test_a_pause_outlives_the_program(desk: BudgetDesk) -> None:
    desk.allow("day", ONE_CALL)
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD)
    await desk.close()
    again = BudgetDesk(desk.folder, desk.functions)
    again.allow("day", ONE_CALL)
    assert await again.pause(talk) is not None
    # The spent amount still counts, so a new question does not begin either.
    other = await again.begin()
    await again.ask(other, "hello " * 200)
    assert again.echo.received == []
    assert await again.pause(other) is not None
    await again.raise_by(begun.reply.answer_id, "day", 0.6)
    assert text_of(await again.answer(talk)).strip() == "Three."
    assert len(again.functions.calls) == 1
    await again.close()


async def test_an_answer_that_never_began_goes_on(desk: BudgetDesk) -> None:
    desk.allow("conversation", 0.1)
    talk = await desk.begin()
    begun = await desk.ask(talk, "hello")
    answer = await desk.answer(talk)
    assert (text_of(answer), desk.echo.received) == ("", [])
    assert answer.detail is not None
    assert answer.detail.usage is not None
    assert answer.detail.usage.input_tokens == 0
    await desk.raise_by(begun.reply.answer_id, "conversation", 1)
    assert text_of(await desk.answer(talk)) == "hello"
    assert [message.text for message in desk.echo.received[0].messages] == ["hello"]


async def test_a_card_that_is_out_of_date_raises_nothing(desk: BudgetDesk) -> None:
    desk.allow("day", ONE_CALL)
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD)
    with pytest.raises(ValidationFailed):
        await desk.raise_by(begun.reply.answer_id, "month", 5)
    await desk.raise_by(begun.reply.answer_id, "day", 1)
    with pytest.raises(ValidationFailed):
        await desk.raise_by(begun.reply.answer_id, "day", 1)
    states = {state.scope: state for state in await desk.ledger.states(talk)}
    assert states["day"].budget == Budget(usd=ONE_CALL + 1, tokens=None)


async def test_a_request_has_a_budget_of_its_own(desk: BudgetDesk) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD, RunBudget(usd=ONE_CALL))
    [step] = [event for event in begun.log.read() if isinstance(event, StepEvent)]
    assert step.budget is not None
    assert (step.budget.scope, step.budget.spent, step.budget.limit) == ("answer", 0, ONE_CALL)
    pause = await desk.pause(talk)
    assert pause is not None
    assert pause.scope == "answer"
    # The next answer has as much again.
    await desk.ask(talk, "hello", RunBudget(usd=ONE_CALL))
    assert await desk.pause(talk) is None


async def test_the_pictures_of_results_need_room_in_a_budget(desk: BudgetDesk) -> None:
    async def draw(arguments: Arguments, progress: Progress) -> ToolOutput:
        return ToolOutput("[image: image/png]", (Media("image/png", png(2, 2)),))

    desk.functions.add("draw", draw)
    talk = await desk.begin()
    script = ADD.replace('add {"a": 1}', "draw {}")
    begun = await desk.ask(talk, script, RunBudget(usd=2))
    assert isinstance(begun.log.ending, DoneEvent)
    assert begun.log.ending.finish_reason == "budget"
    assert len(desk.echo.received) == 1
    pause = await desk.pause(talk)
    assert pause is not None
    assert pause.needed > IMAGE_TOKENS * PRICE / 1_000_000


def test_returned_output_counts_for_the_model_that_gets_it() -> None:
    thought = {"type": "thinking", "thinking": "x" * 4_000, "signature": "s" * 4_000}
    call = AnsweredCall("c1", "add", "{}", "3")
    step = ModelStep("", (call,), (thought,), "echo", "echo")
    question = Message(role="user", content="hi")

    def estimate(model_id: str) -> int:
        model = ModelInfo(model_id)
        return estimate_input(ProviderRequest(model, [question, step], provider_id="echo"))

    assert estimate("echo") - estimate("other") > 2_000


async def test_a_step_says_what_the_run_has_cost(desk: BudgetDesk) -> None:
    talk = await desk.begin()
    begun = await desk.ask(talk, ADD, RunBudget(usd=5))
    steps = [event for event in begun.log.read() if isinstance(event, StepEvent)]
    assert [step.cost is None for step in steps] == [True, False]
    assert steps[1].budget is not None
    assert steps[1].budget.spent == pytest.approx(steps[1].cost)


async def test_an_answer_that_a_budget_has_cut_says_so(desk: BudgetDesk) -> None:
    desk.allow("answer", 0.7)
    request = InferenceRequest(
        provider_id="echo",
        max_tokens=5_000,
        messages=[Message(role="user", content="/repeat 4000 tide")],
    )
    log = desk.engine.start(OWNER, request)
    async for _ in log.follow():
        pass
    assert isinstance(log.ending, DoneEvent)
    assert log.ending.finish_reason == "budget"
    assert log.ending.budget is not None
    assert 512 <= log.ending.total_tokens < 700
    assert desk.echo.received[0].max_tokens == log.ending.total_tokens


async def test_parallel_runs_of_one_conversation_cannot_both_pass(desk: BudgetDesk) -> None:
    desk.allow("conversation", ONE_CALL)
    request = InferenceRequest(
        provider_id="echo", max_tokens=500, messages=[Message(role="user", content="/rate 500\nhi")]
    )
    logs = [desk.engine.reserve(OWNER, request, conversation="c").begin() for _ in range(3)]
    for log in logs:
        async for _ in log.follow():
            pass
    endings = [log.ending.finish_reason for log in logs if isinstance(log.ending, DoneEvent)]
    assert sorted(map(str, endings)) == ["budget", "budget", "stop"]


async def test_titles_count_and_stop_at_the_same_budget(desk: BudgetDesk) -> None:
    desk.title_model = ("echo", None)
    talk = await desk.begin()
    await desk.ask(talk, "hello")
    await asyncio.gather(*desk.answers._titles._tasks)
    assert len(desk.echo.received) == 2
    [row] = await desk.ledger.usage("conversation")
    assert (row.key, row.calls) == (talk, 2)
    desk.allow("day", await desk.spent() + 0.55)
    other = await desk.begin()
    await desk.ask(other, "hello again " + "and again " * 10)
    await asyncio.gather(*desk.answers._titles._tasks)
    before = len(desk.echo.received)
    desk.allow("day", await desk.spent())
    third = await desk.begin()
    await desk.ask(third, "no more")
    await asyncio.gather(*desk.answers._titles._tasks)
    assert len(desk.echo.received) == before


async def test_what_fails_before_any_content_costs_nothing(desk: BudgetDesk) -> None:
    talk = await desk.begin()
    await desk.ask(talk, "/error INVALID_REQUEST")
    assert await desk.spent() == 0
    await desk.ask(talk, "/repeat 3 tide\n/error INVALID_REQUEST")
    assert await desk.spent() > 0


async def test_a_local_model_costs_nothing_and_an_unknown_price_asks_for_tokens(
    desk: BudgetDesk,
) -> None:
    desk.allow("day", 0.01)
    talk = await desk.begin()
    desk.other.local = True
    request = SendRequest(conversation_id=talk, content="free", provider_id="other")
    await desk.done(await desk.answers.send(OWNER, request))
    assert text_of(await desk.answer(talk)) == "free"
    desk.other.local = False
    begun = await desk.answers.send(OWNER, request)
    await desk.done(begun)
    pause = await desk.pause(talk)
    assert pause is not None
    assert (pause.priced, pause.unit) == (False, "tokens")
    more = BudgetRaise(scope="day", tokens=int(pause.more))
    continuation = ContinueRequest(message_id=begun.reply.answer_id, more=more)
    await desk.done(await desk.answers.continue_answer(OWNER, continuation))
    assert text_of(await desk.answer(talk)) == "free"


async def test_usage_is_told_by_day_model_and_conversation(desk: BudgetDesk) -> None:
    talk = await desk.begin()
    await desk.ask(talk, "/usage 10 300\n=1+2 is a sum")
    [by_day] = await desk.conversations.usage(desk.caller, "day")
    [by_model] = await desk.conversations.usage(desk.caller, "model")
    [by_talk] = await desk.conversations.usage(desk.caller, "conversation")
    assert (by_day.calls, by_day.input_tokens, by_day.output_tokens) == (1, 10, 300)
    assert by_day.usd == pytest.approx(0.31)
    assert (by_model.key, by_talk.key) == ("echo/echo", talk)
    path = await desk.conversations.save_usage(desk.caller, "conversation")
    table = await asyncio.to_thread(Path(path).read_text, "utf-8")
    assert table.splitlines() == [
        "conversation,title,calls,input_tokens,output_tokens,usd,unpriced_tokens",
        f"{talk},{by_talk.title},1,10,300,0.31,0",
    ]


def test_a_table_has_no_formula_of_somebody_else() -> None:
    row = UsageRow(
        key="c",
        title='=HYPERLINK("x")',
        calls=1,
        input_tokens=1,
        output_tokens=1,
        usd=0,
        unpriced_tokens=2,
    )
    assert as_csv([row], "conversation").splitlines()[1] == 'c,"\'=HYPERLINK(""x"")",1,1,1,0,2'


async def test_the_budget_of_a_conversation_is_set_and_told(desk: BudgetDesk) -> None:
    desk.allow("conversation", 5)
    talk = await desk.begin()
    own = Budget(usd=None, tokens=700)
    change = ConversationBudget(conversation_id=talk, budget=own)
    states = await desk.conversations.set_budget(desk.caller, change)
    assert [(state.scope, state.budget) for state in states] == [
        ("conversation", own),
        ("day", None),
        ("month", None),
    ]
    change = ConversationBudget(conversation_id=talk, budget=None)
    states = await desk.conversations.set_budget(desk.caller, change)
    assert states[0].budget == Budget(usd=5, tokens=None)
