"""What answers may cost, and what they have cost."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from shell.contract.base import ABSENT, StoredId, Value

BudgetScope = Literal["answer", "conversation", "day", "month"]
"""What a budget is for: all calls of the model for one answer, in one conversation, on one day, in
one month."""
BudgetUnit = Literal["usd", "tokens"]
Dollars = Annotated[float, Field(gt=0, le=1_000_000)]
BudgetTokens = Annotated[int, Field(gt=0, le=10**12)]


class SparseValue(Value):
    """A person who edits the settings file leaves out what is not set."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {**{to_camel(name): None for name in cls.model_fields}, **given}


class Budget(SparseValue):
    """The most that may be spent. Null is no limit; with both, the first one counts."""

    usd: Dollars | None
    """US dollars, at the list prices."""
    tokens: BudgetTokens | None
    """Input and output together."""


class RunBudget(Budget):
    """The most that one answer may take. Without a field there is no such limit."""

    usd: Dollars | None = None
    tokens: BudgetTokens | None = None


class BudgetMeter(Value):
    """How much of a budget is spent, in its unit."""

    scope: BudgetScope
    unit: BudgetUnit
    spent: float
    limit: float


class BudgetPause(BudgetMeter):
    """Why no other call of the model was made. It is made once somebody raises the budget."""

    needed: float
    """What the next call may take at least."""
    more: float
    """A fair amount to raise the budget by."""
    priced: bool
    """False if the price of the model is not known; then the unit is tokens in any case."""


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
    """A budget, and what is spent of it."""

    scope: BudgetScope
    budget: Budget | None
    """With everything that it was raised by."""
    usd: float
    tokens: int
    unpriced_tokens: int
    """Those of `tokens` whose price is not known."""


class ConversationBudget(Value):
    """Sets the budget of a conversation. Null is that of the settings."""

    conversation_id: StoredId
    budget: Budget | None


UsageGroup = Literal["day", "model", "conversation"]


class UsageRow(Value):
    """What was taken on one day, by one model, or in one conversation."""

    key: str
    """A date such as 2026-11-29, `PROVIDER/MODEL`, or the id of a conversation."""
    title: Annotated[str | None, ABSENT] = None
    """Of a conversation that is still there."""
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float
    unpriced_tokens: int
    """The tokens whose price is not known."""
