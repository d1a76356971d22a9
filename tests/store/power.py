"""Power cuts at any moment of work on a simulated disk, and what they must leave."""

import itertools
import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from shell.contract import NewConversation
from shell.store.database import Connection, Database
from shell.store.messages import queries, tree
from shell.store.messages.content import take_apart
from shell.store.store import FILE, Store
from shell.support.ids import new_id
from tests.store.disk import Disk, cut

_number = itertools.count()
CHECKPOINT_PAGES = 20
"""Small, so that many power cuts come while SQLite copies the write-ahead log into the file."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A message, and the number of steps on the disk when it was acknowledged."""

    steps: int
    message_id: str
    text: str


@dataclass(slots=True)
class Outcome:
    """The results of a number of power cuts."""

    cuts: int = 0
    lost: int = 0
    """Acknowledged messages that were missing or incomplete."""
    corrupt: int = 0
    promises: int = 0
    notes: list[str] = field(default_factory=list)


class Work:
    """Questions, streamed answers, edits and titles. Each is a promise once it is acknowledged."""

    def __init__(self, folder: Path, chance: random.Random, *, synchronous: str = "full") -> None:
        self.disk = Disk(f"disk-{next(_number)}")
        self.promises: list[Promise] = []
        self._chance = chance
        self._database = Database(folder / FILE, vfs=self.disk.name)
        self._database.open()
        self._pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        self._pragma("synchronous", synchronous)
        self._conversations: list[str] = []
        self._live: dict[str, tuple[int, str]] = {}

    def run(self, count: int) -> None:
        """Do `count` random acts, and stop while answers are running, as a killed process does."""
        self._create()
        for _ in range(count):
            act = self._chance.choices(
                [self._create, self._ask, self._stream, self._end, self._edit, self._rename],
                [1, 4, 10, 3, 2, 1],
            )[0]
            act()
        self._database.close()

    def _pragma(self, name: str, value: int | str) -> None:
        self._database._writer.run(lambda connection: connection.pragma(name, value)).result()

    def _promise(self, message_id: str, text: str) -> None:
        self.promises.append(Promise(len(self.disk.steps), message_id, text))

    def _words(self) -> str:
        return " ".join(self._chance.choices(["tide", "wire", "北京", "shell", "log"], k=40))

    def _create(self) -> None:
        conversation_id = new_id()
        self._database.write(
            lambda c: tree.create(c, conversation_id, NewConversation(title="A title"), 1)
        ).result()
        self._conversations.append(conversation_id)

    def _ask(self, parent_of: str | None = None) -> None:
        conversation_id = self._chance.choice(self._conversations)
        ids, text = (new_id(), new_id()), self._words()

        def write(connection: Connection) -> int:
            number = tree.conversation(connection, conversation_id)
            parent = queries.leaf(connection, number)
            question = tree.NewMessage(ids[0], "user", take_apart(text), 1)
            user = tree.add(connection, number, parent, question)
            answer = tree.NewMessage(
                ids[1], "assistant", take_apart(""), 1, "streaming", "echo", "echo", "inf-1"
            )
            return tree.add(connection, number, user, answer)

        answer = self._database.write(write).result()
        self._promise(ids[0], text)
        self._promise(ids[1], "")
        self._live[ids[1]] = (answer, "")

    def _stream(self) -> None:
        """Append to every running answer in one commit, as the recorder does."""
        grown = {key: (n, text + self._words()) for key, (n, text) in self._live.items()}

        def write(connection: Connection) -> None:
            for key, (number, text) in grown.items():
                before = self._live[key][1]
                tree.append_tail(connection, number, len(before), text[len(before) :], "")

        self._database.write(write).result()
        self._live = grown
        for key, (_, text) in grown.items():
            self._promise(key, text)

    def _end(self) -> None:
        if self._live:
            key = self._chance.choice(list(self._live))
            number, text = self._live.pop(key)
            self._database.write(lambda c: tree.end(c, number, "complete", None, 2)).result()
            self._promise(key, text)

    def _edit(self) -> None:
        editable = [promise for promise in self.promises if promise.text]
        if not editable:
            return
        old, edited, text = self._chance.choice(editable).message_id, new_id(), self._words()

        def write(connection: Connection) -> None:
            row = queries.row_of(connection, old)
            new = tree.NewMessage(edited, row.role, take_apart(text), 1)
            tree.add(connection, row.conversation, row.parent, new)

        self._database.write(write).result()
        self._promise(edited, text)

    def _rename(self) -> None:
        conversation_id, title = self._chance.choice(self._conversations), self._words()[:50]

        def write(connection: Connection) -> None:
            number = tree.conversation(connection, conversation_id)
            tree.set_title(connection, number, title, "person")

        self._database.write(write).result()


def memory() -> str | None:
    """Return a directory in memory if there is one. A flush costs nothing there."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def cut_often(folder: Path, cuts: int, seed: int, *, synchronous: str = "full") -> Outcome:
    """Work for a while, then check what a power cut leaves at `cuts` random moments of it."""
    chance = random.Random(seed)  # noqa: S311 - has to come out the same again
    outcome = Outcome()
    at_work = folder / "work"
    at_work.mkdir(parents=True)
    work = Work(at_work, chance, synchronous=synchronous)
    work.run(60)
    for _ in range(cuts):
        steps = chance.randrange(1, len(work.disk.steps))
        left = folder / "left"
        left.mkdir()
        cut(work.disk.steps[:steps], chance, left)
        outcome.cuts += 1
        _judge(left, [p for p in work.promises if p.steps <= steps], outcome)
        shutil.rmtree(left)
    shutil.rmtree(at_work)
    return outcome


def _judge(left: Path, promises: list[Promise], outcome: Outcome) -> None:
    """Open the remaining files as the program does, and check that every promise was kept."""
    store = Store(left)
    store.open()
    try:
        if store.remarks:
            outcome.corrupt += 1
            outcome.notes += [remark.text for remark in store.remarks]
        found = store.database.read(_texts).result()
    finally:
        store.close()
    newest = {promise.message_id: promise for promise in promises}
    for promise in newest.values():
        outcome.promises += 1
        if not found.get(promise.message_id, "\0").startswith(promise.text):
            outcome.lost += 1


def _texts(connection: apsw.Connection) -> dict[str, str]:
    return {
        str(key): str(text) for key, text in connection.execute("SELECT id, text FROM messages")
    }
