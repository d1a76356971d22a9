"""Power cuts: a day's work on a simulated disk, cut at any moment, and what must be left of it."""

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
"""Small, so that the log of writes is often copied into the file while the power goes."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What was acknowledged when the disk had seen so many steps."""

    steps: int
    message_id: str
    text: str


@dataclass(slots=True)
class Outcome:
    """What became of so many cuts."""

    cuts: int = 0
    lost: int = 0
    """Acknowledged messages that were not there, or not whole."""
    corrupt: int = 0
    promises: int = 0
    notes: list[str] = field(default_factory=list)


class Work:
    """Questions, streamed answers, edits, titles: each remembered once it was acknowledged."""

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
        """Do so many things and stop in the middle of it all, as a process does."""
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
            asked = tree.NewMessage(ids[0], "user", take_apart(text), 1)
            user = tree.add(connection, number, parent, asked)
            answer = tree.NewMessage(
                ids[1], "assistant", take_apart(""), 1, "streaming", "echo", "echo", "inf-1"
            )
            return tree.add(connection, number, user, answer)

        answer = self._database.write(write).result()
        self._promise(ids[0], text)
        self._promise(ids[1], "")
        self._live[ids[1]] = (answer, "")

    def _stream(self) -> None:
        """One commit for every answer that streams, as the recorder makes it."""
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
        asked = [promise for promise in self.promises if promise.text]
        if not asked:
            return
        old, edited, text = self._chance.choice(asked).message_id, new_id(), self._words()

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
    """A directory in memory, where there is one: what is flushed there costs nothing."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def cut_often(folder: Path, cuts: int, seed: int, *, synchronous: str = "full") -> Outcome:
    """Work for a while, cut the power at `cuts` moments of it, and look at what is left."""
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
    """Open what is left as the program does, and look for everything that was promised."""
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
