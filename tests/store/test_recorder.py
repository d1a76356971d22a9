"""The recorder: how often it writes, how far behind it is, and what it does when writes fail."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from typing import TypeVar

import pytest

from shell.contract import CallEvent, ErrorEvent, ReasoningEvent, Timing, TokenEvent, ToolEvent
from shell.errors import ErrorCode, ShellError, StorageFailed, StorageUnavailable
from shell.inference.log import ProposedCall, StepOutput
from shell.store.database import Connection
from shell.store.messages import queries
from tests.store.bench import Bench, end
from tests.virtual_loop import VirtualLoop

pytestmark = pytest.mark.anyio
T = TypeVar("T")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[VirtualLoop]]]:
    return "asyncio", {"loop_factory": VirtualLoop}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.recorder.close()
    bench.database.close()


async def test_five_streams_make_at_most_two_commits_in_100_ms_and_none_is_250_ms_behind(
    bench: Bench,
) -> None:
    loop = asyncio.get_running_loop()
    streams = [bench.stream(str(number)) for number in range(5)]
    waiting: dict[int, list[tuple[float, int]]] = {number: [] for _, number in streams}
    length = 0
    for _ in range(600):
        for log, number in streams:
            log.append_text("llm:token", "word ")
            waiting[number].append((loop.time(), length + 5))
        length += 5
        await asyncio.sleep(0.007)
        for _, number in streams:
            stored_length = len(bench.row(number).text)
            waiting[number] = [(at, size) for at, size in waiting[number] if size > stored_length]
            assert all(loop.time() - at <= 0.25 for at, _ in waiting[number])
    commits = bench.database.commits
    assert len(commits) > 30
    for first in commits:
        assert sum(first <= other < first + 0.1 for other in commits) <= 2


async def test_an_answer_that_ended_is_whole_and_found(bench: Bench) -> None:
    log, number = bench.stream()
    log.append_text("llm:reasoning", "thinking")
    for text in ("one ", "two ", "three"):
        log.append_text("llm:token", text)
        await asyncio.sleep(0.15)
    log.append(ToolEvent(**log.stamp(), id="t", name="look", arguments_delta='{"a":'))
    log.append(ToolEvent(**log.stamp(), id="t", name="look", arguments_delta="1}"))
    end(log)
    await asyncio.sleep(0.2)
    row = bench.row(number)
    assert (row.text, row.reasoning, row.status) == ("one two three", "thinking", "complete")
    detail = queries.detail_of(row)
    assert detail is not None
    assert [(call.name, call.arguments) for call in detail.tools] == [("look", '{"a":1}')]
    assert detail.timing == Timing(first_token_ms=0, total_ms=1)
    first_ms = next(event.ms for event in log.read() if isinstance(event, TokenEvent))
    thought_ms = next(event.ms for event in log.read() if isinstance(event, ReasoningEvent))
    assert detail.reasoning_ms == first_ms - thought_ms
    assert bench.ended == ["c"]
    assert bench.recorder.idle


async def test_reasoning_that_nothing_follows_lasts_until_the_end(bench: Bench) -> None:
    log, number = bench.stream()
    log.append_text("llm:reasoning", "thinking")
    await asyncio.sleep(0.05)
    end(log)
    await asyncio.sleep(0.2)
    detail = queries.detail_of(bench.row(number))
    assert detail is not None
    assert detail.reasoning_ms in (49, 50)  # the times are whole milliseconds


async def test_what_could_not_be_written_is_written_later_whole_and_once(bench: Bench) -> None:
    log, number = bench.stream()
    log.append_text("llm:token", "before ")
    await asyncio.sleep(0.2)
    bench.database.write_error = StorageUnavailable("The disk is full")
    log.append_text("llm:token", "meanwhile ")
    await asyncio.sleep(3.0)
    assert bench.failures
    assert set(bench.failures) == {"The disk is full"}
    assert bench.row(number).text == "before "
    saves = bench.saves
    log.append_text("llm:token", "after")
    end(log)
    await asyncio.sleep(3.0)
    assert bench.saves == saves
    assert bench.row(number).status == "streaming"
    bench.database.write_error = None
    await asyncio.sleep(1.5)
    row = bench.row(number)
    assert (row.text, row.status) == ("before meanwhile after", "complete")
    assert bench.saves > saves


async def test_who_waits_for_an_answer_to_be_kept_is_told_when_it_cannot_be(bench: Bench) -> None:
    log, _ = bench.stream()
    log.append_text("llm:token", "word")
    end(log)
    bench.database.write_error = StorageUnavailable("The disk is full")
    with pytest.raises(StorageUnavailable):
        await bench.recorder.wait_until_stored("c")
    bench.database.write_error = None
    await bench.recorder.wait_until_stored("c")
    assert bench.recorder.idle


async def test_what_arrives_during_a_commit_is_kept_by_the_next_one(bench: Bench) -> None:
    log, number = bench.stream()
    go_on: list[Callable[[], None]] = []
    at_once = bench.database.write

    def write(job: Callable[[Connection], T]) -> "Future[T]":
        """Write like a slow disk: the commit is done when the test calls the entry of `go_on`."""
        outcome: Future[T] = Future()
        go_on.append(lambda: outcome.set_result(at_once(job).result()))
        return outcome

    bench.database.write = write  # type: ignore[method-assign]
    log.append_text("llm:token", "before ")
    await asyncio.sleep(0.15)
    assert len(go_on) == 1
    log.append_text("llm:token", "during ")
    go_on.pop()()
    await asyncio.sleep(0.15)
    assert len(go_on) == 1
    end(log)  # even the ending
    go_on.pop()()
    await asyncio.sleep(0.15)
    bench.database.write = at_once  # type: ignore[method-assign]
    go_on.pop()()
    await bench.recorder.wait_until_stored("c")
    row = bench.row(number)
    assert (row.text, row.status) == ("before during ", "complete")


@pytest.mark.parametrize(
    ("code", "status"),
    [*((code, "failed") for code in ErrorCode if code != "ABORTED"), ("ABORTED", "interrupted")],
)
async def test_only_what_was_broken_off_is_interrupted(
    bench: Bench, code: ErrorCode, status: str
) -> None:
    log, number = bench.stream()
    log.append_text("llm:token", "so far")
    log.append(
        ErrorEvent(
            **log.stamp(),
            error="It ended",
            code=ErrorCode(code),
            retryable=False,
            retry_after_ms=None,
        )
    )
    await bench.recorder.wait_until_stored("c")
    row = bench.row(number)
    assert (row.text, row.status) == ("so far", status)


async def test_an_answer_whose_row_is_gone_keeps_no_other_from_the_disk(bench: Bench) -> None:
    (deleted_log, deleted_number), (log, number) = bench.stream("gone"), bench.stream("c")
    deleted_log.append_text("llm:token", "word ")
    log.append_text("llm:token", "word ")
    bench.database.now(
        lambda c: c.execute("DELETE FROM messages WHERE number = ?", (deleted_number,))
    )
    await asyncio.sleep(0.2)
    assert bench.row(number).text == "word "
    assert bench.failures == []
    for each_log in (deleted_log, log):
        end(each_log)
    await bench.recorder.wait_until_stored("c")
    await bench.recorder.wait_until_stored("gone")
    assert bench.row(number).status == "complete"
    assert bench.recorder.idle


async def test_an_answer_that_always_fails_keeps_no_other_from_the_disk(bench: Bench) -> None:
    (bad, _), (log, number) = bench.stream("bad"), bench.stream("c")
    bench.database.now(
        lambda c: c.execute(
            "CREATE TRIGGER t BEFORE INSERT ON tails WHEN new.text LIKE '%poison%' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    )
    bad.append_text("llm:token", "poison")
    for count in range(1, 20):
        log.append_text("llm:token", "word ")
        await asyncio.sleep(0.15)
        # The failing answer is tried again once a second, and does not delay this one.
        assert bench.row(number).text == "word " * count
    assert bench.failures
    end(log)
    end(bad)
    await bench.recorder.wait_until_stored("c")
    with pytest.raises(StorageFailed, match="cannot be saved"):
        await bench.recorder.wait_until_stored("bad")
    assert bench.ended == ["c"]
    bench.database.now(lambda c: c.execute("DROP TRIGGER t"))
    await asyncio.sleep(1.5)
    assert bench.recorder.idle
    assert sorted(bench.ended) == ["bad", "c"]


async def test_an_entry_that_cannot_be_read_keeps_no_other_answer_from_the_disk(
    bench: Bench,
) -> None:
    (bad, _), (log, number) = bench.stream("bad"), bench.stream("c")
    item: dict[str, object] = {}
    for _ in range(1_000):
        item = {"a": item}
    call = ProposedCall("call-1-0", "x", "echo", "{}")
    bad.add_output(StepOutput(bad.last_seq + 1, 1, "p", "m", (call,), (item,)))
    flags = {"reads": False, "brings": False, "sends": False}
    entry = {"call_id": "call-1-0", "step": 1, "ordinal": 0, "tool": "echo", "source": "s.py"}
    entry |= {"arguments": {}, "state": "allowed", "definition": "", **flags}
    bad.append(CallEvent.model_validate({**bad.stamp(), **entry}))
    log.append_text("llm:token", "saved")
    await bench.recorder.commit(log)
    assert bench.row(number).text == "saved"
    with pytest.raises(ShellError, match="cannot be saved"):
        await bench.recorder.commit(bad)
    log.append_text("llm:token", " as well")
    await bench.recorder.close()
    assert bench.row(number).text == "saved as well"


async def test_closing_keeps_what_there_is(bench: Bench) -> None:
    log, number = bench.stream()
    log.append_text("llm:token", "first ")
    await asyncio.sleep(0)
    log.append_text("llm:token", "second")
    await bench.recorder.close()
    assert bench.row(number).text == "first second"
