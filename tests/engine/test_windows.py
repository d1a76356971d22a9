"""Every window has runs and sessions of its own, which end or stay when it closes."""

import asyncio

import pytest

from shell.errors import NotFound
from tests.engine.host import ME, OTHER, Host, answer, done
from tests.virtual_loop import run_ready_tasks

pytestmark = pytest.mark.anyio


@pytest.mark.shows("D35", "B3", "B22")
async def test_another_window_s_run_looks_like_none(host: Host) -> None:
    log = host.start("/rate 1\none two")
    for inference_id in (log.inference_id, "inf-never-was"):
        assert host.engine.cancel(OTHER, inference_id) is False
        with pytest.raises(NotFound, match=f"^Inference {inference_id} not found$"):
            host.engine.log(OTHER, inference_id)
    assert host.engine.list(OTHER) == []
    assert host.engine.status(OTHER).active_inferences == 0
    assert (await done(log)).cancelled is False


@pytest.mark.shows("D35", "B3", "B20", "B21")
async def test_another_window_s_session_looks_like_none(host: Host) -> None:
    host.session()
    assert host.engine.destroy_session(OTHER, "s") is False
    for session_id in ("s", "never-was"):
        with pytest.raises(NotFound, match=f"^Session {session_id} not found$"):
            host.turn("hi", session_id, owner=OTHER)
        with pytest.raises(NotFound):
            host.engine.session(OTHER, session_id)
    host.session(owner=OTHER)  # the same name is another session
    await done(host.turn("mine"))
    assert host.engine.session(OTHER, "s").messages == []


@pytest.mark.shows("B3")
async def test_what_is_shared_belongs_to_every_window(host: Host) -> None:
    host.session(share=True)
    log = host.turn("/rate 1\none two three")
    single = host.start("/stall", share=True)
    assert host.engine.log(OTHER, log.inference_id) is log
    assert [run.inference_id for run in host.engine.list(OTHER)] == [
        log.inference_id,
        single.inference_id,
    ]
    assert host.engine.session(OTHER, "s").info.is_active
    assert host.engine.cancel(OTHER, single.inference_id) is True
    await done(log)
    await done(host.turn("from the other", owner=OTHER))
    assert host.engine.status(ME).total_inferences == 2
    assert host.engine.status(OTHER).total_inferences == 1


@pytest.mark.shows("B9", "B23", "D63")
async def test_the_list_tells_live_from_ended(host: Host) -> None:
    ended_log = host.start("one two")
    await done(ended_log)
    live = host.start("/stall")
    await run_ready_tasks()
    listed = host.engine.list(ME)
    assert [(run.inference_id, run.live) for run in listed] == [
        (ended_log.inference_id, False),
        (live.inference_id, True),
    ]
    assert listed[0].last_seq == ended_log.last_seq


@pytest.mark.shows("D36")
@pytest.mark.parametrize(
    ("fields", "cancelled"),
    [
        ({}, True),
        ({"on_close": "cancel"}, True),
        ({"on_close": "finish"}, False),
        ({"share": True}, False),
        ({"share": True, "on_close": "cancel"}, True),
    ],
)
async def test_a_closed_window_s_run_is_cancelled_or_finishes(
    host: Host, fields: dict[str, object], cancelled: bool
) -> None:
    log = host.start("/rate 10\none two three", **fields)  # type: ignore[arg-type]
    await asyncio.sleep(0.15)
    host.engine.close_owner(ME)
    assert (await done(log)).cancelled is cancelled
    assert answer(log) == ("one" if cancelled else "one two three")


@pytest.mark.shows("D36", "B3")
async def test_a_closed_window_s_sessions_go_with_it_unless_shared(host: Host) -> None:
    host.session()
    host.session("shared", share=True)
    await done(host.turn("hi", "shared"))
    host.engine.close_owner(ME)
    assert host.engine.status(ME).total_sessions == 1
    assert len(host.engine.session(OTHER, "shared").messages) == 2
    with pytest.raises(NotFound):
        host.engine.session(ME, "s")


@pytest.mark.shows("D36")
async def test_a_queue_of_a_closed_window(host: Host) -> None:
    host.session(share=True)
    first = host.turn("/rate 1\none", on_close="cancel")
    second = host.turn("two", when_busy="queue", on_close="cancel")
    third = host.turn("three", when_busy="queue")
    host.engine.close_owner(ME)
    assert (await done(first)).cancelled
    assert (await done(second)).cancelled
    assert (await done(third)).cancelled is False


@pytest.mark.shows("D36", "D50", "B23")
async def test_the_counts_of_a_window_that_comes_back_still_add_up(host: Host) -> None:
    """The host closes a tab that is silent for too long, which may come back with its old name."""
    host.start("/rate 1\none two", on_close="finish")
    old = host.start("/ignore-cancel 0.05")
    await run_ready_tasks()
    host.engine.close_owner(ME)
    new = host.start("/rate 1\none two three")
    status = host.engine.status(ME)
    assert status.active_inferences <= status.total_inferences
    await done(new)
    await done(old)
    status = host.engine.status(ME)
    outcomes = status.completed_inferences + status.failed_inferences + status.cancelled_inferences
    assert (outcomes, status.active_inferences) == (status.total_inferences, 0)


@pytest.mark.shows("D36", "B23")
async def test_a_closed_window_s_counts_are_forgotten_with_its_last_run(host: Host) -> None:
    log = host.start("/rate 1\none two", on_close="finish")
    host.engine.close_owner(ME)
    await done(log)
    assert host.engine.status(ME).total_inferences == 0
    assert not host.engine._runs._totals
