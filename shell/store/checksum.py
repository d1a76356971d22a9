"""Computes the checksum that every conversation and message carries in its row.

SQLite notices a damaged page structure, but not a changed letter inside a text.
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
    table: f"{DIGEST} = seal({', '.join(f'CAST({name} AS BLOB)' for name in columns.split())})"
    for table, columns in _COLUMNS.items()
}
"""By table: SQL that is true of a row whose checksum is right. After SET it makes it right."""


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
