"""Reserved runs: they count to the limit before they begin, and cannot fail to begin."""

from collections.abc import Callable

import pytest

from shell.contract import Notice, NoticeCode
from shell.errors import HostClosing, LimitReached, NotFound, ProviderError, ValidationFailed
from shell.inference.slot import Slot
from tests.engine.host import ME, OTHER, Host, answer, done, ended, failed, request
from tests.virtual_loop import run_ready_tasks

pytestmark = pytest.mark.anyio


def counts(host: Host) -> tuple[int, int, int]:
    status = host.engine.status(ME)
    return status.total_inferences, status.active_inferences, status.cancelled_inferences


async def test_a_reserved_run_counts_to_the_five(host: Host) -> None:
    slots = [host.engine.reserve(ME, request()) for _ in range(5)]
    with pytest.raises(LimitReached) as refused:
        host.start()
    assert refused.value.details == {"limit": 5, "current": 5}
    slots[0].release()
    await done(host.start("there is room again"))
    for slot in slots[1:]:
        await done(slot.begin())
    assert counts(host) == (5, 0, 0)


async def test_a_released_run_has_never_been(host: Host) -> None:
    slot = host.engine.reserve(ME, request(inference_id="inf-mine"))
    with pytest.raises(ValidationFailed, match="already been used"):
        host.start(inference_id="inf-mine")
    slot.release()
    assert counts(host) == (0, 0, 0)
    await run_ready_tasks()
    assert host.engine.list(ME) == []
    await done(host.start(inference_id="inf-mine"))


async def test_a_reserved_run_is_seen_and_runs_only_when_it_begins(host: Host) -> None:
    slot = host.engine.reserve(ME, request("two words", inference_id="inf-mine"))
    await run_ready_tasks()
    assert host.engine.list(ME) == []
    with pytest.raises(NotFound):
        host.engine.log(ME, "inf-mine")
    log = slot.begin()
    assert host.engine.log(ME, "inf-mine") is log
    assert log.last_seq == -1, "not even its task has begun"
    await done(log)
    assert answer(log) == "two words"


@pytest.mark.parametrize("fields", [{"provider_id": "keyless"}, {"provider_id": "nobody"}])
async def test_what_is_refused_takes_no_place(host: Host, fields: dict[str, str]) -> None:
    with pytest.raises((ProviderError, ValidationFailed)):
        host.engine.reserve(ME, request(**fields))
    assert counts(host) == (0, 0, 0)


@pytest.mark.parametrize("first", [Slot.begin, Slot.release])
@pytest.mark.parametrize("then", [Slot.begin, Slot.release])
async def test_a_slot_is_used_once(
    host: Host, first: Callable[[Slot], object], then: Callable[[Slot], object]
) -> None:
    slot = host.engine.reserve(ME, request())
    first(slot)
    with pytest.raises(RuntimeError, match="before"):
        then(slot)
    await run_ready_tasks(50)
    with pytest.raises(RuntimeError, match="before"):
        then(slot)


async def test_a_run_that_is_cancelled_while_reserved_ends_as_it_begins(host: Host) -> None:
    slot = host.engine.reserve(ME, request(inference_id="inf-mine"))
    assert not host.engine.cancel(OTHER, "inf-mine")
    assert host.engine.cancel(ME, "inf-mine")
    assert not host.engine.cancel(ME, "inf-mine")
    log = slot.begin()
    ending = await done(log)
    assert ending.cancelled
    assert log.last_seq == 0, "the provider was not asked"
    assert counts(host) == (1, 0, 1)


@pytest.mark.parametrize("share", [True, False])
async def test_a_window_may_close_while_it_has_a_run_reserved(host: Host, share: bool) -> None:
    """A shared run finishes without its window, any other is cancelled. No count is left."""
    slot = host.engine.reserve(ME, request("to the end", share=share))
    host.engine.close_owner(ME)
    ending = await done(slot.begin())
    assert ending.cancelled is not share
    assert not host.engine._runs._totals
    slot = host.engine.reserve(OTHER, request())
    host.engine.close_owner(OTHER)
    slot.release()
    assert not host.engine._runs._totals


async def test_a_host_may_close_while_runs_are_reserved(host: Host) -> None:
    begun, released = (host.engine.reserve(ME, request()) for _ in range(2))
    await host.engine.close()
    log = begun.begin()
    assert (await failed(log)).code == "ABORTED"
    assert log.last_seq == 0
    released.release()
    with pytest.raises(HostClosing):
        host.engine.reserve(ME, request())
    assert not host.engine._runs.slots


async def test_notices_of_the_caller_are_the_first_events(host: Host) -> None:
    notice = Notice(code=NoticeCode.HISTORY_TRIMMED, text="less", model="echo", left_out=1)
    log = host.engine.reserve(ME, request(), notices=[notice]).begin()
    await ended(log)
    assert [event.channel for event in log.read()][:2] == ["llm:notice", "llm:thinking"]
