"""Copies every readable row of a damaged database into a sound one, and builds its indexes.

The target has the rows of a backup, or none. A row with a correct checksum is newer than that of
the backup and replaces it. A row with a wrong checksum is used only if the backup has no such row.
"""

import hashlib
import json

import apsw
from pydantic import ValidationError

from shell.contract import TextPart
from shell.store.messages import steps, tree
from shell.store.messages.content import HASHES, for_page
from shell.store.messages.entries import rewritten
from shell.store.repair.damaged_reader import DamagedReader, DamagedRow
from shell.store.rows import Row, Value, insert, rows, save
from shell.store.search import index
from shell.store.tables import ENTRY_TABLES, Table, problem_with, tables
from shell.support.ids import epoch_ms, new_id

RECOVERED_TITLE = "Recovered messages"
"""The title of a conversation of which only messages could be read."""
MAX_ROWID = (1 << 63) - 1
_DEFAULTS: Row = {"role": "assistant", "status": "interrupted", "title_from": "person"}
_CONVERSATIONS, _MESSAGES = tables()["conversations"], tables()["messages"]


class Salvage:
    """Fills a target from a damaged database."""

    def __init__(self, damaged: DamagedReader, target: apsw.Connection) -> None:
        self._damaged = damaged
        self._target = target
        self._conversations: dict[int, int] = {}
        """The number in the target of each conversation, by its number in the damaged file."""
        self._messages: dict[int, int] = {}
        self._salvaged: set[int] = set()
        """The numbers in the target of the messages that were copied."""
        self._choices: list[tuple[Table, int, int]] = []
        self.doubtful_rows = 0
        """How many damaged rows were copied, or were not copied at all."""

    def run(self) -> None:
        """Copy all readable rows, as part of a writing job of the target."""
        for row in self._damaged.rows(_CONVERSATIONS):
            known = self._known(_CONVERSATIONS, row)
            self._conversations[row.rowid] = self._take(_CONVERSATIONS, known, row)
        if self._damaged.gaps == 0:  # the list of conversations was read completely
            self._drop_purged()
        for row in self._damaged.rows(_MESSAGES):
            known = self._known(_MESSAGES, row)
            conversation = self._conversation(row.values["conversation"], known)
            row.values["parent"] = self._parent(known, row.values["parent"], conversation)
            row.values["conversation"] = conversation
            number = self._take(_MESSAGES, known, row)
            self._messages[row.rowid] = number
            self._salvaged.add(number)
            if row.is_sound and row.values["status"] != "streaming":
                # The backup may have been made while the message was still being written.
                self._target.execute("DELETE FROM tails WHERE message = ?", (number,))
        self._choose()
        for row in self._damaged.rows(tables()["tails"]):
            self._take_tail(row)
        for table in ENTRY_TABLES:
            if not self._damaged.lacks(tables()[table]):  # an earlier Tidewire had none
                for row in self._damaged.rows(tables()[table]):
                    self._take_entry(table, row)
        # A decision, or the call that it is about, may be damaged.
        steps.settle_all(self._target)
        wanted = set(rows(self._target.execute(HASHES), str))
        for row in self._damaged.rows(tables()["blobs"]):
            self._take_blob(row.values, wanted)
        if not self._damaged.lacks(tables()["notes"]):  # an earlier Tidewire had none
            for row in self._damaged.rows(tables()["notes"]):
                self._take_note(row)
        index.build(self._target)

    # --- writing ----------------------------------------------------------------------------

    def _known(self, table: Table, row: DamagedRow) -> int | None:
        """Find the row in the target; returns its number there."""
        by_id = f"SELECT number FROM {table.name} WHERE id = ?"  # noqa: S608
        known: int | None = self._target.execute(by_id, (row.values["id"],)).get
        if known is None and not row.is_sound:
            # The id itself may be damaged. A backup has the row under the same number.
            by_number = f"SELECT number FROM {table.name} WHERE number = ? AND created_at = ?"  # noqa: S608
            known = self._target.execute(by_number, (row.rowid, row.values["created_at"])).get
        return known

    def _take(self, table: Table, known: int | None, row: DamagedRow) -> int:
        """Put a row into the target; returns its number there."""
        del row.values["number"]
        chosen = row.values.pop("chosen")
        if known is None or row.is_sound:
            _make_valid(table, row.values)  # no checksum covers the time of the last change
            if not row.is_sound:
                self.doubtful_rows += 1
                _drop_damaged(row.values)
            known = save(self._target, table.name, row.values, known)
        if isinstance(chosen, int):
            self._choices.append((table, known, chosen))
        return known

    def _conversation(self, number: Value, known: int | None) -> int:
        """Find the conversation of a message, by its number in the damaged file.

        If it cannot be read, use the message's conversation in the backup, or create a new one.
        """
        key = number if isinstance(number, int) else 0
        if key not in self._conversations and known is not None:
            sql = "SELECT conversation FROM messages WHERE number = ?"
            self._conversations[key] = self._target.execute(sql, (known,)).get
        if key not in self._conversations:
            now = epoch_ms()
            values: Row = {"id": new_id(), "title": RECOVERED_TITLE, "title_from": "person"}
            values |= {"created_at": now, "updated_at": now}
            self._conversations[key] = save(self._target, "conversations", values)
        return self._conversations[key]

    def _parent(self, known: int | None, parent: Value, conversation: int) -> int | None:
        """Find the parent of a message, by its number in the damaged file.

        If the parent cannot be read, the backup may have it under the same number, unless a copied
        message took that number. Otherwise the message before it becomes the parent. A parent is
        always an earlier message of the target, so messages cannot form a circle.

        Args:
            known: the number of the message in the target; None if it is not there yet.
            parent: the number of the parent in the damaged file.
            conversation: the number of the conversation in the target.
        """
        if parent is None:
            return None
        end = MAX_ROWID if known is None else known
        if isinstance(parent, int) and (parent in self._messages or parent not in self._salvaged):
            candidate: int | None = self._target.execute(
                "SELECT number FROM messages WHERE number = ? AND number < ? AND conversation = ?",
                (self._messages.get(parent, parent), end, conversation),
            ).get
            if candidate is not None:
                return candidate
        before = "SELECT max(number) FROM messages WHERE conversation = ? AND number < ?"
        latest: int | None = self._target.execute(before, (conversation, end)).get
        return latest

    def _drop_purged(self) -> None:
        """Delete the conversations that only the backup has: they were purged after the backup."""
        salvaged = set(self._conversations.values())
        for number in rows(self._target.execute("SELECT number FROM conversations"), int):
            if number not in salvaged:
                tree.remove(self._target, number)

    def _choose(self) -> None:
        for table, number, chosen in self._choices:
            child = self._messages.get(chosen)
            at = "conversation = ? AND parent IS NULL" if table is _CONVERSATIONS else "parent = ?"
            self._target.execute(
                f"UPDATE {table.name} SET chosen = "  # noqa: S608
                f"(SELECT number FROM messages WHERE number = ? AND {at}) WHERE number = ?",
                (child, number, number),
            )

    def _take_tail(self, row: DamagedRow) -> None:
        message = row.values["message"]
        if isinstance(message, int) and message in self._messages:
            self.doubtful_rows += not row.is_sound
            _make_valid(tables()["tails"], row.values)
            row.values["message"] = self._messages[message]
            insert(self._target, "tails", row.values, "OR REPLACE")

    def _take_entry(self, table: str, row: DamagedRow) -> None:
        message = row.values["message"]
        if isinstance(message, int) and message in self._messages:
            try:
                row.values["entry"] = rewritten(table, str(row.values["entry"]))
                is_readable = _is_valid(tables()[table], row.values)
            except ValidationError:
                is_readable = False
            self.doubtful_rows += not (row.is_sound and is_readable)
            if not is_readable:
                return
            row.values["message"] = self._messages[message]
            insert(self._target, table, row.values, "OR REPLACE")

    def _take_blob(self, values: Row, wanted: set[str]) -> None:
        data = values["data"]
        # The content identifies the attachment, because its name may be damaged.
        blob_hash = hashlib.sha256(data).hexdigest() if isinstance(data, bytes) else None
        if blob_hash is None or (blob_hash not in wanted and blob_hash != values["hash"]):
            self.doubtful_rows += 1
        else:
            insert(self._target, "blobs", {"hash": blob_hash, "data": data}, "OR REPLACE")

    def _take_note(self, row: DamagedRow) -> None:
        self.doubtful_rows += not row.is_sound
        if isinstance(row.values["name"], str) and isinstance(row.values["text"], str):
            _make_valid(tables()["notes"], row.values)
            on_conflict = "OR REPLACE" if row.is_sound else "OR IGNORE"
            insert(self._target, "notes", row.values, on_conflict)
        elif row.is_sound:
            self.doubtful_rows += 1


def _is_valid(table: Table, values: Row) -> bool:
    return all(problem_with(column, values[column.name]) is None for column in table.columns)


def _make_valid(table: Table, values: Row) -> None:
    """Replace values that the tables, or the readers of a row, would refuse."""
    for column in table.columns:
        name = column.name
        if name not in values or problem_with(column, values[name]) is None:
            continue
        if name == "id":
            values[name] = new_id()
        elif column.is_required:
            values[name] = _DEFAULTS.get(name, "" if column.type == "TEXT" else 0)
        else:
            values[name] = None


def _drop_damaged(values: Row) -> None:
    """Remove values of a row with a wrong checksum that may do harm."""
    # A damaged date must not cause the purge of a conversation.
    if "deleted_at" in values:
        values["deleted_at"] = None
    # Damaged JSON would fail every reader. The text of the message is in `text` as well.
    if "parts" in values:
        values["parts"] = _parts(values["parts"])
        values["detail"] = None


def _parts(text: Value) -> str | None:
    """Return the parts if every reader can read them, or None. Only parts name attachments."""
    if not isinstance(text, str):
        return None
    try:
        for part in for_page("", text):
            if isinstance(part, TextPart):
                part.text.encode()
        return json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
