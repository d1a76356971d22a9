"""Computes the checksum that every conversation and message carries in its row.

SQLite notices a damaged page structure, but not a changed letter inside a text.
"""

import zlib

import apsw

_CONVERSATION = "id title title_from system_prompt folder pinned created_at deleted_at"
_MESSAGE = (
    "id conversation parent role status created_at provider_id model_id inference_id text "
    "reasoning parts detail"
)


def _expression(columns: str) -> str:
    # As bytes, because a damaged text may not be UTF-8 any more.
    return f"seal({', '.join(f'CAST({name} AS BLOB)' for name in columns.split())})"


SOUND_CONVERSATION = f"digest = {_expression(_CONVERSATION)}"
SOUND_MESSAGE = f"digest = {_expression(_MESSAGE)}"
"""SQL that is true of a row whose checksum is right."""

SEAL_CONVERSATION = f"UPDATE conversations SET {SOUND_CONVERSATION} WHERE number = ?"  # noqa: S608
SEAL_MESSAGE = f"UPDATE messages SET {SOUND_MESSAGE} WHERE number = ?"  # noqa: S608
"""SQL to run after every change of a row, in the same transaction."""


def register(connection: apsw.Connection) -> None:
    """Define the SQL function `seal` on a connection."""
    connection.create_scalar_function("seal", _checksum, deterministic=True)


def _checksum(*values: "apsw.SQLiteValue") -> int:
    total = 0
    for value in values:
        if isinstance(value, bytes):
            total = zlib.crc32(value, zlib.crc32(b"%d:" % len(value), total))
        else:
            total = zlib.crc32(b"-", total)
    return total
