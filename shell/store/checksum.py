"""Computes the checksum in the row of every conversation and message.

SQLite detects a damaged page structure, but not a changed letter inside a text.
"""

import zlib

import apsw

_COLUMNS = {
    "conversations": "id title title_from system_prompt folder pinned created_at deleted_at",
    "messages": "id conversation parent role status created_at provider_id model_id inference_id "
    "text reasoning parts detail",
}
DIGEST = "digest"
"""The column that holds a row's checksum."""
# As bytes, because a damaged text may not be UTF-8 any more.
SOUND = {
    table: f"{DIGEST} = row_checksum({', '.join(f'CAST({c} AS BLOB)' for c in columns.split())})"
    for table, columns in _COLUMNS.items()
}
"""By table: SQL that is true for a row with a correct checksum. After SET it sets the checksum."""


def register(connection: apsw.Connection) -> None:
    """Define the SQL function `row_checksum`, which `SOUND` calls, on a connection."""
    connection.create_scalar_function("row_checksum", _checksum, deterministic=True)


def _checksum(*values: "apsw.SQLiteValue") -> int:
    total = 0
    for value in values:
        if isinstance(value, bytes):
            total = zlib.crc32(value, zlib.crc32(b"%d:" % len(value), total))
        else:
            total = zlib.crc32(b"-", total)
    return total
