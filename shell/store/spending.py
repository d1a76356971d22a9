"""Reads what a conversation has taken: its answers, their tokens, their price."""

import apsw

from shell.contract import Spent
from shell.store import tree
from shell.store.rows import first

_SPENT = """
    SELECT
        count(*),
        coalesce(sum(json_extract(detail, '$.usage.inputTokens')), 0),
        coalesce(sum(json_extract(detail, '$.usage.outputTokens')), 0),
        coalesce(sum(json_extract(detail, '$.usage.cost')), 0.0),
        count(*) - count(json_extract(detail, '$.usage.cost'))
    FROM messages
    WHERE conversation = ? AND role = 'assistant' AND json_valid(detail)
"""


def spent(connection: apsw.Connection, conversation_id: str) -> Spent:
    """What a conversation has taken on all of its branches.

    Raises:
        NotFound: there is none.
    """
    number = tree.conversation(connection, conversation_id)
    found = first(connection.execute(_SPENT, (number,)), _spent)
    assert found is not None  # noqa: S101, an aggregate has a row
    return found


def _spent(answers: int, told: int, said: int, cost: float, unpriced: int) -> Spent:
    return Spent(
        answers=answers, input_tokens=told, output_tokens=said, cost=cost, unpriced=unpriced
    )
