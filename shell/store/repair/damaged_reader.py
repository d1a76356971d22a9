"""Reads every readable row of a damaged database, one at a time, because not all attachments may
fit into memory.
"""

from collections.abc import Iterator
from typing import NamedTuple

import apsw

from shell.store.rows import Row
from shell.store.tables import Table

LAST_TRIED_ROWID = 1 << 20
"""The last rowid to try when the highest rowid of a table cannot be read."""

UNREADABLE = (
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.FormatError,
    apsw.IOError,
    apsw.SQLError,
    apsw.TooBigError,
    UnicodeDecodeError,
)
"""The errors of reading a damaged file."""


class DamagedRow(NamedTuple):
    """A row of a damaged table."""

    rowid: int
    """0 in a table WITHOUT ROWID."""
    is_sound: bool
    """Whether the checksum is right; in a table without checksums, whether all texts are UTF-8."""
    values: Row
    """By column. In a text, bytes that are not UTF-8 are replaced."""


class DamagedReader:
    """Reads a damaged database.

    Args:
        connection: to the file, or to a copy of it.
        max_rows: limit on the rows of a table whose end cannot be read.
    """

    def __init__(self, connection: apsw.Connection, max_rows: int) -> None:
        self._connection = connection
        self._max_rowid = min(LAST_TRIED_ROWID, max_rows)
        self.gaps = 0
        """How many ranges of rows could not be read."""

    def lacks(self, table: Table) -> bool:
        """Whether the schema is readable and has no such table."""
        sql = "SELECT count(*) FROM sqlite_schema WHERE CAST(name AS BLOB) = CAST(? AS BLOB)"
        try:
            return not self._connection.execute(sql, (table.name,)).get
        except UNREADABLE:
            return False

    def rows(self, table: Table) -> Iterator[DamagedRow]:
        """Read each row of a table once."""
        # Texts come as bytes: SQLite refuses to return a damaged one as text.
        columns = [
            f"CAST({name} AS {'INTEGER' if kind == 'INTEGER' else 'BLOB'})"
            for name, kind, _ in table.columns
        ]
        select = (
            f"SELECT {table.rowid or 0}, {table.sound or 1}, {', '.join(columns)} "  # noqa: S608
            f"FROM {table.name}"
        )
        seen: set[object] = set()
        for values in self._scan(table, select):
            row = _decode(table, values)
            key = row.rowid if table.rowid else tuple(row.values[name] for name in table.key)
            if key not in seen:
                seen.add(key)
                yield row
        if len(seen) < self._number("count(*)", table, 0):
            self.gaps += 1  # an index refers to rows that no page leads to any more

    def _scan(self, table: Table, select: str) -> Iterator["apsw.SQLiteValues"]:
        """Read a table from its start. If that fails, also from its end, then the rows between."""
        # The first two scans have no bounds, so a damaged rowid cannot end them early.
        last_rowids: list[int | None] = []
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{name} {direction}" for name in table.key)
            last: int | None = None
            try:
                for values in self._connection.execute(f"{select} ORDER BY {order}"):
                    yield values
                    last = int(str(values[0]))
            except UNREADABLE:
                self.gaps += 1
                last_rowids.append(last)
            else:
                return
        if table.rowid is not None:
            low, high = last_rowids
            yield from self._scan_range(
                f"{select} WHERE {table.rowid} BETWEEN ? AND ? ORDER BY {table.rowid}",
                1 if low is None else low + 1,
                self._number("max(rowid)", table, self._max_rowid) if high is None else high - 1,
                [self._max_rowid],
            )

    def _scan_range(
        self, sql: str, low: int, high: int, remaining: list[int]
    ) -> Iterator["apsw.SQLiteValues"]:
        """Read a range of rowids, and halve an unreadable range until its parts can be read.

        `remaining` is how many more rowids may be unreadable. Without this limit, a damaged highest
        rowid would make the search last for years.
        """
        if low > high or remaining[0] <= 0:
            return
        try:
            for values in self._connection.execute(sql, (low, high)):
                yield values
                low = max(low, int(str(values[0])) + 1)
        except UNREADABLE:
            pass
        else:
            return
        if low >= high:
            remaining[0] -= 1
            return
        middle = (low + high) // 2
        yield from self._scan_range(sql, low, middle, remaining)
        yield from self._scan_range(sql, middle + 1, high, remaining)

    def _number(self, expression: str, table: Table, otherwise: int) -> int:
        try:
            sql = f"SELECT {expression} FROM {table.name}"  # noqa: S608
            return int(self._connection.execute(sql).get or 0)
        except UNREADABLE:
            return otherwise


def _decode(table: Table, values: "apsw.SQLiteValues") -> DamagedRow:
    rowid, sound, *column_values = values
    is_sound = bool(sound)
    row: Row = {}
    for column, value in zip(table.columns, column_values, strict=True):
        row[column.name] = value
        if column.type == "TEXT" and isinstance(value, bytes):
            text = value.decode("utf-8", "replace")
            is_sound = is_sound and text.encode() == value
            row[column.name] = text
    return DamagedRow(int(str(rowid)), is_sound, row)
