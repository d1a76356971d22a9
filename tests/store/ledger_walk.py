"""Random acts on a ledger, and a second count that checks which calls it allows."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import apsw

from shell.contract import Budget, BudgetPause, BudgetRaise, Budgets, BudgetScope
from shell.providers.charges import NANOS, PlannedCall, Price
from shell.store import reservations
from shell.store.schema import migrate

FIRST = date(2026, 11, 27)
PRICES = (Price(500, 2_000), Price(75, 75), None, Price(0, 0))
Amounts = tuple[int | None, int]
"""Billionths of a dollar (None without a known price), and tokens."""


def open_ledger() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    migrate(connection, reservations.MIGRATIONS)
    return connection


def call(
    answer: str = "a",
    conversation: str | None = "c",
    *,
    input_tokens: int = 100,
    output_tokens: int = 1_000,
    price: Price | None = PRICES[0],
    budgets: Mapping[BudgetScope, Budget] | None = None,
) -> PlannedCall:
    return PlannedCall(
        answer,
        conversation,
        "answer",
        "p",
        "m",
        input_tokens,
        output_tokens,
        512,
        price,
        budgets or {},
    )


@dataclass
class Walk:
    """One ledger, driven by random acts."""

    seed: int
    connection: apsw.Connection = field(default_factory=open_ledger)
    clock: date = FIRST
    latest: date = FIRST
    counted: dict[int, tuple[dict[str, str], Amounts]] = field(default_factory=dict)
    open: dict[int, Price | None] = field(default_factory=dict)
    raised: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    own: dict[str, Budget] = field(default_factory=dict)
    refused: int = 0
    shortened: int = 0
    allowed: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311, not a secret
        self.budgets = Budgets(
            answer=self._some_budget(),
            conversation=self._some_budget(),
            day=self._some_budget(),
            month=self._some_budget(),
        )

    def step(self) -> None:
        acts = (self.reserve, self.reserve, self.reserve, self.settle, self.change_clock)
        self.chance.choice((*acts, self.raise_budget, self.set_own))()

    # --- acts -----------------------------------------------------------------------------------

    def reserve(self) -> None:
        chance = self.chance
        budget = self._some_budget()
        planned = call(
            chance.choice("ab"),
            chance.choice(["c", "d", None]),
            input_tokens=chance.randrange(1, 2_000),
            output_tokens=chance.choice([100, 512, 4_000]),
            price=chance.choice(PRICES),
            budgets={} if budget is None else {"answer": budget},
        )
        day = self._day()
        found = reservations.reserve(self.connection, planned, self.budgets, self.clock)
        if isinstance(found, BudgetPause):
            assert found.more > 0
            self.refused += 1
            return
        self.allowed += 1
        self.shortened += found.cut is not None
        assert found.output_tokens <= planned.output_tokens
        assert found.output_tokens >= min(512, planned.output_tokens)
        keys = self._keys(planned, day)
        tokens = planned.input_tokens + found.output_tokens
        price = planned.price
        nanos = None if price is None else price.of(planned.input_tokens, found.output_tokens)
        self._check_fits(planned, keys, (nanos, tokens))
        self.latest = day
        self.counted[found.number] = keys, (nanos, tokens)
        self.open[found.number] = price

    def settle(self) -> None:
        """Settle a call. One in five stays unsettled, as after the program was killed."""
        if not self.open:
            return
        number = self.chance.choice(list(self.open))
        price = self.open.pop(number)
        if self.chance.random() < 0.2:
            return
        keys, (_, reserved) = self.counted[number]
        input_tokens = self.chance.randrange(0, reserved + 1)
        output_tokens = self.chance.randrange(0, reserved - input_tokens + 1)
        reservations.settle(self.connection, number, price, (input_tokens, output_tokens))
        nanos = None if price is None else price.of(input_tokens, output_tokens)
        self.counted[number] = keys, (nanos, input_tokens + output_tokens)

    def change_clock(self) -> None:
        self.clock += timedelta(days=self.chance.choice([-40, -1, -1, 0, 1, 1, 31]))

    def raise_budget(self) -> None:
        scope: BudgetScope = self.chance.choice(["answer", "conversation", "day", "month"])
        day = self._day().isoformat()
        keys = {"answer": "a", "conversation": "c", "day": day, "month": day[:7]}
        usd, tokens = self.chance.choice([(0.001, None), (None, 3_000)])
        by = BudgetRaise(scope=scope, usd=usd, tokens=tokens)
        reservations.raise_budget(self.connection, keys[scope], by)
        before = self.raised.get((scope, keys[scope]), (0, 0))
        more = round((usd or 0) * NANOS), tokens or 0
        self.raised[scope, keys[scope]] = before[0] + more[0], before[1] + more[1]

    def set_own(self) -> None:
        budget = self._some_budget()
        reservations.set_budget(self.connection, "c", budget)
        self.own.pop("c", None)
        self.raised.pop(("conversation", "c"), None)
        if budget is not None:
            self.own["c"] = budget

    # --- the second count -----------------------------------------------------------------------

    def _some_budget(self) -> Budget | None:
        usd = self.chance.choice([None, 0.001, 0.01])
        tokens = self.chance.choice([None, None, 5_000])
        return None if usd is None and tokens is None else Budget(usd=usd, tokens=tokens)

    def _day(self) -> date:
        """Return the day of the clock, or the latest day with a call if the clock is behind it."""
        return max(self.clock, self.latest) if self.counted else self.clock

    def _keys(self, planned: PlannedCall, day: date) -> dict[str, str]:
        keys = {"answer": planned.answer, "day": str(day), "month": str(day)[:7]}
        if planned.conversation is not None:
            keys["conversation"] = planned.conversation
        return keys

    def _check_fits(self, planned: PlannedCall, keys: dict[str, str], wanted: Amounts) -> None:
        """Check that the reserved amounts fit into what is left of every budget."""
        has_token_limit, dollars = False, list[str]()
        for scope, key in keys.items():
            budget = self._budget_of(planned, scope, key)
            if budget is None:
                continue
            nanos, tokens = self._sums(scope, key)
            more = self.raised.get((scope, key), (0, 0))
            if budget.tokens is not None:
                has_token_limit = True
                assert tokens + wanted[1] <= budget.tokens + more[1]
            if budget.usd is not None:
                dollars.append(scope)
                if wanted[0] is not None:
                    assert nanos + wanted[0] <= round(budget.usd * NANOS) + more[0]
        if wanted[0] is None and dollars and not has_token_limit:
            # A raise has set how many tokens a call without a price may take.
            assert any(self.raised.get((scope, keys[scope]), (0, 0))[1] for scope in dollars)

    def _budget_of(self, planned: PlannedCall, scope: str, key: str) -> Budget | None:
        own = self.own.get(key) if scope == "conversation" else None
        given = planned.budgets.get("answer") if scope == "answer" else own
        standard: Budget | None = getattr(self.budgets, scope)
        return given or standard

    def _sums(self, scope: str, key: str) -> tuple[int, int]:
        inside = [amounts for keys, amounts in self.counted.values() if keys.get(scope) == key]
        return sum(n or 0 for n, _ in inside), sum(t for _, t in inside)
