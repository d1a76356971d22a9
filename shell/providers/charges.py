"""Prices of models, and the planned calls and reservations of budgets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shell.contract import Budget, BudgetMeter, BudgetPause, BudgetScope
from shell.providers.base import ModelInfo

NANOS = 1_000_000_000
"""Billionths in a dollar. Amounts are whole billionths, so that sums are exact."""
MAX_NANOS = 1_000_000 * NANOS
"""Limit on the price of one call. SQLite cannot sum what a server with absurd counts would cost."""
CallKind = Literal["answer", "title", "compaction"]


@dataclass(frozen=True, slots=True)
class Price:
    """Billionths of a US dollar for one token."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> int:
        """The price of these tokens, rounded up, at most `MAX_NANOS`."""
        exact = input_tokens * self.input + output_tokens * self.output
        return math.ceil(min(exact, MAX_NANOS))


def price_of(model: ModelInfo, *, local: bool) -> Price | None:
    """The price of a model. None if it is not known. A model on this machine costs nothing."""
    if model.input_price is None or model.output_price is None:
        return Price(0, 0) if local else None
    per_million = NANOS / 1_000_000
    return Price(model.input_price * per_million, model.output_price * per_million)


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call of a model that is about to be made."""

    answer: str
    """The id of the answer, the same for all its calls, also when it is continued."""
    conversation: str | None
    kind: CallKind
    provider_id: str
    model_id: str
    input_tokens: int
    """An estimate, rather too high than too low."""
    output_tokens: int
    """The longest answer."""
    least_output_tokens: int
    """The shortest maximum for which the call is worth making."""
    price: Price | None
    budgets: Mapping[BudgetScope, Budget]
    """The budget of its answer, if there is one."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A call that fits in every budget. It counts in full until it is settled."""

    number: int
    output_tokens: int
    """The longest answer that fits."""
    tightest: BudgetMeter | None
    """The budget of which the largest part was spent before this call. None without a budget."""
    cut: BudgetPause | None
    """The budget that makes the answer shorter. None if the longest answer fits in every budget."""
