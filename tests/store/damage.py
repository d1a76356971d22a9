"""Damage: a furnished file of conversations, ways to spoil it, and what may be missing after them.

By hand: `python -m tests.store.damage flip 1000` says what so many flipped bits cost, `page 1000`
the same of pages that are spoilt whole.
"""

import base64
import hashlib
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import apsw

from shell.contract import FilePart, NewConversation, Note, Part, Role, TextPart
from shell.errors import StorageFailed
from shell.store.database import Connection
from shell.store.messages import notes, queries, tree
from shell.store.messages.content import read_blob, take_apart
from shell.store.store import FILE, Store
from tests.store.power import memory

PAGE = 4096
FORMAT = range(60, 64)
"""Where the file says which Tidewire wrote it."""
Kind = Literal["flip", "page"]


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """A store for as long as it is asked something."""
    folder.mkdir(exist_ok=True)
    store = Store(folder)
    store.open()
    try:
        yield store
    finally:
        store.close()


def furnish(connection: Connection) -> None:
    """Conversations with branches, attachments, answers that were cut off, and notes."""
    chance = random.Random(5)  # noqa: S311
    for which in range(6):
        number = tree.create(
            connection, f"conversation-{which}", NewConversation(title=f"Title {which}"), 1
        )
        parent: int | None = None
        for place in range(16):
            text = f"{which}, message {place}: " + "words of it " * 20
            data = chance.randbytes(chance.choice([300, 3_000, 9_000]))
            parts: list[Part] = [TextPart(text=text)]
            if place % 4 == 0:
                parts.append(
                    FilePart(
                        name="a.pdf",
                        media_type="application/pdf",
                        data=base64.b64encode(data).decode(),
                    )
                )
            role: Role = "assistant" if place % 2 else "user"
            kept = take_apart(parts)
            message = tree.NewMessage(f"message-{which}-{place}", role, kept, 1_000 + place)
            above = parent if place != 8 else None
            parent = tree.add(connection, number, above, message)
        live = tree.NewMessage(
            f"live-{which}", "assistant", take_apart("It begins"), 2_000, status="streaming"
        )
        at = tree.add(connection, number, parent, live)
        for place in range(30):
            tree.append_tail(connection, at, place, f" and goes on and on, {place}", "")
        for place in range(30):
            note = Note(name=f"draft.{which}.{place}", text=f"half a sentence {place} " * 10)
            notes.put(connection, note)


@dataclass(frozen=True, slots=True)
class Held:
    """All that a file holds that must not change; every value is what a person would miss."""

    messages: dict[str, object]
    attachments: dict[str, bytes | None]
    notes: dict[str, str]

    @classmethod
    def by(cls, store: Store, wanted: Iterable[str] = ()) -> "Held":
        """Read it out of a store that is open; of the attachments, those `wanted` too."""

        def read(connection: Connection) -> Held:
            messages: dict[str, object] = {}
            hashes = set(wanted)
            for summary in queries.summaries(connection):
                number = tree.conversation(connection, summary.id)
                for row in queries.every(connection, number):
                    messages[row.id] = (row.text, row.role, row.status, summary.id)
                    hashes |= {part for part in (row.parts or "").split('"') if len(part) == 64}
            blobs = {one: read_blob(connection, one) for one in hashes}
            return Held(messages, blobs, notes.every(connection))

        return store.database.read(read).result()

    def missing(self, after: "Held") -> Counter[str]:
        """How many of each are not there any more, or not the same."""
        return Counter(
            messages=sum(key not in after.messages for key in self.messages),
            changed=sum(
                key in after.messages and after.messages[key] != value
                for key, value in self.messages.items()
            ),
            attachments=sum(
                after.attachments.get(key) != value for key, value in self.attachments.items()
            ),
            notes=sum(after.notes.get(key) != value for key, value in self.notes.items()),
        )


class Furnished:
    """A whole file and what it holds, to be spoilt in copies of it.

    Args:
        folder: where it is made, with a backup if `backed`.
    """

    def __init__(self, folder: Path, *, backed: bool) -> None:
        self.backups = folder / "backups"
        with opened(folder) as store:
            store.database.write(furnish).result()
            if backed:
                store.back_up().result()
        self.whole = (folder / FILE).read_bytes()
        with closing(apsw.Connection(str(folder / FILE))) as connection:
            self._pages = {
                page: (kind, cells, name)
                for page, kind, cells, name in connection.execute(
                    "SELECT pageno, pagetype, ncell, name FROM dbstat"
                )
            }
            roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0")
            self._roots = {1, *(root for (root,) in roots)}
        with opened(folder) as store:
            self.held = Held.by(store)

    def spoil(self, kind: Kind, chance: random.Random) -> tuple[bytes, int]:
        """A spoilt copy, and the place at which it is."""
        broken = bytearray(self.whole)
        if kind == "flip":
            place = chance.randrange(len(broken))
            broken[place] ^= 1 << chance.randrange(8)
        else:
            place = chance.randrange(1, len(broken) // PAGE) * PAGE
            broken[place : place + PAGE] = chance.choice(
                [bytes(PAGE), b"\xee" * PAGE, chance.randbytes(PAGE)]
            )
        return bytes(broken), place

    def bound(self, place: int) -> int | None:
        """How many rows may be missing when this place is spoilt: those that were there, or more
        than can be said where others are found by it.
        """
        number = place // PAGE + 1
        kind, cells, name = self._pages.get(number, ("free", 0, ""))
        if name.startswith(("words", "trigrams", "sqlite_autoindex", "messages_")):
            return 0
        if kind == "overflow":
            return 1
        if number in self._roots or kind == "internal":
            return None
        return int(cells)

    def repaired(self, broken: bytes, folder: Path) -> tuple[Held, list[str]] | None:
        """What is left of a spoilt copy, and what was said; None where a later Tidewire seems to
        have written it. It is opened twice, and there is one copy of it aside at most.
        """
        folder.mkdir()
        if self.backups.exists():
            (folder / "backups").symlink_to(self.backups)
        (folder / FILE).write_bytes(broken)
        try:
            with opened(folder) as store:
                after, said = (
                    Held.by(store, self.held.attachments),
                    [remark.text for remark in store.remarks],
                )
        except StorageFailed as error:
            if "newer Tidewire" in error.message:
                return None
            raise
        with opened(folder) as store:
            assert store.remarks == []
            assert Held.by(store, self.held.attachments) == after
        aside = list((folder / "damaged").glob(f"*/{FILE}"))
        assert [one.read_bytes() for one in aside] == [broken] * len(said)
        return after, said


def main() -> None:
    """Spoil as many copies as the argument says, with a backup and without."""
    kind: Kind = "page" if sys.argv[1] == "page" else "flip"
    times = int(sys.argv[2])
    for backed in (False, True):
        chance = random.Random(hashlib.sha256(f"{kind}{backed}".encode()).digest())  # noqa: S311
        total: Counter[str] = Counter()
        with tempfile.TemporaryDirectory(dir=memory()) as name:
            furnished = Furnished(Path(name) / "whole", backed=backed)
            for number in range(times):
                broken, place = furnished.spoil(kind, chance)
                with tempfile.TemporaryDirectory(dir=name) as folder:
                    try:
                        left = furnished.repaired(broken, Path(folder) / "spoilt")
                    except Exception as error:
                        total["failed"] += 1
                        print("FAILED", number, place, type(error).__name__, error)
                        continue
                if left is None:
                    total["newer"] += 1
                    continue
                after, said = left
                missing = furnished.held.missing(after)
                bound = furnished.bound(place)
                total["said"] += len(said)
                total["without loss"] += not missing.total()
                total["silent"] += bool(missing.total() and not said)
                if bound is not None and missing.total() > bound:
                    total["beyond"] += 1
                    print("BEYOND", number, place, bound, dict(missing), said)
                total += missing
        print(f"{times} of {kind}, backup: {backed}: {dict(total)}")


if __name__ == "__main__":
    main()
