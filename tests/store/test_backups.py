"""Backups with wrong clocks, repeated restores, other threads, and killed processes."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

import pytest

from shell.contract import FilePart, NewConversation
from shell.store.backup import bundle
from shell.store.backup.backups import (
    DUE_MS,
    MIN_SAFETY_COPIES,
    SAFETY_AGE_BACKUPS,
    SAFETY_AGES,
    SLACK_MS,
    Backups,
)
from shell.store.database import Connection
from shell.store.integrity import sqlite_uri
from shell.store.messages import tree
from shell.store.messages.content import take_apart
from shell.store.store import Store
from tests.store.damage import open_store

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
TODAY, YEAR = 1_700_000_000_000, 365 * DUE_MS


class Clock:
    """A clock that can be wrong."""

    def __init__(self) -> None:
        self.now = TODAY

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backups(tmp_path: Path, clock: Clock) -> Backups:
    return Backups(tmp_path / "backups", clock)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A database to make backups of."""
    with open_store(tmp_path / "data") as store:
        return store.path


def names(backups: Backups, prefix: str) -> set[str]:
    return {backup.name for backup in backups.list_all() if backup.name.startswith(prefix)}


def day(backups: Backups, clock: Clock, source: Path) -> Path | None:
    """Let a day pass; returns the automatic backup if one was due."""
    clock.now += DUE_MS
    return backups.make(source) if backups.is_due() else None


# --- restores in turn -----------------------------------------------------------------------


async def test_four_restores_in_turn_keep_the_present(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await asyncio.to_thread(store.open)
    old = await asyncio.wrap_future(store.back_up())
    await store.write("", lambda c: tree.create(c, "present", NewConversation(title="now"), 2))
    for _ in range(4):
        await asyncio.wrap_future(store.restore(old))
    safety = names(store.backups, "before-")
    assert len(safety) == 4
    first = min(safety, key=lambda name: (len(name), name))
    await asyncio.wrap_future(store.restore(store.backups.path(first)))
    title = await store.read("", lambda c: c.execute("SELECT title FROM conversations").get)
    assert title == "now"
    await asyncio.to_thread(store.close)


@pytest.mark.parametrize("place", ["text", "attachment"])
async def test_a_database_that_looks_like_the_end_of_a_zip_is_restored(
    tmp_path: Path, place: str
) -> None:
    end = "x y " * 5_000 + "PK\x05\x06" + "x" * 30
    data = base64.b64encode(end.encode()).decode()
    content = [FilePart(name="a.docx", media_type="application/zip", data=data)]
    message = tree.NewMessage("m", "user", take_apart(end if place == "text" else content), 2)

    def add(connection: Connection) -> None:
        number = tree.create(connection, "c", NewConversation(title="now"), 2)
        tree.add(connection, number, None, message)

    with open_store(tmp_path) as store:
        store.database.write(add).result()
        made = store.back_up().result()
        assert zipfile.is_zipfile(made)
        store.restore(made).result()
        assert bundle.read_extras(made) == {}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/srv/my data/#1?.db"), "file:///srv/my%20data/%231%3F.db"),
        (PureWindowsPath(r"D:\my data\x.db"), "file:///D:/my%20data/x.db"),
        (PureWindowsPath(r"\\server\my share\x.db"), "file:////server/my%20share/x.db"),
    ],
)
def test_sqlite_finds_a_file_on_every_kind_of_drive(path: PurePath, uri: str) -> None:
    """SQLite opens no URI with a server, so the name of the server must be in the path."""
    assert sqlite_uri(path) == uri
    assert urlsplit(uri).netloc == ""


# --- the clock ------------------------------------------------------------------------------


def test_automatic_backups_go_on_after_a_clock_was_ahead(
    backups: Backups, clock: Clock, source: Path
) -> None:
    assert backups.is_due()
    backups.make(source)
    assert not backups.is_due()
    clock.now += 10 * YEAR
    assert backups.is_due()
    ahead = backups.make(source)
    assert not backups.is_due()
    clock.now -= 10 * YEAR
    for _ in range(4):
        made = day(backups, clock, source)
        assert made is not None
        assert made.exists()
        assert backups.newest_sound() == made
        assert not backups.is_due()
    assert not ahead.exists()
    assert len(names(backups, "auto-")) == 3


def test_a_backup_stays_though_all_others_are_from_the_future(
    backups: Backups, clock: Clock, source: Path
) -> None:
    clock.now += 10 * YEAR
    for _ in range(5):
        day(backups, clock, source)
    clock.now = TODAY
    made = backups.make(source)
    assert made.exists()
    assert made.name in names(backups, "auto-")
    assert not backups.is_due()


def test_what_was_restored_last_stays_though_the_clock_went_back_a_little(
    backups: Backups, clock: Clock, source: Path
) -> None:
    backups.folder.mkdir()
    restored = []
    for number in range(2):
        copied = source.with_name(f"copied-{number}.db")
        copied.write_bytes(source.read_bytes())
        restored.append(backups.adopt(copied, "after"))
        clock.now -= SLACK_MS // 2
    assert names(backups, "after-") == {restored[1].name}


def test_a_clock_that_was_wrong_deletes_no_safety_copy(
    backups: Backups, clock: Clock, source: Path
) -> None:
    safety = {backups.make(source, "before").name for _ in range(6)}
    backups.make(source)
    clock.now += 10 * YEAR
    day(backups, clock, source)
    safety.add(backups.make(source, "before").name)
    clock.now -= 20 * YEAR
    day(backups, clock, source)
    safety.add(backups.make(source, "before").name)
    clock.now = TODAY
    day(backups, clock, source)
    assert names(backups, "before-") == safety
    assert len(safety) == 8


def test_a_safety_copy_goes_after_many_automatic_backups(
    backups: Backups, clock: Clock, source: Path
) -> None:
    old = [backups.make(source, "before").name for _ in range(MIN_SAFETY_COPIES)]
    for _ in range(SAFETY_AGE_BACKUPS):
        day(backups, clock, source)
    assert names(backups, "before-") == {*old}
    new = [backups.make(source, "before").name for _ in range(MIN_SAFETY_COPIES)]
    beside = backups.folder / f"{Path(old[0]).stem}-settings.json"
    beside.write_text("{}")
    assert names(backups, "before-") == {*old, *new}
    day(backups, clock, source)
    assert names(backups, "before-") == {*new}
    assert not beside.exists()


@pytest.mark.parametrize("content", ["", "nonsense", "[]", "{}", '{"x": "y"}'])
def test_a_count_that_is_lost_begins_anew(
    backups: Backups, clock: Clock, source: Path, content: str
) -> None:
    safety = {backups.make(source, "before").name for _ in range(MIN_SAFETY_COPIES + 1)}
    for _ in range(SAFETY_AGE_BACKUPS - 1):
        day(backups, clock, source)
    (backups.folder / SAFETY_AGES).write_text(content)
    day(backups, clock, source)
    assert names(backups, "before-") == safety
    assert json.loads((backups.folder / SAFETY_AGES).read_text()) == dict.fromkeys(safety, 1)


# --- other threads, killed processes --------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="it makes links only for administrators")
def test_a_backup_that_goes_while_they_are_listed_is_left_out(
    backups: Backups, source: Path
) -> None:
    made = backups.make(source)
    # A file that another thread removed while the list was made.
    (backups.folder / "auto-20200101-000000.db").symlink_to("gone")
    assert [backup.name for backup in backups.list_all()] == [made.name]


@pytest.mark.parametrize("kind", ["backup", "bundle", "restore", "repair"])
def test_what_a_killed_process_was_copying_is_removed_at_the_next_start(
    tmp_path: Path, kind: str
) -> None:
    def files() -> set[Path]:
        folders = (tmp_path, tmp_path / "backups")
        return {path for folder in folders if folder.exists() for path in folder.iterdir()}

    command = [sys.executable, "-m", "tests.store.stuck", str(tmp_path), kind]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.kill()
    prefix = {
        "backup": "incoming-",
        "bundle": ".backup-",
        "restore": "restore-",
        "repair": "repair-",
    }[kind]
    assert [path for path in files() if path.name.startswith(prefix)]
    mine = tmp_path / "restore-of-mine"
    mine.mkdir()
    with open_store(tmp_path) as store:
        store.back_up().result()
    assert not [path for path in files() if path.name.startswith(prefix) and path != mine]
    assert mine.exists()


def test_a_backup_elsewhere_is_removed_once_its_process_is_killed_and_not_before(
    tmp_path: Path,
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.mkdir()
    mine = elsewhere / ".backup-of-mine"
    mine.mkdir()
    command = [sys.executable, "-m", "tests.store.stuck", str(data), "elsewhere"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        try:
            [working] = set(elsewhere.iterdir()) - {mine}
            with open_store(data):
                pass
            assert (working / "conversations.db").exists()
        finally:
            process.kill()
    assert working.exists()
    with open_store(data):
        pass
    assert [*elsewhere.iterdir()] == [mine]
    assert not [path for path in data.iterdir() if path.name.startswith(".backup-")]


def test_a_folder_that_a_changed_note_names_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    note = tmp_path / ".backup-01234567.path"
    note.write_text(str(mine))
    with open_store(tmp_path):
        assert mine.exists()
        assert not note.exists()
