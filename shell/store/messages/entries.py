"""Stores the template of a question, and the summary of a message, beside the message's row.

Each is one JSON text in a table of its own, by the number of the message.
"""

import json
from collections.abc import Callable, Mapping

import apsw

from shell.contract import Compaction, MessageTemplate
from shell.store.messages import steps
from shell.support.text import clean

CHECKS: Mapping[str, Callable[[str], object]] = {
    "steps": steps.ENTRY.validate_json,
    "templates": MessageTemplate.model_validate_json,
    "compactions": Compaction.model_validate_json,
}
"""By table: reads an entry. Raises ValidationError for one that Tidewire did not write."""


def put(connection: apsw.Connection, message: int, value: MessageTemplate | Compaction) -> None:
    """Store a template or a summary, and replace an earlier one. Part of a writing job."""
    table = "templates" if isinstance(value, MessageTemplate) else "compactions"
    entry = clean(json.dumps(value.model_dump(by_alias=True), ensure_ascii=False))
    sql = f"INSERT OR REPLACE INTO {table} VALUES (?, ?)"  # noqa: S608
    connection.execute(sql, (message, entry))


def template_of(entry: str | None) -> MessageTemplate | None:
    """The template of a row of `messages`."""
    return None if entry is None else MessageTemplate.model_validate_json(entry)


def compaction_of(entry: str | None) -> Compaction | None:
    """The summary of a row of `messages`."""
    return None if entry is None else Compaction.model_validate_json(entry)
