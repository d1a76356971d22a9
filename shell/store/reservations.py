"""Reserves tokens and cost for model calls within the budgets, and sums up the usage.

Before a call, its highest possible cost is reserved in the transaction that checks every budget.
After the call, the reservation is settled with the actual usage. If the program is killed before
that, the reservation counts in full.
"""

import math
from dataclasses import dataclass
from datetime import date

import apsw

from shell.contract import (
    Budget,
    BudgetMeter,
    BudgetPause,
    BudgetRaise,
    Budgets,
    BudgetScope,
    BudgetState,
    BudgetUnit,
    UsageGroup,
    UsageRow,
)
from shell.providers.charges import NANOS, PlannedCall, Price, Reservation
from shell.store.schema import Migration
from shell.support.ids import epoch_ms

MIGRATIONS: tuple[Migration, ...] = (
    (
        # Until a call is settled, its amounts are the reserved ones. `nanos` is NULL for a model
        # whose price is not known.
        """
        CREATE TABLE calls (
            number INTEGER PRIMARY KEY,
            answer TEXT NOT NULL,
            conversation TEXT,
            day TEXT NOT NULL,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            input INTEGER NOT NULL,
            output INTEGER NOT NULL,
            nanos INTEGER,
            settled INTEGER NOT NULL DEFAULT 0
        )
        """,
        "CREATE INDEX calls_answer ON calls (answer)",
        "CREATE INDEX calls_conversation ON calls (conversation)",
        "CREATE INDEX calls_day ON calls (day)",
        """
        CREATE TABLE budgets (conversation TEXT PRIMARY KEY, usd REAL, tokens INTEGER)
        WITHOUT ROWID
        """,
        # The amounts that were added to the budget of an answer, conversation, day or month.
        """
        CREATE TABLE raises (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            nanos INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            PRIMARY KEY (scope, key)
        ) WITHOUT ROWID
        """,
    ),
)
UNPRICED_TOKENS = 20_000
"""The smallest raise offered when a model without a known price reaches its limit."""
CENT = NANOS // 100
_MATCHES = {
    "answer": "answer = ?",
    "conversation": "conversation = ?",
    "day": "day = ?",
    "month": "substr(day, 1, 7) = ?",
}
_KEYS = {
    "day": "day",
    "model": "provider || '/' || model",
    "conversation": "coalesce(conversation, '')",
}


@dataclass(frozen=True, slots=True)
class _Total:
    """The usage and the reservations of all calls of a scope."""

    nanos: int
    tokens: int
    unpriced: int
    """The tokens whose price is not known."""


@dataclass(frozen=True, slots=True)
class _Allowance:
    """A budget with its usage so far. Amounts are tokens, or billionths of a dollar."""

    scope: BudgetScope
    unit: BudgetUnit
    spent: int
    limit: int
    base: int
    """The limit before it was raised."""
    price: Price
    """The price of a token, in the unit of the budget."""
    priced: bool = True

    @property
    def left(self) -> int:
        return self.limit - self.spent

    def longest(self, input_tokens: int) -> float:
        """The longest answer that fits, in tokens; below 0 when not even the input fits."""
        left = self.left - self.price.of(input_tokens, 0)
        if left < 0:
            return -1
        return left // self.price.output if self.price.output else math.inf

    def meter(self) -> BudgetMeter:
        spent, limit = self._in_unit(self.spent), self._in_unit(self.limit)
        return BudgetMeter(scope=self.scope, unit=self.unit, spent=spent, limit=limit)

    def pause(self, call: PlannedCall, min_output: int) -> BudgetPause:
        needed = self.price.of(call.input_tokens, min_output)
        step = CENT if self.unit == "usd" else 1_000
        missing = -(-max(needed - self.left, 1) // step) * step
        return BudgetPause(
            **dict(self.meter()),
            needed=self._in_unit(needed),
            more=self._in_unit(max(self.base, missing)),
            priced=self.priced,
        )

    def _in_unit(self, amount: int) -> float:
        return amount / NANOS if self.unit == "usd" else amount


_TOKENS = Price(1, 1)


def today(connection: apsw.Connection, now: date) -> str:
    """The day to which new calls count: today, or the latest day that has calls if it is later.

    So a day or a month does not begin again after the clock is set back.
    """
    latest: str | None = connection.execute("SELECT max(day) FROM calls").get
    return max(now.isoformat(), latest or "")


def scopes(conversation: str | None, day: str) -> dict[BudgetScope, str]:
    """The scopes to which a call counts beside its answer, with the key of each."""
    keys: dict[BudgetScope, str] = {"day": day, "month": day[:7]}
    return keys if conversation is None else {"conversation": conversation, **keys}


def reserve(
    connection: apsw.Connection,
    call: PlannedCall,
    budgets: Budgets,
    now: date,
    number: int | None = None,
) -> Reservation | BudgetPause:
    """Reserve the highest usage of a call, or return the pause of the budget that it exceeds.

    Part of a writing job. `number` is the number of the reservation; None assigns the next one.
    """
    day = today(connection, now)
    allowances = _allowances(connection, call, budgets, day)
    min_output = min(call.least_output_tokens, call.output_tokens)
    output, cut = call.output_tokens, None
    if allowances:
        tightest = min(allowances, key=lambda allowance: allowance.longest(call.input_tokens))
        longest = tightest.longest(call.input_tokens)
        if longest < min_output:
            return tightest.pause(call, min_output)
        if longest < output:
            output, cut = int(longest), tightest.pause(call, min_output)
    nanos = None if call.price is None else call.price.of(call.input_tokens, output)
    connection.execute(
        """
        INSERT INTO calls
            (number, answer, conversation, day, at, kind, provider, model, input, output, nanos)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            *(number, call.answer, call.conversation, day, epoch_ms(), call.kind),
            *(call.provider_id, call.model_id, call.input_tokens, output, nanos),
        ),
    )
    fullest = max(allowances, key=lambda allowance: allowance.spent / allowance.limit, default=None)
    meter = None if fullest is None else fullest.meter()
    return Reservation(connection.last_insert_rowid(), output, meter, cut)


def settle(
    connection: apsw.Connection, number: int, price: Price | None, used_tokens: tuple[int, int]
) -> None:
    """Replace the reserved amounts of a call with its actual usage.

    Part of a writing job. `used_tokens` are the tokens of the input and of the output.
    """
    nanos = None if price is None else price.of(*used_tokens)
    connection.execute(
        "UPDATE calls SET input = ?, output = ?, nanos = ?, settled = 1 WHERE number = ?",
        (*used_tokens, nanos, number),
    )


def release(connection: apsw.Connection, number: int) -> None:
    """Remove a reservation whose call is not made. Part of a writing job."""
    connection.execute("DELETE FROM calls WHERE number = ? AND NOT settled", (number,))


def raise_budget(connection: apsw.Connection, key: str, budget_raise: BudgetRaise) -> None:
    """Raise a budget, in addition to earlier raises. Part of a writing job."""
    connection.execute(
        """
        INSERT INTO raises VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET nanos = nanos + excluded.nanos, tokens = tokens + excluded.tokens
        """,
        (budget_raise.scope, key, round((budget_raise.usd or 0) * NANOS), budget_raise.tokens or 0),
    )


def set_budget(connection: apsw.Connection, conversation: str, budget: Budget | None) -> None:
    """Set the budget of a conversation; None for the budget of the settings.

    Removes earlier raises. Part of a writing job.
    """
    delete_raises = "DELETE FROM raises WHERE scope = 'conversation' AND key = ?"
    connection.execute(delete_raises, (conversation,))
    connection.execute("DELETE FROM budgets WHERE conversation = ?", (conversation,))
    if budget is not None:
        values = (conversation, budget.usd, budget.tokens)
        connection.execute("INSERT INTO budgets VALUES (?, ?, ?)", values)


def conversations_with_budget(connection: apsw.Connection) -> set[str]:
    """The conversations with a budget of their own."""
    return {str(name) for (name,) in connection.execute("SELECT conversation FROM budgets")}


def states(
    connection: apsw.Connection, conversation: str | None, budgets: Budgets, now: date
) -> list[BudgetState]:
    """The budgets of a conversation, of the day and of the month, with their usage."""
    day = today(connection, now)
    found = []
    for scope, key in scopes(conversation, day).items():
        budget = _budget(connection, scope, key, budgets)
        nanos, tokens = _raised_by(connection, scope, key)
        if budget is not None:
            usd = None if budget.usd is None else budget.usd + nanos / NANOS
            limit = None if budget.tokens is None else budget.tokens + tokens
            budget = Budget(usd=usd, tokens=limit)
        total = _total(connection, scope, key)
        found.append(
            BudgetState(
                scope=scope,
                budget=budget,
                usd=total.nanos / NANOS,
                tokens=total.tokens,
                unpriced_tokens=total.unpriced,
            )
        )
    return found


def usage(connection: apsw.Connection, group: UsageGroup) -> list[UsageRow]:
    """The usage by day, model or conversation: the latest day or the largest sum first."""
    order = "key DESC" if group == "day" else "nanos DESC, tokens DESC"
    found = connection.execute(
        f"""
        SELECT {_KEYS[group]} AS key, count(*), sum(input), sum(output),
            coalesce(sum(nanos), 0) AS nanos, sum(input + output) AS tokens,
            sum(iif(nanos IS NULL, input + output, 0))
        FROM calls GROUP BY key ORDER BY {order}
        """  # noqa: S608, from the tables above
    )
    return [
        UsageRow(
            key=key,
            calls=calls,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            usd=nanos / NANOS,
            unpriced_tokens=unpriced,
        )
        for key, calls, input_tokens, output_tokens, nanos, _, unpriced in found
    ]


def _allowances(
    connection: apsw.Connection, call: PlannedCall, budgets: Budgets, day: str
) -> list[_Allowance]:
    allowances: list[_Allowance] = []
    unpriced: _Allowance | None = None
    keys: dict[BudgetScope, str] = {"answer": call.answer, **scopes(call.conversation, day)}
    for scope, key in keys.items():
        budget = call.budgets.get(scope) or _budget(connection, scope, key, budgets)
        if budget is None:
            continue
        total = _total(connection, scope, key)
        nanos, tokens = _raised_by(connection, scope, key)
        if budget.tokens is not None:
            base, limit = budget.tokens, budget.tokens + tokens
            allowances.append(_Allowance(scope, "tokens", total.tokens, limit, base, _TOKENS))
        if budget.usd is not None and call.price is not None:
            base = max(round(budget.usd * NANOS), 1)
            allowances.append(_Allowance(scope, "usd", total.nanos, base + nanos, base, call.price))
        elif budget.usd is not None and unpriced is None:
            spent, base = total.unpriced, UNPRICED_TOKENS
            unpriced = _Allowance(scope, "tokens", spent, tokens, base, _TOKENS, priced=False)
    if unpriced is not None and all(allowance.unit == "usd" for allowance in allowances):
        # The cost of the call is unknown, so the user must confirm a limit in tokens.
        allowances.append(unpriced)
    return allowances


def _budget(
    connection: apsw.Connection, scope: BudgetScope, key: str, budgets: Budgets
) -> Budget | None:
    if scope == "conversation":
        sql = "SELECT usd, tokens FROM budgets WHERE conversation = ?"
        if (own := connection.execute(sql, (key,)).get) is not None:
            return Budget(usd=own[0], tokens=own[1])
    found: Budget | None = getattr(budgets, scope)
    return found


def _raised_by(connection: apsw.Connection, scope: BudgetScope, key: str) -> tuple[int, int]:
    sql = "SELECT nanos, tokens FROM raises WHERE scope = ? AND key = ?"
    return connection.execute(sql, (scope, key)).get or (0, 0)


def _total(connection: apsw.Connection, scope: BudgetScope, key: str) -> _Total:
    sql = f"""
        SELECT coalesce(sum(nanos), 0), coalesce(sum(input + output), 0),
            coalesce(sum(iif(nanos IS NULL, input + output, 0)), 0)
        FROM calls WHERE {_MATCHES[scope]}
    """  # noqa: S608, from the table above
    return _Total(*connection.execute(sql, (key,)).get)
