"""Wreck: a damaged database, of which every row is read that can be.

Texts come as bytes, for what rotted need not be UTF-8 any more, and rows come one by one, for all
the attachments need not fit into memory.
"""

from collections.abc import Iterator, Sequence

import apsw

HIGHEST = 1 << 20
"""Numbers are looked for up to here when even their maximum cannot be read."""

UNREADABLE = (
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.FormatError,
    apsw.IOError,
    apsw.SQLError,
    apsw.TooBigError,
    UnicodeDecodeError,
)
"""What reading a damaged file raises."""

Value = bytes | int | None


class DamagedReader:
    """A damaged database that is open; what could not be read is counted in `gaps`.

    Args:
        connection: to the file, or to a copy of it.
        most: how many rows a table can have at most, for one whose end cannot be read.
    """

    def __init__(self, connection: apsw.Connection, most: int) -> None:
        self._connection = connection
        self._most = min(HIGHEST, most)
        self.gaps = 0
        """Stretches that could not be read."""

    def has(self, table: str) -> bool:
        """Whether anything can be asked of this table."""
        try:
            self._connection.execute(f"SELECT 1 FROM {table} LIMIT 0")  # noqa: S608
        except UNREADABLE:
            return False
        return True

    def knows(self, table: str) -> bool:
        """Whether the file says that there is such a table, or can no longer say what there is."""
        try:
            found = self._connection.execute(
                "SELECT count(*) FROM sqlite_schema WHERE CAST(name AS BLOB) = CAST(? AS BLOB)",
                (table,),
            ).get
        except UNREADABLE:
            return True
        return bool(found)

    def ends(
        self, table: str, columns: Sequence[str], order: Sequence[str]
    ) -> Iterator[list[Value]]:
        """The rows of a small table from its beginning, and, if one cannot be read, from its end.
        The same row may come twice.

        Args:
            table: which one.
            columns: expressions that SQLite makes bytes or whole numbers of.
            order: the primary key.
        """
        if not self.has(table):
            self.gaps += 1
            return
        for way in ("ASC", "DESC"):
            by = ", ".join(f"{name} {way}" for name in order)
            sql = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {by}"  # noqa: S608
            try:
                for values in self._connection.execute(sql):
                    yield list(values)
            except UNREADABLE:
                self.gaps += 1
            else:
                return

    def numbered(
        self, table: str, number: str, columns: Sequence[str]
    ) -> Iterator[tuple[int, list[Value]]]:
        """Every row of a table, once, with its number.

        Args:
            table: which one.
            number: the name of its integer key.
            columns: expressions that SQLite makes bytes or whole numbers of.
        """
        if not self.has(table):
            self.gaps += 1
            return
        seen: set[int] = set()
        for place, values in self._numbered(table, number, columns):
            if place not in seen:
                seen.add(place)
                yield place, values
        if len(seen) < self._count(table):
            self.gaps += 1  # an index knows of rows to which no page leads any more

    def _numbered(
        self, table: str, number: str, columns: Sequence[str]
    ) -> Iterator[tuple[int, list[Value]]]:
        # First as a whole, without bounds: a number that rotted ends no such scan too early.
        select = f"SELECT {number}, {', '.join(columns)} FROM {table}"  # noqa: S608
        reached: list[int | None] = []
        for way in ("ASC", "DESC"):
            last: int | None = None
            try:
                for last, *values in self._connection.execute(f"{select} ORDER BY {number} {way}"):
                    yield last, values
            except UNREADABLE:
                self.gaps += 1
                reached.append(last)
            else:
                return
        low, high = reached
        yield from self._between(
            f"{select} WHERE {number} BETWEEN ? AND ? ORDER BY {number}",
            1 if low is None else low + 1,
            self._highest(table, number) if high is None else high - 1,
            [self._most],
        )

    def _between(
        self, sql: str, low: int, high: int, left: list[int]
    ) -> Iterator[tuple[int, list[Value]]]:
        """The rows of these numbers; a stretch that cannot be read is halved until it can. `left`
        is how many more numbers may be unreadable: a rotten maximum would keep us for years.
        """
        if low > high or left[0] <= 0:
            return
        try:
            for number, *values in self._connection.execute(sql, (low, high)):
                yield number, values
                low = max(low, number + 1)
        except UNREADABLE:
            pass
        else:
            return
        if low >= high:
            left[0] -= 1
            return
        middle = (low + high) // 2
        yield from self._between(sql, low, middle, left)
        yield from self._between(sql, middle + 1, high, left)

    def _highest(self, table: str, number: str) -> int:
        try:
            newest = self._connection.execute(f"SELECT max({number}) FROM {table}")  # noqa: S608
            return int(newest.get or 0)
        except UNREADABLE:
            return self._most

    def _count(self, table: str) -> int:
        try:
            return int(self._connection.execute(f"SELECT count(*) FROM {table}").get)  # noqa: S608
        except UNREADABLE:
            return 0


def words(value: Value) -> str | None:
    """A text that was read as bytes; what is no UTF-8 any more is replaced."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else None
