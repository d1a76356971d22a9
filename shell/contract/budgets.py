"""Budgets of answers, and the usage so far."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from shell.contract.base import ABSENT, StoredId, Value

BudgetScope = Literal["answer", "conversation", "day", "month"]
"""The model calls that a budget limits: those for one answer, in one conversation, on one day or in
one month."""
BudgetUnit = Literal["usd", "tokens"]
Dollars = Annotated[float, Field(gt=0, le=1_000_000)]
BudgetTokens = Annotated[int, Field(gt=0, le=10**12)]


class SparseValue(Value):
    """A model whose missing fields are null, so that the settings file may leave them out."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {**{to_camel(name): None for name in cls.model_fields}, **given}


class Budget(SparseValue):
    """A limit on spending. Null means no limit. With both limits, the first one reached counts."""

    usd: Dollars | None
    """US dollars, at the list prices."""
    tokens: BudgetTokens | None
    """Input and output together."""


class RunBudget(Budget):
    """A limit on one answer. A missing field means no limit."""

    usd: Dollars | None = None
    tokens: BudgetTokens | None = None


class BudgetMeter(Value):
    """How much of a budget is spent, in its unit."""

    scope: BudgetScope
    unit: BudgetUnit
    spent: float
    limit: float


class BudgetPause(BudgetMeter):
    """The budget that has stopped a run. The run can continue once a person raises the budget."""

    needed: float
    """The least that the next call may take."""
    more: float
    """A suggested amount by which to raise the budget."""
    priced: bool
    """False if the price of the model is unknown. The unit is tokens then."""


class BudgetRaise(Value):
    """Raises the budget at which an answer has stopped, once."""

    scope: BudgetScope
    usd: Dollars | None = None
    tokens: BudgetTokens | None = None

    @model_validator(mode="after")
    def _check(self) -> "BudgetRaise":
        if self.usd is None and self.tokens is None:
            raise ValueError("must have usd or tokens")
        return self


class Budgets(SparseValue):
    """The budgets of every answer, of each conversation without its own, of a day and a month."""

    answer: Budget | None
    conversation: Budget | None
    day: Budget | None
    month: Budget | None


NO_BUDGETS = Budgets(answer=None, conversation=None, day=None, month=None)


class BudgetState(Value):
    """A budget, and how much of it is spent."""

    scope: BudgetScope
    budget: Budget | None
    """Including all raises."""
    usd: float
    tokens: int
    unpriced_tokens: int
    """Those of `tokens` whose price is unknown."""


class ConversationBudget(Value):
    """Sets the budget of a conversation. Null stands for the budget of the settings."""

    conversation_id: StoredId
    budget: Budget | None


UsageGroup = Literal["day", "model", "conversation"]


class UsageRow(Value):
    """The usage on one day, of one model, or in one conversation."""

    key: str
    """A date such as 2026-11-29, `PROVIDER/MODEL`, or the id of a conversation."""
    title: Annotated[str | None, ABSENT] = None
    """The title of a conversation that still exists."""
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float
    unpriced_tokens: int
    """The tokens whose price is unknown."""
