"""A file with conversations, ways to damage it, and what may be missing after a repair.

`python -m tests.store.damage flip 1000` prints what is missing after a flipped bit in each of 1000
copies of the file. `page 1000` overwrites a whole page instead.
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
"""The bytes of the file with the number of its format (SQLite's user version)."""
Kind = Literal["flip", "page"]


@contextmanager
def open_store(folder: Path) -> Iterator[Store]:
    """Open a store, and close it when the context ends."""
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
    for index in range(6):
        number = tree.create(
            connection, f"conversation-{index}", NewConversation(title=f"Title {index}"), 1
        )
        parent: int | None = None
        for place in range(16):
            text = f"{index}, message {place}: " + "words of it " * 20
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
            content = take_apart(parts)
            message = tree.NewMessage(f"message-{index}-{place}", role, content, 1_000 + place)
            above = parent if place != 8 else None
            parent = tree.add(connection, number, above, message)
        live = tree.NewMessage(
            f"live-{index}", "assistant", take_apart("It begins"), 2_000, status="streaming"
        )
        at = tree.add(connection, number, parent, live)
        for place in range(30):
            tree.append_tail(connection, at, place, f" and goes on and on, {place}", "")
        for place in range(30):
            note = Note(name=f"draft.{index}.{place}", text=f"half a sentence {place} " * 10)
            notes.put(connection, note)


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything in a file that must survive: what a person would miss."""

    messages: dict[str, object]
    attachments: dict[str, bytes | None]
    notes: dict[str, str]

    @classmethod
    def of(cls, store: Store, wanted: Iterable[str] = ()) -> "Contents":
        """Read the contents of an open store, including the attachments with `wanted` hashes."""

        def read(connection: Connection) -> Contents:
            messages: dict[str, object] = {}
            hashes = set(wanted)
            for summary in queries.summaries(connection):
                number = tree.conversation(connection, summary.id)
                for row in queries.every(connection, number):
                    messages[row.id] = (row.text, row.role, row.status, summary.id)
                    hashes |= {part for part in (row.parts or "").split('"') if len(part) == 64}
            blobs = {blob_hash: read_blob(connection, blob_hash) for blob_hash in hashes}
            return Contents(messages, blobs, notes.every(connection))

        return store.database.read(read).result()

    def missing(self, after: "Contents") -> Counter[str]:
        """Count the values of each kind that are missing in `after`, or differ there."""
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
    """A sound file and its contents, for tests that damage copies of it.

    Args:
        folder: where the file is made, with a backup if `backed`.
    """

    def __init__(self, folder: Path, *, backed: bool) -> None:
        self.backups = folder / "backups"
        with open_store(folder) as store:
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
        with open_store(folder) as store:
            self.contents = Contents.of(store)

    def spoil(self, kind: Kind, chance: random.Random) -> tuple[bytes, int]:
        """Return a damaged copy, and the offset of the damage."""
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
        """Return how many rows may be missing after damage at this offset: the rows of its page.

        None means any number, for pages through which SQLite finds others.
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

    def repair(self, broken: bytes, folder: Path) -> tuple[Contents, list[str]] | None:
        """Repair a damaged copy; return its contents and the remarks of the repair.

        Returns None if the damage makes the file look as if a newer Tidewire had written it. The
        store is opened twice. The second time must find it sound, and at most one copy of the
        damaged file may be kept aside.
        """
        folder.mkdir()
        if self.backups.exists():
            (folder / "backups").symlink_to(self.backups)
        (folder / FILE).write_bytes(broken)
        try:
            with open_store(folder) as store:
                after, remarks = (
                    Contents.of(store, self.contents.attachments),
                    [remark.text for remark in store.remarks],
                )
        except StorageFailed as error:
            if "newer Tidewire" in error.message:
                return None
            raise
        with open_store(folder) as store:
            assert store.remarks == []
            assert Contents.of(store, self.contents.attachments) == after
        aside = list((folder / "damaged").glob(f"*/{FILE}"))
        assert [copy.read_bytes() for copy in aside] == [broken] * len(remarks)
        return after, remarks


def main() -> None:
    """Damage as many copies as the second argument says, with a backup and without."""
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
                        left = furnished.repair(broken, Path(folder) / "spoilt")
                    except Exception as error:
                        total["failed"] += 1
                        print("FAILED", number, place, type(error).__name__, error)
                        continue
                if left is None:
                    total["newer"] += 1
                    continue
                after, remarks = left
                missing = furnished.contents.missing(after)
                bound = furnished.bound(place)
                total["said"] += len(remarks)
                total["without loss"] += not missing.total()
                total["silent"] += bool(missing.total() and not remarks)
                if bound is not None and missing.total() > bound:
                    total["beyond"] += 1
                    print("BEYOND", number, place, bound, dict(missing), remarks)
                total += missing
        print(f"{times} of {kind}, backup: {backed}: {dict(total)}")


if __name__ == "__main__":
    main()
