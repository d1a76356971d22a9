"""Sums up the answers, tokens and cost of a conversation."""

import apsw

from shell.contract import Spent
from shell.store.messages import tree

_SPENT = """
    WITH known AS (
        SELECT number, iif(json_valid(detail), detail, '{}') AS detail FROM messages
        WHERE conversation = ? AND role = 'assistant' AND detail IS NOT NULL
    ),
    taken AS (
        SELECT number, detail -> '$.usage' AS usage FROM known
        UNION ALL
        SELECT number, value AS usage FROM known, json_each(detail, '$.earlier')
    )
    SELECT
        count(DISTINCT number),
        coalesce(sum(usage ->> '$.inputTokens'), 0),
        coalesce(sum(usage ->> '$.outputTokens'), 0),
        coalesce(sum(usage ->> '$.cost'), 0.0),
        count(DISTINCT iif(usage ->> '$.cost' IS NULL, number, NULL))
    FROM taken WHERE json_type(usage) = 'object'
"""


def spent(connection: apsw.Connection, conversation_id: str) -> Spent:
    """The tokens and the cost of a conversation on all of its branches.

    Raises:
        NotFound: there is no such conversation.
    """
    number = tree.conversation(connection, conversation_id)
    answers, sent, received, cost, unpriced = connection.execute(_SPENT, (number,)).get
    return Spent(
        answers=answers, input_tokens=sent, output_tokens=received, cost=cost, unpriced=unpriced
    )
