"""Reserves what calls of models may take, within the budgets, and sums up what they took.

A call reserves the most that it may cost before it is made, in one transaction with the check of
every budget. Afterwards it is settled with what it took. A reservation that nobody settles, because
the program was killed, counts in full.
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
        # Until a call is settled, its amounts are those that were reserved. `nanos` is NULL for a
        # model whose price is not known.
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
        # What a budget was raised by, for the answer, conversation, day or month of the key.
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
"""The least that is offered to somebody who lets a model without a known price go on."""
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
class _Taken:
    """What the calls of a scope have taken or reserved."""

    nanos: int
    tokens: int
    unpriced: int
    """Those of the tokens whose price is not known."""


@dataclass(frozen=True, slots=True)
class _Room:
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
        return self.limit - self.spent

    def longest(self, input_tokens: int) -> float:
        """The longest answer that fits; below 0 when not even the input does."""
        left = self.left - self.price.of(input_tokens, 0)
        if left < 0:
            return -1
        return left // self.price.output if self.price.output else math.inf

    def meter(self) -> BudgetMeter:
        spent, limit = self._shown(self.spent), self._shown(self.limit)
        return BudgetMeter(scope=self.scope, unit=self.unit, spent=spent, limit=limit)

    def pause(self, call: PlannedCall, least: int) -> BudgetPause:
        needed = self.price.of(call.input_tokens, least)
        step = CENT if self.unit == "usd" else 1_000
        missing = -(-max(needed - self.left, 1) // step) * step
        return BudgetPause(
            **dict(self.meter()),
            needed=self._shown(needed),
            more=self._shown(max(self.base, missing)),
            priced=self.priced,
        )

    def _shown(self, amount: int) -> float:
        return amount / NANOS if self.unit == "usd" else amount


_TOKENS = Price(1, 1)


def today(connection: apsw.Connection, now: date) -> str:
    """The day that calls are counted to: never one before a day that has been counted to.

    So a clock that is set back begins no day and no month for a second time.
    """
    latest: str | None = connection.execute("SELECT max(day) FROM calls").get
    return max(now.isoformat(), latest or "")


def scopes(conversation: str | None, day: str) -> dict[BudgetScope, str]:
    """What a call counts to beside its answer, and the key of each."""
    keys: dict[BudgetScope, str] = {"day": day, "month": day[:7]}
    return keys if conversation is None else {"conversation": conversation, **keys}


def reserve(
    connection: apsw.Connection,
    call: PlannedCall,
    budgets: Budgets,
    now: date,
    number: int | None = None,
) -> Reservation | BudgetPause:
    """Reserve what a call may take, or say which budget it does not fit in.

    Part of a writing job. The `number` is that of the reservation, if its owner has chosen one.
    """
    day = today(connection, now)
    rooms = _rooms(connection, call, budgets, day)
    least = min(call.least_output_tokens, call.output_tokens)
    output, cut = call.output_tokens, None
    if rooms:
        tight = min(rooms, key=lambda room: room.longest(call.input_tokens))
        longest = tight.longest(call.input_tokens)
        if longest < least:
            return tight.pause(call, least)
        if longest < output:
            output, cut = int(longest), tight.pause(call, least)
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
    fullest = max(rooms, key=lambda room: room.spent / room.limit, default=None)
    return Reservation(
        connection.last_insert_rowid(), output, None if fullest is None else fullest.meter(), cut
    )


def settle(
    connection: apsw.Connection, number: int, price: Price | None, taken: tuple[int, int]
) -> None:
    """Put what a call took, input and output, in the place of what it had reserved.

    Part of a writing job.
    """
    nanos = None if price is None else price.of(*taken)
    connection.execute(
        "UPDATE calls SET input = ?, output = ?, nanos = ?, settled = 1 WHERE number = ?",
        (*taken, nanos, number),
    )


def raise_budget(connection: apsw.Connection, key: str, by: BudgetRaise) -> None:
    """Raise a budget, in addition to what it was raised by before. Part of a writing job."""
    connection.execute(
        """
        INSERT INTO raises VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET nanos = nanos + excluded.nanos, tokens = tokens + excluded.tokens
        """,
        (by.scope, key, round((by.usd or 0) * NANOS), by.tokens or 0),
    )


def set_budget(connection: apsw.Connection, conversation: str, budget: Budget | None) -> None:
    """Set the budget of a conversation; None is that of the settings.

    It counts as it is set, whatever it was raised by before. Part of a writing job.
    """
    raised = "DELETE FROM raises WHERE scope = 'conversation' AND key = ?"
    connection.execute(raised, (conversation,))
    connection.execute("DELETE FROM budgets WHERE conversation = ?", (conversation,))
    if budget is not None:
        values = (conversation, budget.usd, budget.tokens)
        connection.execute("INSERT INTO budgets VALUES (?, ?, ?)", values)


def limited(connection: apsw.Connection) -> set[str]:
    """The conversations with a budget of their own."""
    return {str(name) for (name,) in connection.execute("SELECT conversation FROM budgets")}


def states(
    connection: apsw.Connection, conversation: str | None, budgets: Budgets, now: date
) -> list[BudgetState]:
    """The budgets of a conversation, of the day and of the month, with what is spent of them."""
    day = today(connection, now)
    found = []
    for scope, key in scopes(conversation, day).items():
        budget = _budget(connection, scope, key, budgets)
        nanos, tokens = _raised(connection, scope, key)
        if budget is not None:
            usd = None if budget.usd is None else budget.usd + nanos / NANOS
            limit = None if budget.tokens is None else budget.tokens + tokens
            budget = Budget(usd=usd, tokens=limit)
        taken = _taken(connection, scope, key)
        found.append(
            BudgetState(
                scope=scope,
                budget=budget,
                usd=taken.nanos / NANOS,
                tokens=taken.tokens,
                unpriced_tokens=taken.unpriced,
            )
        )
    return found


def usage(connection: apsw.Connection, by: UsageGroup) -> list[UsageRow]:
    """What was taken, the latest day or the largest sum first."""
    order = "key DESC" if by == "day" else "nanos DESC, tokens DESC"
    found = connection.execute(
        f"""
        SELECT {_KEYS[by]} AS key, count(*), sum(input), sum(output),
            coalesce(sum(nanos), 0) AS nanos, sum(input + output) AS tokens,
            sum(iif(nanos IS NULL, input + output, 0))
        FROM calls GROUP BY key ORDER BY {order}
        """  # noqa: S608, from the tables above
    )
    return [
        UsageRow(
            key=key,
            calls=calls,
            input_tokens=told,
            output_tokens=said,
            usd=nanos / NANOS,
            unpriced_tokens=unpriced,
        )
        for key, calls, told, said, nanos, _, unpriced in found
    ]


def _rooms(
    connection: apsw.Connection, call: PlannedCall, budgets: Budgets, day: str
) -> list[_Room]:
    rooms: list[_Room] = []
    unpriced: _Room | None = None
    keys: dict[BudgetScope, str] = {"answer": call.answer, **scopes(call.conversation, day)}
    for scope, key in keys.items():
        budget = call.budgets.get(scope) or _budget(connection, scope, key, budgets)
        if budget is None:
            continue
        taken = _taken(connection, scope, key)
        nanos, tokens = _raised(connection, scope, key)
        if budget.tokens is not None:
            limit = budget.tokens + tokens
            rooms.append(_Room(scope, "tokens", taken.tokens, limit, budget.tokens, _TOKENS))
        if budget.usd is not None and call.price is not None:
            base = round(budget.usd * NANOS)
            rooms.append(_Room(scope, "usd", taken.nanos, base + nanos, base, call.price))
        elif budget.usd is not None and unpriced is None:
            least = UNPRICED_TOKENS
            unpriced = _Room(scope, "tokens", taken.unpriced, tokens, least, _TOKENS, priced=False)
    if unpriced is not None and all(room.unit == "usd" for room in rooms):
        # Nobody knows what it costs, so somebody must say how many tokens it may take.
        rooms.append(unpriced)
    return rooms


def _budget(
    connection: apsw.Connection, scope: BudgetScope, key: str, budgets: Budgets
) -> Budget | None:
    if scope == "conversation":
        sql = "SELECT usd, tokens FROM budgets WHERE conversation = ?"
        if (own := connection.execute(sql, (key,)).get) is not None:
            return Budget(usd=own[0], tokens=own[1])
    found: Budget | None = getattr(budgets, scope)
    return found


def _raised(connection: apsw.Connection, scope: BudgetScope, key: str) -> tuple[int, int]:
    sql = "SELECT nanos, tokens FROM raises WHERE scope = ? AND key = ?"
    return connection.execute(sql, (scope, key)).get or (0, 0)


def _taken(connection: apsw.Connection, scope: BudgetScope, key: str) -> _Taken:
    sql = f"""
        SELECT coalesce(sum(nanos), 0), coalesce(sum(input + output), 0),
            coalesce(sum(iif(nanos IS NULL, input + output, 0)), 0)
        FROM calls WHERE {_MATCHES[scope]}
    """  # noqa: S608, from the table above
    return _Taken(*connection.execute(sql, (key,)).get)
