"""Stores the template of a question, and the summary of a message, beside the message's row.

Each is one JSON text in a table of its own, by the number of the message.
"""

import json

import apsw

from shell.contract import Compaction, MessageTemplate
from shell.store.messages import steps
from shell.support.text import clean


def rewritten(table: str, text: str) -> str:
    """Read an entry of a table and return it in the form in which Tidewire writes it.

    Copy an entry of an untrusted file only in this form: of a key that is there twice, SQLite
    reads the first value, and this check the last.

    Raises:
        ValidationError: Tidewire did not write the entry.
    """
    if table == "steps":
        return steps.dump(steps.ENTRY.validate_json(text))
    model = MessageTemplate if table == "templates" else Compaction
    return _dump(model.model_validate_json(text))


def put(connection: apsw.Connection, message: int, value: MessageTemplate | Compaction) -> None:
    """Store a template or a summary, and replace an earlier one. Part of a writing job."""
    table = "templates" if isinstance(value, MessageTemplate) else "compactions"
    sql = f"INSERT OR REPLACE INTO {table} VALUES (?, ?)"  # noqa: S608
    connection.execute(sql, (message, _dump(value)))


def template_of(entry: str | None) -> MessageTemplate | None:
    """The template of a row of `messages`."""
    return None if entry is None else MessageTemplate.model_validate_json(entry)


def compaction_of(entry: str | None) -> Compaction | None:
    """The summary of a row of `messages`."""
    return None if entry is None else Compaction.model_validate_json(entry)


def _dump(value: MessageTemplate | Compaction) -> str:
    return clean(json.dumps(value.model_dump(by_alias=True), ensure_ascii=False))
