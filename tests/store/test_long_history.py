"""A conversation larger than its model's window: the parts still sent, and the first left out."""

from shell.contract import AnswerCall, NoticeCode
from shell.conversations.history import context_text, history
from shell.providers.base import ModelInfo, ModelStep
from shell.store.messages.steps import StoredCall, StoredStep
from shell.store.messages.turns import PathMessage

SMALL = ModelInfo("small", 8_192, max_output_tokens=1_024, known=True)
RESULT = "High water in Husum is at ten past two. " * 100


def _answer(number: int, result: str = RESULT) -> PathMessage:
    part = AnswerCall(
        call_id=f"call-{number}",
        step=1,
        ordinal=0,
        tool="almanac",
        source="tides.py",
        arguments={"port": "Husum"},
        reads=False,
        brings=False,
        sends=False,
        state="done",
        result=result,
    )
    call = StoredCall(f"call-{number}", f"p-{number}", "almanac", '{"port": "Husum"}', part)
    step = StoredStep(1, 0, "p", "m", [], [call])
    return PathMessage("assistant", f"At ten past two ({number}).", "complete", [step])


def _question(number: int) -> PathMessage:
    return PathMessage("user", f"When is high water today ({number})?", "complete")


def test_everything_is_sent_in_full_while_it_fits() -> None:
    path = [_question(1), _answer(1), _question(2)]
    sent, notices = history(path, SMALL, None, None)
    assert notices == []
    assert RESULT in context_text(sent[1])


def test_long_results_go_before_any_message_and_the_calls_stay() -> None:
    path = [message for n in range(12) for message in (_question(n), _answer(n))] + [_question(12)]
    sent, notices = history(path, SMALL, None, None)
    assert [notice.code for notice in notices] == [NoticeCode.RESULTS_LEFT_OUT]
    assert sum(message.role == "user" for message in sent) == 13
    steps = [message for message in sent if isinstance(message, ModelStep)]
    assert len(steps) == 12
    for step in steps:
        [call] = step.calls
        assert call.result == "[A result of 4000 characters, left out because it no longer fits.]"
    # The stored result does not change.
    assert path[1].steps[0].calls[0].part.result == RESULT


def test_short_results_and_the_last_answer_are_not_touched() -> None:
    path = [_question(0), _answer(0, "14:10"), _question(1), *(_answer(n) for n in range(12))]
    sent, _ = history(path, SMALL, None, None)
    results = [c.result for step in sent if isinstance(step, ModelStep) for c in step.calls]
    assert results[0] == "14:10"
    assert results[-1] == RESULT


def test_ten_thousand_messages_and_two_hundred_results_are_answered() -> None:
    path: list[PathMessage] = []
    for number in range(5_000):
        path.append(_question(number))
        path.append(
            _answer(number) if number % 25 == 0 else PathMessage("assistant", "Yes.", "complete")
        )
    path.append(_question(5_000))
    sent, notices = history(path, SMALL, None, None)
    codes = {notice.code for notice in notices}
    assert codes == {NoticeCode.HISTORY_TRIMMED, NoticeCode.RESULTS_LEFT_OUT}
    assert sent[0].role == "user"
    assert context_text(sent[-1]) == "When is high water today (5000)?"
    steps = [message for message in sent if isinstance(message, ModelStep)]
    assert steps
    assert all(call.result for step in steps for call in step.calls)
    assert sum(len(context_text(message)) for message in sent) < 4 * 7_168
    # The same question makes the same request.
    assert history(path, SMALL, None, None)[0] == sent
