"""The ledger decides by budgets which calls may begin, and counts them to their days."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shell.contract import NO_BUDGETS, Budget, BudgetPause, BudgetRaise, Budgets
from shell.errors import Reason, ShellError, StorageFailed, StorageUnavailable
from shell.providers.charges import NANOS, Price, Reservation
from shell.store import reservations
from shell.store.ledger import Ledger
from tests.host_process import PATIENCE_S
from tests.store.ledger_walk import Walk, call, open_ledger

DOLLAR = Budget(usd=1, tokens=None)
PRICE = Price(1_000, 10_000)
"""One dollar for a million tokens of input, ten for output."""
THURSDAY, FRIDAY, SATURDAY = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 28)


def _day(budget: Budget) -> Budgets:
    return NO_BUDGETS.model_copy(update={"day": budget})


@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_no_call_begins_whose_reserve_exceeds_what_is_left(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(60):
        walk.step()


def test_the_walk_meets_every_outcome() -> None:
    walks = [Walk(seed) for seed in range(40)]
    for walk in walks:
        for _ in range(60):
            walk.step()
    assert min(sum(getattr(w, name) for w in walks) for name in ("allowed", "refused")) > 100
    assert sum(walk.shortened for walk in walks) > 10


def test_an_answer_is_made_shorter_before_it_is_refused() -> None:
    connection = open_ledger()
    budgets = _day(DOLLAR)
    fits = reservations.reserve(
        connection, call(output_tokens=50_000, price=PRICE), budgets, FRIDAY
    )
    assert isinstance(fits, Reservation)
    assert (fits.output_tokens, fits.cut) == (50_000, None)
    shorter = reservations.reserve(
        connection, call(output_tokens=99_000, price=PRICE), budgets, FRIDAY
    )
    assert isinstance(shorter, Reservation)
    assert shorter.output_tokens == 49_980  # what is left, less two inputs of 100 tokens
    assert shorter.cut is not None
    refused = reservations.reserve(connection, call(price=PRICE), budgets, FRIDAY)
    assert isinstance(refused, BudgetPause)
    assert (refused.scope, refused.unit, refused.limit, refused.priced) == ("day", "usd", 1, True)
    assert refused.more == 1
    # Settled for less than was reserved, it leaves room again.
    reservations.settle(connection, shorter.number, PRICE, (100, 1_000))
    assert isinstance(
        reservations.reserve(connection, call(price=PRICE), budgets, FRIDAY), Reservation
    )


def test_an_unknown_price_asks_for_tokens_and_never_counts_as_nothing() -> None:
    connection = open_ledger()
    budgets = _day(DOLLAR)
    refused = reservations.reserve(connection, call(price=None), budgets, FRIDAY)
    assert isinstance(refused, BudgetPause)
    assert (refused.unit, refused.priced, refused.more) == ("tokens", False, 20_000)
    reservations.raise_budget(connection, "2026-11-27", BudgetRaise(scope="day", tokens=1_500))
    assert isinstance(
        reservations.reserve(connection, call(price=None), budgets, FRIDAY), Reservation
    )
    again = reservations.reserve(connection, call(price=None), budgets, FRIDAY)
    assert isinstance(again, BudgetPause)
    assert again.spent == 1_100
    # A token limit of any scope is enough for a call without a known price.
    limited = call(price=None, budgets={"answer": Budget(usd=None, tokens=9_000)})
    assert isinstance(reservations.reserve(connection, limited, budgets, FRIDAY), Reservation)
    rows = reservations.usage(connection, "model")
    assert [(row.key, row.usd, row.unpriced_tokens) for row in rows] == [("p/m", 0, 2_200)]


def test_a_clock_that_changes_begins_no_day_twice() -> None:
    connection = open_ledger()
    budgets = _day(Budget(usd=None, tokens=1_100))

    def is_allowed(now: date) -> bool:
        return isinstance(reservations.reserve(connection, call(), budgets, now), Reservation)

    assert [is_allowed(FRIDAY), is_allowed(FRIDAY)] == [True, False]
    assert [is_allowed(THURSDAY), is_allowed(FRIDAY)] == [False, False]
    assert [is_allowed(SATURDAY), is_allowed(SATURDAY)] == [True, False]
    assert [is_allowed(FRIDAY), is_allowed(THURSDAY), is_allowed(SATURDAY)] == [False, False, False]


def test_a_month_counts_all_its_days_and_no_other() -> None:
    connection = open_ledger()
    budgets = NO_BUDGETS.model_copy(update={"month": Budget(usd=None, tokens=2_500)})
    days = [date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 30), date(2026, 12, 1)]
    outcomes = [reservations.reserve(connection, call(), budgets, day) for day in days]
    assert [isinstance(outcome, Reservation) for outcome in outcomes] == [True, True, False, True]


def test_a_budget_below_the_smallest_amount_allows_only_what_is_free() -> None:
    connection = open_ledger()
    budgets = _day(Budget(usd=1e-10, tokens=None))
    free = reservations.reserve(connection, call(price=Price(0, 0)), budgets, FRIDAY)
    assert isinstance(free, Reservation)
    assert free.tightest is not None
    assert (free.tightest.spent, free.tightest.limit) == (0, 1e-9)
    priced = reservations.reserve(connection, call(price=PRICE), budgets, FRIDAY)
    assert isinstance(priced, BudgetPause)


def test_a_conversations_own_budget_goes_before_that_of_the_settings() -> None:
    connection = open_ledger()
    budgets = NO_BUDGETS.model_copy(update={"conversation": Budget(usd=None, tokens=100)})
    reservations.set_budget(connection, "c", DOLLAR)
    own = reservations.reserve(connection, call(price=PRICE), budgets, FRIDAY)
    other = reservations.reserve(connection, call(conversation="d"), budgets, FRIDAY)
    none = reservations.reserve(connection, call(conversation=None), budgets, FRIDAY)
    assert [isinstance(outcome, Reservation) for outcome in (own, other, none)] == [
        True,
        False,
        True,
    ]
    reservations.raise_budget(connection, "c", BudgetRaise(scope="conversation", usd=0.5))
    state = reservations.states(connection, "c", budgets, FRIDAY)[0]
    assert state.budget == Budget(usd=1.5, tokens=None)
    assert state.tokens == 1_100
    # A new budget replaces the raised one, with exactly the amounts that are set.
    reservations.set_budget(connection, "c", Budget(usd=1.5, tokens=9_000))
    state = reservations.states(connection, "c", budgets, FRIDAY)[0]
    assert state.budget == Budget(usd=1.5, tokens=9_000)


def test_amounts_add_up_to_the_billionth() -> None:
    connection = open_ledger()
    price = Price(75.5, 0.1)
    for _ in range(1_000):
        found = reservations.reserve(connection, call(price=price), NO_BUDGETS, FRIDAY)
        assert isinstance(found, Reservation)
        reservations.settle(connection, found.number, price, (3, 7))
    assert reservations.usage(connection, "day")[0].usd == 228 * 1_000 / NANOS


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_parallel_calls_of_one_conversation_cannot_both_pass(tmp_path: Path) -> None:
    budgets = NO_BUDGETS.model_copy(update={"conversation": Budget(usd=None, tokens=3_400)})
    # Like two processes: each ledger has connections of its own.
    ledgers = [Ledger(tmp_path, lambda: budgets) for _ in range(2)]
    outcomes = await asyncio.gather(*(ledger.reserve(call()) for ledger in ledgers * 8))
    for ledger in ledgers:
        await ledger.close()
    assert sum(isinstance(outcome, Reservation) for outcome in outcomes) == 3


@pytest.mark.anyio
async def test_what_was_reserved_counts_after_the_program_was_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from shell.contract import NO_BUDGETS, Budget\n"
        "from shell.store.ledger import Ledger\n"
        "from tests.store.ledger_walk import call\n"
        "async def main():\n"
        "    month = {'month': Budget(usd=None, tokens=10**6)}\n"
        "    budgets = NO_BUDGETS.model_copy(update=month)\n"
        "    ledger = Ledger(Path(sys.argv[1]), lambda: budgets)\n"
        "    first = await ledger.reserve(call())\n"
        "    ledger.settle(first, None, 10, 20)\n"
        "    await ledger.reserve(call())\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = await asyncio.to_thread(subprocess.run, command, check=False)
    assert done.returncode == -signal.SIGKILL
    budgets = NO_BUDGETS.model_copy(update={"conversation": Budget(usd=None, tokens=1_700)})
    after = Ledger(tmp_path, lambda: budgets)
    refused = await after.reserve(call())
    await after.close()
    assert isinstance(refused, BudgetPause)
    assert refused.spent == 30 + 1_100


@pytest.mark.anyio
async def test_without_a_budget_a_file_that_cannot_be_used_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "usage.db").mkdir()
    assert await Ledger(tmp_path, lambda: NO_BUDGETS).reserve(call()) is None
    with pytest.raises(StorageFailed):
        await Ledger(tmp_path, lambda: _day(DOLLAR)).reserve(call())


@pytest.mark.anyio
async def test_a_damaged_file_is_explained_and_a_new_one_counts_from_zero(tmp_path: Path) -> None:
    file = tmp_path / "usage.db"
    file.write_bytes(b"rubbish" * 10_000)
    first = Ledger(tmp_path, lambda: _day(DOLLAR))
    for work in (first.reserve(call(price=PRICE)), first.states(None), first.usage("day")):
        with pytest.raises(StorageFailed, match="what was spent is unknown") as raised:
            await work
        assert raised.value.reason is Reason.USAGE_DAMAGED
        assert "repair" not in raised.value.message
    await first.close()
    file.rename(tmp_path / "elsewhere.db")
    second = Ledger(tmp_path, lambda: _day(DOLLAR))
    assert isinstance(await second.reserve(call(price=PRICE)), Reservation)
    await second.close()


@pytest.mark.anyio
async def test_a_command_makes_no_file_unless_there_is_a_budget(tmp_path: Path) -> None:
    plain = Ledger(tmp_path, lambda: NO_BUDGETS, creates=False)
    assert await plain.reserve(call()) is None
    assert not os.listdir(tmp_path)  # noqa: PTH208
    limited = call(budgets={"answer": Budget(usd=None, tokens=5_000)})
    assert isinstance(await plain.reserve(limited), Reservation)
    # The file exists now, so calls without a budget are added to it too.
    assert isinstance(await plain.reserve(call()), Reservation)
    await plain.close()


@pytest.mark.anyio
async def test_a_conversation_with_a_budget_of_its_own_is_known_after_a_restart(
    tmp_path: Path,
) -> None:
    before = Ledger(tmp_path, lambda: NO_BUDGETS)
    free = await before.reserve(call(conversation="d"))
    assert isinstance(free, Reservation)
    before.settle(free, None, 10, 20)
    await before.set_budget("c", Budget(usd=None, tokens=100))
    assert isinstance(await before.reserve(call()), BudgetPause)
    await before.close()
    after = Ledger(tmp_path, lambda: NO_BUDGETS)
    assert isinstance(await after.reserve(call()), BudgetPause)
    assert isinstance(await after.reserve(call(conversation="d")), Reservation)
    await after.set_budget("c", None)
    assert isinstance(await after.reserve(call()), Reservation)
    rows = await after.usage("conversation")
    tokens = {row.key: row.input_tokens + row.output_tokens for row in rows}
    await after.close()
    assert tokens == {"c": 1_100, "d": 30 + 1_100}


@pytest.mark.anyio
async def test_a_settlement_that_cannot_be_written_is_logged_and_counts_as_reserved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path, lambda: _day(DOLLAR))
    reservation = await ledger.reserve(call())
    assert isinstance(reservation, Reservation)

    def fails(*_: object) -> None:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(reservations, "settle", fails)
    ledger.settle(reservation, None, 1, 1)
    states = await ledger.states("c")
    await ledger.close()
    assert [state.tokens for state in states if state.scope == "day"] == [1_100]
    assert "The usage of a model's call cannot be saved" in caplog.text


@pytest.mark.anyio
async def test_a_call_that_cannot_be_reserved_is_refused_by_a_conversations_own_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path, lambda: NO_BUDGETS)
    await ledger.set_budget("c", DOLLAR)

    def fails(*_: object) -> None:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(reservations, "reserve", fails)
    with pytest.raises(StorageUnavailable):
        await ledger.reserve(call())
    await ledger.close()


@pytest.mark.anyio
async def test_a_stop_while_a_call_is_reserved_reserves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path, lambda: _day(DOLLAR))
    await ledger.states(None)
    began, goes_on = asyncio.Event(), threading.Event()
    loop, reserve = asyncio.get_running_loop(), reservations.reserve

    def slow(*arguments: Any) -> Reservation | BudgetPause:
        loop.call_soon_threadsafe(began.set)
        assert goes_on.wait(PATIENCE_S)
        return reserve(*arguments)

    monkeypatch.setattr(reservations, "reserve", slow)
    waiting = asyncio.ensure_future(ledger.reserve(call()))
    await asyncio.wait_for(began.wait(), PATIENCE_S)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    goes_on.set()
    async with asyncio.timeout(PATIENCE_S):
        while any(state.tokens for state in await ledger.states(None)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await ledger.close()


@pytest.mark.anyio
async def test_absurd_counts_leave_the_ledger_usable(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, lambda: _day(DOLLAR))
    for _ in range(3):
        number = await ledger.reserve(call())
        if isinstance(number, Reservation):
            ledger.settle(number, Price(75_000, 75_000), 2**53, 2**53)
    (row,) = await ledger.usage("day")
    assert row.usd >= 1_000_000
    assert isinstance(await ledger.reserve(call()), BudgetPause)
    await ledger.close()


@pytest.mark.anyio
async def test_a_file_that_cannot_be_read_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> set[str]:
        raise apsw.CorruptError("database disk image is malformed")

    monkeypatch.setattr(reservations, "conversations_with_budget", fails)
    ledger = Ledger(tmp_path, lambda: _day(DOLLAR))
    before = {*threading.enumerate()}
    for _ in range(3):
        with pytest.raises(ShellError):
            await ledger.reserve(call())
    new_threads = [thread.name for thread in {*threading.enumerate()} - before]
    assert all(name.startswith("asyncio") for name in new_threads), new_threads


@pytest.mark.anyio
async def test_a_budget_set_right_after_it_was_removed_holds(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, lambda: NO_BUDGETS)
    budget = Budget(usd=None, tokens=100)
    await ledger.set_budget("c", budget)
    await asyncio.gather(ledger.set_budget("c", None), ledger.set_budget("c", budget))
    assert isinstance(await ledger.reserve(call()), BudgetPause)
    await ledger.close()
