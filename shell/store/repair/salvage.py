"""Salvage: takes over from a damaged database every row that can still be read.

The target holds what a backup had, or nothing. A row that is sound by its checksum is newer than
the backup's and wins; one that is not counts only where there is no other.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import NamedTuple, get_args

import apsw

from shell.contract import MessageStatus, Role, TextPart
from shell.store.checksum import SEAL_CONVERSATION, SEAL_MESSAGE, SOUND_CONVERSATION, SOUND_MESSAGE
from shell.store.messages.content import for_page
from shell.store.repair.damaged_reader import DamagedReader, words
from shell.store.rows import rows
from shell.support.ids import epoch_ms, new_id

LOST = "Recovered messages"
"""The title of a conversation of which nothing else is left."""
LATEST = (1 << 63) - 1
"""Above the number of every message."""
HASHES = """
    SELECT DISTINCT json_extract(part.value, '$.hash')
    FROM messages, json_each(messages.parts) part
    WHERE messages.parts IS NOT NULL AND json_extract(part.value, '$.hash') IS NOT NULL
"""
"""The attachments that messages have."""

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


class Salvage:
    """One salvage; what became of it is in `gaps` and `doubtful`.

    Args:
        damaged: where rows are read.
        target: where they are written.
    """

    def __init__(self, damaged: DamagedReader, target: apsw.Connection) -> None:
        self._damaged = damaged
        self._target = target
        self._conversations: dict[int, int] = {}
        self._messages: dict[int, int] = {}
        self._taken: set[int] = set()
        self._chosen: list[tuple[_Table, int, int]] = []
        self.doubtful = 0
        """Rows that were taken over although their checksum is wrong, or not at all."""

    @property
    def gaps(self) -> int:
        """Stretches that could not be read."""
        return self._damaged.gaps

    def run(self) -> None:
        """Take over what can be read; part of a writing job of the target. Builds no index."""
        for number, sound, values in self._readable(_CONVERSATIONS):
            known = self._known(_CONVERSATIONS, number, sound, values)
            self._conversations[number] = self._take(_CONVERSATIONS, known, sound, values)
        if self.gaps == 0:
            self._drop_purged()
        for number, sound, values in self._readable(_MESSAGES):
            known = self._known(_MESSAGES, number, sound, values)
            place = self._conversation(values["conversation"], known)
            values["parent"] = self._parent(known, values["parent"], place)
            values["conversation"] = place
            taken = self._take(_MESSAGES, known, sound, values)
            self._messages[number] = taken
            self._taken.add(taken)
            if sound and values["status"] != "streaming":
                # The backup may be of a moment at which it was still being written.
                self._target.execute("DELETE FROM tails WHERE message = ?", (taken,))
        self._choose()
        self._take_tails()
        self._take_blobs()
        self._take_notes()

    def _readable(self, table: _Table) -> Iterator[tuple[int, bool, Values]]:
        columns = [table.sound, *(f"CAST({name} AS BLOB)" for name in table.texts)]
        columns += [f"CAST({name} AS INTEGER)" for name in ("chosen", *table.numbers)]
        names = (*table.texts, "chosen", *table.numbers)
        for number, (sound, *rest) in self._damaged.numbered(table.name, "number", columns):
            values: Values = {}
            for name, value in zip(names, rest, strict=True):
                values[name] = words(value) if isinstance(value, bytes) else value
            yield number, bool(sound), values

    # --- writing ----------------------------------------------------------------------------

    def _known(self, table: _Table, number: int, sound: bool, values: Values) -> int | None:
        """The number in the target of a row that is there already."""
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
        return known

    def _take(self, table: _Table, known: int | None, sound: bool, values: Values) -> int:
        """Put a row into the target; returns its number there."""
        chosen = values.pop("chosen")
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

    def _conversation(self, number: str | int | None, known: int | None) -> int:
        """The conversation of a message that the target knows by this number, or does not know;
        when its own cannot be read, the one that the backup has it in, else one for the lost.
        """
        key = number if isinstance(number, int) else 0
        if key not in self._conversations and known is not None:
            self._conversations[key] = self._target.execute(
                "SELECT conversation FROM messages WHERE number = ?", (known,)
            ).get
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

    def _parent(self, known: int | None, parent: str | int | None, conversation: int) -> int | None:
        """The parent of the message that the target knows by this number, or does not know yet.
        One that cannot be read may be in the backup, under the same number, if that is not another
        one's there; else it is whatever was said before. A message never hangs on a later one of
        the target: the tree would have a circle that nobody reaches.
        """
        if parent is None:
            return None
        end = LATEST if known is None else known
        if isinstance(parent, int) and (parent in self._messages or parent not in self._taken):
            there: int | None = self._target.execute(
                "SELECT number FROM messages WHERE number = ? AND number < ? AND conversation = ?",
                (self._messages.get(parent, parent), end, conversation),
            ).get
            if there is not None:
                return there
        before: int | None = self._target.execute(
            "SELECT max(number) FROM messages WHERE conversation = ? AND number < ?",
            (conversation, end),
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
        columns = ("CAST(message AS INTEGER)", "CAST(place AS INTEGER)")
        texts = ("CAST(text AS BLOB)", "CAST(reasoning AS BLOB)")
        for message, place, text, reasoning in self._damaged.ends(
            "tails", (*columns, *texts), ("message", "place")
        ):
            if isinstance(message, int) and message in self._messages:
                self._target.execute(
                    "INSERT OR REPLACE INTO tails VALUES (?, ?, ?, ?)",
                    (
                        self._messages[message],
                        place or 0,
                        words(text) or "",
                        words(reasoning) or "",
                    ),
                )

    def _take_blobs(self) -> None:
        wanted = set(rows(self._target.execute(HASHES), str))
        columns = ("CAST(hash AS BLOB)", "CAST(data AS BLOB)")
        for _, (name, data) in self._damaged.numbered("blobs", "rowid", columns):
            if not isinstance(data, bytes):
                self.doubtful += 1
                continue
            # What they are is said by themselves; it may be their name that rotted.
            found = hashlib.sha256(data).hexdigest()
            if found in wanted or found == words(name):
                self._target.execute(
                    "INSERT INTO blobs VALUES (?, ?) ON CONFLICT (hash) "
                    "DO UPDATE SET data = excluded.data WHERE data IS NOT excluded.data",
                    (found, data),
                )
            else:
                self.doubtful += 1

    def _take_notes(self) -> None:
        if not self._damaged.knows("notes"):
            return  # an earlier Tidewire had none
        columns = ("CAST(name AS BLOB)", "CAST(text AS BLOB)", "CAST(changed_at AS INTEGER)")
        for name, text, changed_at in self._damaged.ends("notes", columns, ("name",)):
            if not isinstance(name, bytes) or not isinstance(text, bytes):
                self.doubtful += 1
                continue
            exact = _is_utf8(name) and _is_utf8(text)
            self.doubtful += not exact
            way = "REPLACE" if exact else "IGNORE"
            self._target.execute(
                f"INSERT OR {way} INTO notes VALUES (?, ?, ?)",  # noqa: S608
                (words(name), words(text), changed_at or 0),
            )


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
    # What was deleted goes for good one day: a date that rotted takes nothing with it.
    if "deleted_at" in values:
        values["deleted_at"] = None
    # JSON that cannot be trusted would fail every reader; the words are in `text` as well.
    if "parts" in values:
        values["parts"] = _parts(values["parts"])
        values["detail"] = None


def _parts(text: str | int | None) -> str | None:
    """Parts that every reader can read, for their attachments are nowhere else; otherwise none."""
    if not isinstance(text, str):
        return None
    try:
        for part in for_page("", text):
            if isinstance(part, TextPart):
                part.text.encode()
        return json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
