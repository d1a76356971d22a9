"""Standing: how a conversation stood before a turn, for the way back from one that is refused."""

from dataclasses import dataclass

import apsw

from shell.store.messages import queries, tree


@dataclass(frozen=True, slots=True)
class Standing:
    """What a turn changes of what was there before it."""

    conversation: int
    untitled: bool
    updated_at: int
    chosen: dict[int | None, int | None]
    """What was chosen below the conversation itself (None) and each message above the turn."""


def standing(connection: apsw.Connection, conversation: int, parent: int | None) -> Standing:
    """How a conversation stands before something is said under `parent`."""
    title, updated_at, root = connection.execute(
        "SELECT title, updated_at, chosen FROM conversations WHERE number = ?", (conversation,)
    ).get
    chosen: dict[int | None, int | None] = {None: root}
    if parent is not None:
        chosen |= {row.number: row.chosen for row in queries.above(connection, parent)}
    return Standing(conversation, title == "", updated_at, chosen)


def put_back(connection: apsw.Connection, before: Standing) -> None:
    """Have it stand like that again, once what was said is gone."""
    number = before.conversation
    for parent, child in before.chosen.items():
        tree.point(connection, number, parent, child)
    if before.untitled:
        tree.forget_title(connection, number)
    connection.execute(
        "UPDATE conversations SET updated_at = ? WHERE number = ?", (before.updated_at, number)
    )
