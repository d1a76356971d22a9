"""Restoring a stranger's file: it is refused with a sentence, and our own files do not change."""

import asyncio
import hashlib
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from shell.contract import FilePart, NewConversation, Note
from shell.errors import NotFound, ShellError, StorageUnavailable
from shell.store import checksum, schema
from shell.store.backup import bundle, restore
from shell.store.backup.restore import copy_rows
from shell.store.database import Connection
from shell.store.errors import DatabaseDamaged
from shell.store.messages import entries, notes, tree
from shell.store.messages.content import take_apart
from shell.store.tables import ENTRY_TABLES
from shell.support.ids import derived_id
from tests.store.damage import open_store
from tests.store.desk import Desk
from tests.store.entries import COMPACTION, TEMPLATE
from tests.store.hostile_backups import (
    OBJECTS,
    REPEATED,
    TREES,
    VALUES,
    Spoil,
    with_checksums,
    write_in_utf16,
    write_spoilt,
)

pytestmark = pytest.mark.anyio
TIMEOUT_S = 60.0
PDF = "JVBERi0xLjc="
UNDONE = COMPACTION.model_copy(update={"undone": True})


def fill(connection: Connection) -> None:
    """Two conversations of a question and an answer, an attachment, a note."""
    for index in (1, 2):
        number = tree.create(connection, f"c{index}", NewConversation(title="from elsewhere"), 1)
        content = [FilePart(name="a.pdf", media_type="application/pdf", data=PDF)]
        question_content = take_apart(content if index == 2 else "a question")
        question = tree.add(
            connection, number, None, tree.NewMessage(f"q{index}", "user", question_content, 2)
        )
        answer = tree.NewMessage(f"a{index}", "assistant", take_apart("an answer"), 3)
        entries.put(connection, question, TEMPLATE)
        entries.put(connection, tree.add(connection, number, question, answer), UNDONE)
    notes.put(connection, Note(name="draft.c1", text="so far"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sound database."""
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    with closing(apsw.Connection(str(path))) as connection:
        checksum.register(connection)
        connection.pragma("foreign_keys", True)
        schema.migrate(connection)
        fill(connection)
    return path.read_bytes()


class Ours:
    """A desk with our own conversation, and the state of its files before a restore."""

    def __init__(self, desk: Desk, folder: Path, conversation: str) -> None:
        self.desk = desk
        self.conversation = conversation
        self._folder = folder
        self._before = self._files()

    def _files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self._folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self._folder.rglob("*")
            if path.is_file() and not path.name.endswith("-shm")
        }

    async def check_refused(self, source: Path, match: str | None = None) -> str:
        """Check that a restore is refused, and that no byte changes. Returns the error text."""
        async with asyncio.timeout(TIMEOUT_S):
            with pytest.raises(ShellError, match=match) as refused:
                await asyncio.wrap_future(self.desk.store.restore(source))
            assert self._files() == self._before
            assert not self.desk.store.restoring
            await self.check_usable()
        sentence = str(refused.value)
        assert str(source) in sentence
        assert "\n" not in sentence
        assert "repairs" not in sentence
        return sentence

    async def check_usable(self) -> None:
        listed = await self.desk.conversations.list(self.desk.caller)
        assert [summary.id for summary in listed] == [self.conversation]
        before = await self.desk.texts(self.conversation)
        assert before[:2] == ["ours", "ours"]
        await self.desk.send(self.conversation, "more")
        assert await self.desk.texts(self.conversation) == [*before, "more", "more"]


@pytest.fixture
async def ours(tmp_path: Path) -> AsyncIterator[Ours]:
    folder = tmp_path / "data"
    folder.mkdir()
    desk = Desk(folder)
    conversation = await desk.begin()
    await desk.send(conversation, "ours")
    (folder / "settings.json").write_text('{"theme": "dark"}', "utf-8")
    await asyncio.wrap_future(desk.store.back_up())
    await desk.ledger.close()  # writes what the call has used, for which no answer waits
    yield Ours(desk, folder, conversation)
    await desk.close()


@pytest.mark.parametrize("name", [*OBJECTS, *TREES, *VALUES])
async def test_what_bites_is_refused_and_nothing_is_touched(
    ours: Ours, tmp_path: Path, whole: bytes, name: str
) -> None:
    spoil: Spoil = {**OBJECTS, **TREES, **VALUES}[name]
    source = tmp_path / "stranger.db"
    await asyncio.to_thread(write_spoilt, whole, source, spoil)
    await ours.check_refused(source, "not a backup that can be restored")


async def test_what_bites_is_refused_in_a_bundle_too(
    ours: Ours, tmp_path: Path, whole: bytes
) -> None:
    inside, source = tmp_path / "stranger.db", tmp_path / "stranger.zip"
    await asyncio.to_thread(write_spoilt, whole, inside, OBJECTS["a trigger that deletes"])
    write_bundle(source, inside.read_bytes())
    sentence = await ours.check_refused(source)
    assert "something that Tidewire did not make ('t')" in sentence


@pytest.mark.parametrize("where", [0, 20, 100, 4096, 3 * 4096, -4096])
async def test_pages_that_are_spoilt_are_refused(
    ours: Ours, tmp_path: Path, whole: bytes, where: int
) -> None:
    content = bytearray(whole)
    place = where % len(content)
    content[place : place + 200] = bytes(byte ^ 0xFF for byte in content[place : place + 200])
    source = tmp_path / "stranger.db"
    source.write_bytes(content)
    try:
        copy_rows(source, tmp_path / "fresh.db", name="it")
    except DatabaseDamaged:
        await ours.check_refused(source)
    else:  # the page held nothing but the index, which is made anew
        assert rows_of(tmp_path / "fresh.db") == sound_rows(whole, tmp_path)


@pytest.mark.parametrize("content", [b"", b"rubbish" * 9_000, b"SQLite format 3\0", b"half"])
async def test_what_is_no_database_is_refused(
    ours: Ours, tmp_path: Path, whole: bytes, content: bytes
) -> None:
    source = tmp_path / "stranger.db"
    source.write_bytes(whole[: len(whole) // 2] if content == b"half" else content)
    await ours.check_refused(source)


async def test_texts_in_another_encoding_are_refused(ours: Ours, tmp_path: Path) -> None:
    source = tmp_path / "stranger.db"
    await asyncio.to_thread(write_in_utf16, source)
    await ours.check_refused(source, "UTF-8")


async def test_what_takes_too_long_to_read_is_refused(
    ours: Ours, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "stranger.db"
    source.write_bytes(whole)
    monkeypatch.setattr(restore, "CHECK_STEPS", 1)
    monkeypatch.setattr(restore, "MIN_SECONDS", -1e9)
    await ours.check_refused(source, "takes too long")


class Usage(NamedTuple):
    """The result of `shutil.disk_usage`."""

    total: int
    used: int
    free: int


async def test_what_would_fill_the_disk_is_refused_before_it_does(
    ours: Ours, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "stranger.zip"
    write_bundle(source, whole)
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(10**12, 0, len(whole)))
    with pytest.raises(StorageUnavailable, match="too little space"):
        await asyncio.wrap_future(ours.desk.store.restore(source))
    await ours.check_usable()


@pytest.mark.parametrize(
    "manifest",
    [
        b"[" * 100_000,
        b"[]",
        b"7",
        b'{"format": "tidewire-backup", "version": 1}',
        b'{"format": "tidewire-backup", "version": "1", "files": {}}',
        b'{"format": "tidewire-backup", "version": 1, "files": {}}',
        b'{"format": "tidewire-backup", "version": 1, "files": ["conversations.db"]}',
        b" " * (9 << 20),
    ],
)
async def test_a_bundle_with_an_odd_list_is_refused(
    ours: Ours, tmp_path: Path, whole: bytes, manifest: bytes
) -> None:
    source = tmp_path / "stranger.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(bundle.MANIFEST, manifest)
        packed.writestr(bundle.CONVERSATIONS, whole)
    await ours.check_refused(source, "not a complete Tidewire backup")


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_a_damaged_bundle_is_refused_however_it_is_packed(
    ours: Ours, tmp_path: Path, whole: bytes, kind: int
) -> None:
    source = tmp_path / "stranger.zip"
    write_bundle(source, whole, kind=kind)
    content = bytearray(source.read_bytes())
    content[60:90] = b"\xff" * 30
    source.write_bytes(content)
    await ours.check_refused(source, "not a complete Tidewire backup")


async def test_a_bundle_takes_no_other_member_out(ours: Ours, tmp_path: Path, whole: bytes) -> None:
    source = tmp_path / "stranger.zip"
    write_bundle(source, whole, {"../../planted": b"x", "damaged/planted": b"x"})
    await asyncio.wrap_future(ours.desk.store.restore(source))
    assert not list(tmp_path.parent.rglob("planted"))


# --- what is sound comes through ------------------------------------------------------------


async def test_what_is_sound_comes_back_whole_in_tables_of_our_own(
    ours: Ours, tmp_path: Path, whole: bytes
) -> None:
    source = tmp_path / "sound.db"
    source.write_bytes(whole)
    await asyncio.wrap_future(ours.desk.store.restore(source))
    desk = ours.desk
    assert {summary.id for summary in await desk.conversations.list(desk.caller)} == {"c1", "c2"}
    with pytest.raises(NotFound):
        await desk.texts(ours.conversation)
    assert (await desk.conversations.recall(desk.caller)) == {"draft.c1": "so far"}
    await asyncio.to_thread(copy_of, desk, tmp_path / "now.db")
    assert rows_of(tmp_path / "now.db") == rows_of(source)
    await desk.send("c1", "more")
    assert await desk.texts("c1") == ["a question", "an answer", "more", "more"]
    found = await desk.store.read("", lambda c: c.execute("SELECT rowid FROM words('answer')").get)
    assert found == [2, 4]


@pytest.mark.parametrize("name", REPEATED)
async def test_of_a_repeated_key_only_the_checked_value_is_copied(
    ours: Ours, tmp_path: Path, whole: bytes, name: str
) -> None:
    """SQLite reads the first of two values, and the check the second."""
    source, target = tmp_path / "stranger.db", tmp_path / "copy.db"
    await asyncio.to_thread(write_spoilt, whole, source, REPEATED[name])
    copy_rows(source, target, name="it")
    assert not [row for rows in rows_of(target).values() for row in rows if "TRAP" in str(row)]
    await asyncio.wrap_future(ours.desk.store.restore(source))
    await ours.desk.send("c1", "more")
    await asyncio.to_thread(ours.desk.store.close)
    with open_store(ours.desk.store.path.parent) as again:
        assert again.remarks == []


async def test_ids_of_temporary_conversations_are_replaced(
    ours: Ours, tmp_path: Path, whole: bytes
) -> None:
    """An earlier Tidewire imported them from archives."""
    source = tmp_path / "sound.db"
    renamed = (f"UPDATE {table} SET id = 'tmp-' || id" for table in ("conversations", "messages"))  # noqa: S608
    await asyncio.to_thread(write_spoilt, whole, source, with_checksums(*renamed))
    await asyncio.wrap_future(ours.desk.store.restore(source))
    listed = await ours.desk.conversations.list(ours.desk.caller)
    assert [summary.temporary for summary in listed] == [False, False]
    # An import of the archive finds them again.
    with closing(apsw.Connection(str(source))) as connection:
        old_ids = [str(row[0]) for row in connection.execute("SELECT id FROM conversations")]
    assert {derived_id(old) for old in old_ids} == {summary.id for summary in listed}
    for summary in listed:
        await ours.desk.send(summary.id, "more")
        assert (await ours.desk.texts(summary.id))[-3:] == ["an answer", "more", "more"]
    first = await asyncio.wrap_future(ours.desk.store.back_up())
    await asyncio.wrap_future(ours.desk.store.restore(first))


async def test_titles_folders_and_notes_have_the_limits_of_the_contract(
    ours: Ours, tmp_path: Path, whole: bytes
) -> None:
    source = tmp_path / "long.db"
    long = with_checksums(
        "UPDATE conversations SET title = printf('%.*c', 9000, 't'), folder = title || title",
        "UPDATE conversations SET folder = printf('%.*c', 9000, 'f')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1500) "
        "INSERT INTO notes SELECT 'note.' || i, 'x', i FROM n",
    )
    await asyncio.to_thread(write_spoilt, whole, source, long)
    await asyncio.wrap_future(ours.desk.store.restore(source))
    listed = await ours.desk.conversations.list(ours.desk.caller)
    assert [(each.title, each.folder) for each in listed] == [("t" * 200, "f" * 100)] * 2
    recalled = await ours.desk.conversations.recall(ours.desk.caller)
    assert len(recalled) == notes.MAX_NOTES
    assert recalled["draft.c1"] == "so far", "the newest stay"


@pytest.mark.parametrize("known", range(1, len(schema.MIGRATIONS)))
async def test_every_older_format_can_be_restored(
    ours: Ours, tmp_path: Path, whole: bytes, known: int
) -> None:
    old = tmp_path / "old.db"
    with closing(apsw.Connection(str(old))) as connection:
        schema.migrate(connection, schema.MIGRATIONS[:known])
        (tmp_path / "whole.db").write_bytes(whole)
        connection.execute("ATTACH ? AS whole", (str(tmp_path / "whole.db"),))
        for table in ("conversations", "messages", "blobs"):
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM whole.{table}")  # noqa: S608
    await asyncio.wrap_future(ours.desk.store.restore(old))
    await ours.desk.send("c1", "more")
    assert await ours.desk.texts("c1") == ["a question", "an answer", "more", "more"]


def test_what_is_copied_has_a_schema_of_ours_to_the_letter(tmp_path: Path, whole: bytes) -> None:
    source, target = tmp_path / "sound.db", tmp_path / "copy.db"
    source.write_bytes(whole)
    copy_rows(source, target, name="it")
    with (
        closing(apsw.Connection(":memory:")) as fresh,
        closing(apsw.Connection(str(target))) as made,
    ):
        schema.migrate(fresh)
        everything = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
        assert list(made.execute(everything)) == list(fresh.execute(everything))
    assert target.stat().st_mode & 0o077 == 0


# --- inside ---------------------------------------------------------------------------------


def write_bundle(
    target: Path,
    database: bytes,
    more: dict[str, bytes] | None = None,
    kind: int = zipfile.ZIP_DEFLATED,
) -> None:
    members = {bundle.CONVERSATIONS: database, **(more or {})}
    manifest = {
        "format": bundle.FORMAT,
        "version": bundle.VERSION,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
    }
    with zipfile.ZipFile(target, "w", kind) as packed:
        packed.writestr(bundle.MANIFEST, json.dumps(manifest))
        for name, data in members.items():
            packed.writestr(name, data)


def rows_of(path: Path) -> dict[str, list[object]]:
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        tables = ("conversations", "messages", "tails", *ENTRY_TABLES, "blobs", "notes")
        return {
            table: list(connection.execute(f"SELECT * FROM {table} ORDER BY 1"))  # noqa: S608
            for table in tables
        }


def sound_rows(whole: bytes, folder: Path) -> dict[str, list[object]]:
    (folder / "sound.db").write_bytes(whole)
    return rows_of(folder / "sound.db")


def copy_of(desk: Desk, target: Path) -> None:
    made = desk.store.back_up().result()
    target.write_bytes(made.read_bytes())
