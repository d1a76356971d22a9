"""What is left of a budget, and what a call needs of it."""

import math
from dataclasses import dataclass

from shell.contract import BudgetMeter, BudgetPause, BudgetScope, BudgetUnit
from shell.providers.charges import NANOS, PlannedCall, Price

CENT = NANOS // 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What the calls of a scope have taken or reserved."""

    nanos: int
    tokens: int
    unpriced: int
    """Those of the tokens whose price is not known."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of one budget. Amounts are tokens, or billionths of a dollar."""

    scope: BudgetScope
    unit: BudgetUnit
    spent: int
    limit: int
    base: int
    """The limit before it was raised."""
    price: Price
    """What a token takes of it."""
    priced: bool = True

    @property
    def left(self) -> int:
        """What is not spent."""
        return self.limit - self.spent

    def longest(self, input_tokens: int) -> float:
        """The longest answer that fits; below 0 when not even the input does."""
        left = self.left - self.price.of(input_tokens, 0)
        if left < 0:
            return -1
        return left // self.price.output if self.price.output else math.inf

    def meter(self) -> BudgetMeter:
        """The budget as pages show it."""
        return BudgetMeter(
            scope=self.scope, unit=self.unit, spent=self._shown(self.spent), limit=self._limit
        )

    def pause(self, call: PlannedCall, least: int) -> BudgetPause:
        """What is missing for a call with an answer of at least so many tokens."""
        needed = self.price.of(call.input_tokens, least)
        step = CENT if self.unit == "usd" else 1_000
        missing = -(-max(needed - self.left, 1) // step) * step
        return BudgetPause(
            **dict(self.meter()),
            needed=self._shown(needed),
            more=self._shown(max(self.base, missing)),
            priced=self.priced,
        )

    @property
    def _limit(self) -> float:
        return self._shown(self.limit)

    def _shown(self, amount: int) -> float:
        return amount / NANOS if self.unit == "usd" else amount
