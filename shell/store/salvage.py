"""Salvage: takes over from a damaged database every row that can still be read.

The target holds what a backup had, or nothing. A row that is sound by its checksum is newer than
the backup's and wins; one that is not counts only where there is no other.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple, get_args

import apsw

from shell.contract import MessageStatus, Role
from shell.ids import epoch_ms, new_id
from shell.store.rows import rows
from shell.store.seal import SEAL_CONVERSATION, SEAL_MESSAGE, SOUND_CONVERSATION, SOUND_MESSAGE

HIGHEST = 1 << 20
"""Numbers are looked for up to here when even their maximum cannot be read."""
LOST = "Recovered messages"
"""The title of a conversation of which nothing else is left."""

_UNREADABLE = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, apsw.IOError, apsw.SQLError)
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
Values = dict[str, str | int | None]


class _Table(NamedTuple):
    name: str
    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    sound: str
    seal: str


_CONVERSATIONS = _Table(
    "conversations",
    ("id", "title", "title_from", "system_prompt", "folder"),
    ("pinned", "created_at", "updated_at", "deleted_at"),
    SOUND_CONVERSATION,
    SEAL_CONVERSATION,
)
_MESSAGES = _Table(
    "messages",
    (
        "id",
        "role",
        "status",
        "provider_id",
        "model_id",
        "inference_id",
        "text",
        "reasoning",
        "parts",
        "detail",
    ),
    ("conversation", "parent", "created_at"),
    SOUND_MESSAGE,
    SEAL_MESSAGE,
)


class _Tail(NamedTuple):
    message: int
    place: int
    text: bytes | None
    reasoning: bytes | None


class _Note(NamedTuple):
    name: str
    text: str
    changed_at: int


class _Blob(NamedTuple):
    hash: str
    data: bytes


class Salvage:
    """One salvage; what became of it is in `gaps` and `doubtful`.

    Args:
        damaged: where rows are read.
        target: where they are written.
        most: how many rows a table can have at most, for one whose end cannot be read.
    """

    def __init__(self, damaged: apsw.Connection, target: apsw.Connection, most: int) -> None:
        self._damaged = damaged
        self._target = target
        self._conversations: dict[int, int] = {}
        self._messages: dict[int, int] = {}
        self._chosen: list[tuple[_Table, int, int]] = []
        self._most = most
        self.gaps = 0
        """Stretches that could not be read."""
        self.doubtful = 0
        """Rows that were taken over although their checksum is wrong."""

    def run(self) -> None:
        """Take over what can be read; part of a writing job of the target. Builds no index."""
        for number, sound, values in self._readable(_CONVERSATIONS):
            self._conversations[number] = self._take(_CONVERSATIONS, number, sound, values)
        if self.gaps == 0:
            self._drop_purged()
        for number, sound, values in self._readable(_MESSAGES):
            conversation, parent = values["conversation"], values["parent"]
            place = self._conversation(conversation)
            values["conversation"] = place
            values["parent"] = self._parent(number, parent, place)
            self._messages[number] = self._take(_MESSAGES, number, sound, values)
        self._choose()
        self._take_tails()
        self._take_blobs()
        self._take_notes()

    # --- reading ----------------------------------------------------------------------------

    def _readable(self, table: _Table) -> Iterator[tuple[int, bool, Values]]:
        try:
            self._damaged.execute(f"SELECT number FROM {table.name} LIMIT 0")  # noqa: S608
        except _UNREADABLE:
            self.gaps += 1
            return
        try:
            newest = self._damaged.execute(f"SELECT max(number) FROM {table.name}")  # noqa: S608
            highest = int(newest.get or 0)
        except _UNREADABLE:
            highest = min(HIGHEST, self._most)
        yield from self._range(table, 1, highest)

    def _range(self, table: _Table, low: int, high: int) -> Iterator[tuple[int, bool, Values]]:
        """The rows of these numbers; a stretch that cannot be read is halved until it can."""
        if low > high:
            return
        columns = [f"CAST({name} AS BLOB)" for name in table.texts]
        columns += [f"CAST({name} AS INTEGER)" for name in ("chosen", *table.numbers)]
        sql = f"""
            SELECT number, {table.sound}, {", ".join(columns)} FROM {table.name}
            WHERE number BETWEEN ? AND ? ORDER BY number
        """  # noqa: S608 - names of our own
        try:
            found = self._damaged.execute(sql, (low, high)).fetchall()
        except _UNREADABLE:
            if low == high:
                self.gaps += 1
                return
            middle = (low + high) // 2
            yield from self._range(table, low, middle)
            yield from self._range(table, middle + 1, high)
            return
        names = (*table.texts, "chosen", *table.numbers)
        for number, sound, *rest in found:
            values: Values = {}
            for name, value in zip(names, rest, strict=True):
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                values[name] = int(text) if isinstance(text, float) else text
            if isinstance(number, int):
                yield number, bool(sound), values

    # --- writing ----------------------------------------------------------------------------

    def _take(self, table: _Table, number: int, sound: bool, values: Values) -> int:
        """Put a row into the target; returns its number there."""
        chosen = values.pop("chosen")
        known: int | None = self._target.execute(
            f"SELECT number FROM {table.name} WHERE id = ?",  # noqa: S608
            (values["id"],),
        ).get
        if known is None and not sound:
            # Its id may be what is wrong with it; a backup has it under the same number.
            known = self._target.execute(
                f"SELECT number FROM {table.name} WHERE number = ? AND created_at = ?",  # noqa: S608
                (number, values["created_at"]),
            ).get
        if known is None or sound:
            if not sound:
                self.doubtful += 1
                _mend(values)
            known = self._write(table, known, values)
        if isinstance(chosen, int):
            self._chosen.append((table, known, chosen))
        return known

    def _write(self, table: _Table, known: int | None, values: Values) -> int:
        names, places = ", ".join(values), ", ".join("?" * len(values))
        if known is None:
            sql = f"INSERT INTO {table.name} ({names}, digest) VALUES ({places}, 0)"  # noqa: S608
            self._target.execute(sql, tuple(values.values()))
            known = self._target.last_insert_rowid()
        else:
            sql = f"UPDATE {table.name} SET ({names}) = ({places}) WHERE number = ?"  # noqa: S608
            self._target.execute(sql, (*values.values(), known))
        self._target.execute(table.seal, (known,))
        return known

    def _conversation(self, number: str | int | None) -> int:
        """The conversation of a message; one for the lost when its own cannot be read."""
        key = number if isinstance(number, int) else 0
        if key not in self._conversations:
            now = epoch_ms()
            self._conversations[key] = self._write(
                _CONVERSATIONS,
                None,
                {
                    "id": new_id(),
                    "title": LOST,
                    "title_from": "person",
                    "created_at": now,
                    "updated_at": now,
                },
            )
        return self._conversations[key]

    def _parent(self, number: int, parent: str | int | None, conversation: int) -> int | None:
        """The parent of the message of this number. One that cannot be read may be in the backup,
        under the same number; else it is whatever was said before. A message never hangs on a later
        one: the tree would have a circle that nobody reaches.
        """
        if parent is None:
            return None
        if isinstance(parent, int) and parent < number:
            there: int | None = self._target.execute(
                "SELECT number FROM messages WHERE number = ? AND conversation = ?",
                (self._messages.get(parent, parent), conversation),
            ).get
            if there is not None:
                return there
        before: int | None = self._target.execute(
            "SELECT max(number) FROM messages WHERE conversation = ? AND number < ?",
            (conversation, number),
        ).get
        return before

    def _drop_purged(self) -> None:
        """What only the backup knows was purged since, for the damaged list is whole."""
        kept = set(self._conversations.values())
        for number in rows(self._target.execute("SELECT number FROM conversations"), int):
            if number not in kept:
                self._target.execute("DELETE FROM conversations WHERE number = ?", (number,))

    def _choose(self) -> None:
        for table, number, chosen in self._chosen:
            child = self._messages.get(chosen)
            at = "conversation = ? AND parent IS NULL" if table is _CONVERSATIONS else "parent = ?"
            self._target.execute(
                f"UPDATE {table.name} SET chosen = "  # noqa: S608
                f"(SELECT number FROM messages WHERE number = ? AND {at}) WHERE number = ?",
                (child, number, number),
            )

    def _take_tails(self) -> None:
        try:
            tails = rows(
                self._damaged.execute(
                    "SELECT message, place, CAST(text AS BLOB), CAST(reasoning AS BLOB) FROM tails"
                ),
                _Tail,
            )
        except _UNREADABLE:
            self.gaps += 1
            return
        for tail in tails:
            if tail.message in self._messages:
                self._target.execute(
                    "INSERT OR REPLACE INTO tails VALUES (?, ?, ?, ?)",
                    (
                        self._messages[tail.message],
                        tail.place,
                        (tail.text or b"").decode("utf-8", "replace"),
                        (tail.reasoning or b"").decode("utf-8", "replace"),
                    ),
                )

    def _take_blobs(self) -> None:
        try:
            cursor = self._damaged.execute("SELECT hash, data FROM blobs")
            for blob in rows(cursor, _Blob):
                if hashlib.sha256(blob.data).hexdigest() == blob.hash:
                    self._target.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", blob)
        except _UNREADABLE:
            self.gaps += 1

    def _take_notes(self) -> None:
        try:
            if (
                self._damaged.execute("SELECT 1 FROM sqlite_schema WHERE name = 'notes'").get
                is None
            ):
                return  # an earlier Tidewire had none
            for note in rows(self._damaged.execute("SELECT * FROM notes"), _Note):
                self._target.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", note)
        except (*_UNREADABLE, apsw.ConstraintError, UnicodeDecodeError):
            self.gaps += 1


def _mend(values: Values) -> None:
    """Make a row that is not what was written one that the tables take."""
    if not isinstance(values["id"], str) or not _ID.fullmatch(values["id"]):
        values["id"] = new_id()
    for name, allowed, otherwise in (
        ("role", get_args(Role), "assistant"),
        ("status", get_args(MessageStatus), "interrupted"),
        ("title_from", ("words", "model", "person"), "person"),
    ):
        if name in values and values[name] not in allowed:
            values[name] = otherwise
    for name in ("title", "text", "reasoning"):
        if name in values:
            values[name] = values[name] or ""
    for name in ("created_at", "updated_at", "pinned"):
        if name in values:
            values[name] = values[name] or 0
    # JSON that cannot be trusted would fail every reader; the words are in `text` as well.
    for name in ("parts", "detail"):
        if name in values:
            values[name] = None
