"""Faults of the file: damage, a full disk, a lock, a newer format, a killed migration."""

import asyncio
import itertools
import random
import tempfile
from collections.abc import Awaitable
from contextlib import closing
from functools import partial
from pathlib import Path

import apsw
import pytest

from shell.contract import NewConversation, Problem, Role, SendRequest
from shell.errors import ShellError, StorageFailed, StorageUnavailable
from shell.store import schema
from shell.store.database import Connection
from shell.store.errors import DatabaseDamaged
from shell.store.messages import queries, tree
from shell.store.messages.content import take_apart
from shell.store.store import FILE, Store
from shell.support.ids import new_id
from tests.store.damage import open_store
from tests.store.desk import OWNER, Desk
from tests.store.disk import Disk, Step
from tests.store.power import memory

pytestmark = pytest.mark.anyio
_names = itertools.count()


def fill(store: Store, conversations: int = 6, messages: int = 12) -> None:
    """Write conversations with a branch each. Every text is different."""

    def write(connection: Connection, title: str) -> None:
        number = tree.create(connection, new_id(), NewConversation(title=title), 1)
        parent = None
        for place in range(messages):
            text = f"{title}, message {place}: " + "words of it " * 20
            role: Role = "assistant" if place % 2 else "user"
            above = parent if place != messages // 2 else None
            message = tree.NewMessage(new_id(), role, take_apart(text), 1000 + place)
            parent = tree.add(connection, number, above, message)

    for place in range(conversations):
        store.database.write(partial(write, title=f"Conversation {place}")).result()


def contents(store: Store) -> dict[str, tuple[str | None, ...]]:
    """Return every conversation and message, with the fields that must not change."""

    def read(connection: Connection) -> dict[str, tuple[str | None, ...]]:
        found: dict[str, tuple[str | None, ...]] = {}
        for summary in queries.summaries(connection):
            found[summary.id] = (summary.title, summary.folder)
            number = tree.conversation(connection, summary.id)
            ids: dict[int | None, str | None] = {None: None}
            for row in queries.every(connection, number):
                ids[row.number] = row.id
                found[row.id] = (row.text, row.role, row.status, ids[row.parent], summary.id)
        return found

    return store.database.read(read).result()


# --- damage ---------------------------------------------------------------------------------


@pytest.mark.parametrize("with_backup", [True, False])
@pytest.mark.parametrize("kind", ["flip", "cut"])
def test_damage_is_repaired_and_said(tmp_path: Path, kind: str, with_backup: bool) -> None:
    chance = random.Random(f"{kind} {with_backup}")  # noqa: S311
    with open_store(tmp_path / "before") as store:
        fill(store, conversations=20)  # little room between the rows
        if with_backup:
            store.back_up().result()
        fill(store, conversations=1)
        before = contents(store)
    whole = store.path.read_bytes()
    remark_count = 0
    for number in range(15):
        folder = tmp_path / str(number)
        folder.mkdir()
        if with_backup:
            (folder / "backups").symlink_to(tmp_path / "before" / "backups")
        broken = bytearray(whole)
        if kind == "flip":
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        else:
            del broken[chance.randrange(len(broken)) :]
        (folder / FILE).write_bytes(broken)
        if broken[60:64] != whole[60:64]:  # the number of the format
            with pytest.raises(StorageFailed, match="newer Tidewire"):
                Store(folder).open()
            assert (folder / FILE).read_bytes() == broken
            continue
        with open_store(folder) as store:
            after = contents(store)
            notices = [remark.text for remark in store.remarks]
        if after != before:
            # No loss is silent: there is a remark, and an unchanged copy of the damaged file.
            assert notices, number
            assert "damaged" in notices[0]
        if notices:
            remark_count += 1
            [copy] = (folder / "damaged").glob(f"*/{FILE}")
            assert copy.read_bytes() == broken
            if kind == "flip" or with_backup:
                missing = {key for key in before if key not in after}
                assert len(missing) <= len(before) * 0.75
    assert remark_count >= (2 if kind == "flip" else 13)


def test_one_flipped_letter_of_a_message_comes_back_from_the_backup(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        store.back_up().result()
        before = contents(store)
    content = store.path.read_bytes()
    store.path.write_bytes(
        content.replace(b"Conversation 3, message 5", b"Conversation 3, massage 5")
    )
    with open_store(tmp_path) as store:
        assert contents(store) == before
        assert "what was written" in store.remarks[0].text
    with open_store(tmp_path) as store:
        assert store.remarks == []


def test_without_a_backup_even_a_doubtful_message_is_kept(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        before = contents(store)
    content = store.path.read_bytes()
    store.path.write_bytes(
        content.replace(b"Conversation 3, message 5", b"Conversation 3, massage 5")
    )
    with open_store(tmp_path) as store:
        after = contents(store)
    different = {key for key in before if before[key] != after.get(key)}
    assert len(different) == 1
    assert "Conversation 3, massage 5" in str(after[different.pop()][0])


def test_a_conversation_that_was_purged_does_not_come_back_with_a_backup(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, conversations=2)
        store.back_up().result()
        purged, _ = store.database.read(queries.summaries).result()
        store.database.write(lambda c: tree.delete(c, tree.conversation(c, purged.id), 1)).result()
        store.database.write(lambda c: tree.purge(c, 2)).result()
        before = contents(store)
    content = store.path.read_bytes()
    store.path.write_bytes(content.replace(b", message 5", b", massage 5"))
    with open_store(tmp_path) as store:
        assert store.remarks
        assert contents(store).keys() == before.keys()


def test_a_lost_file_comes_back_from_its_backup(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        store.back_up().result()
        before = contents(store)
    store.path.unlink()
    with open_store(tmp_path) as store:
        assert contents(store) == before
        assert "empty or gone" in store.remarks[0].text


def test_a_damaged_search_index_is_made_anew(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
    with closing(apsw.Connection(str(store.path))) as connection:
        connection.execute("UPDATE words_data SET block = zeroblob(9) WHERE id > 1000")
    with open_store(tmp_path) as store:
        assert store.remarks == []
        found = store.database.read(
            lambda c: c.execute("SELECT count(*) FROM words('message')").get
        ).result()
    assert found == 72


def test_automatic_backups_are_few_and_sound(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, conversations=1)
        for _ in range(5):
            store.back_up().result()
        listed = store.backups.list_all()
        assert len(listed) == 3
        assert store.backups.newest_sound() == tmp_path / "backups" / listed[0].name
        (tmp_path / "backups" / listed[0].name).write_bytes(b"rubbish")
        assert store.backups.newest_sound() == tmp_path / "backups" / listed[1].name


async def test_a_damaged_file_makes_no_backup_and_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.open()
    fill(store)
    good = await asyncio.wrap_future(store.back_up())
    store.database.write(
        lambda c: c.execute("UPDATE messages SET text = 'rotten' WHERE number = 3")
    ).result()
    with pytest.raises(DatabaseDamaged):
        await asyncio.wrap_future(store.back_up())
    assert [backup.name for backup in store.backups.list_all()] == [good.name]
    await asyncio.to_thread(store.close)


# --- a full disk ----------------------------------------------------------------------------


async def storage_error(attempt: Awaitable[object]) -> StorageUnavailable | None:
    try:
        await attempt
    except StorageUnavailable as error:
        return error
    return None


@pytest.mark.parametrize("point", range(20))
async def test_a_disk_that_fills_up_at_any_point_loses_nothing_and_goes_on(
    tmp_path: Path, point: int
) -> None:
    disk = Disk(f"full-{next(_names)}")
    desk = Desk(tmp_path, vfs=disk.name)
    conversation = await desk.begin()
    promised = (await desk.send(conversation, "kept before")).message_id
    disk.room = point * 6_000
    request = SendRequest(conversation_id=conversation, content=f"/repeat 300 w{point}")
    sending = asyncio.ensure_future(desk.answers.send(OWNER, request))
    error = await storage_error(sending)
    live = None if error else sending.result()
    if live is not None:
        error = await storage_error(desk.done(live))
    # As long as something is not on disk, the state of the store has the problem.
    assert desk.store.state().problem == (None if error is None else Problem.of(error))
    if point in (0, 19):
        assert (error is None) == (point == 19)
    disk.room = None
    await desk.wait_until_stored(conversation)
    await desk.send(conversation, "kept afterwards")
    assert desk.store.state().problem is None
    view = await desk.view(conversation)
    texts = {message.id: message.content for message in view.messages}
    assert texts[promised] == "kept before"
    if live is not None:
        assert texts[live.reply.answer_id] == " ".join([f"w{point}"] * 300)
    assert len(texts) == (4 if live is None else 6)
    await desk.close()


# --- locked, read-only, newer ---------------------------------------------------------------


async def test_a_file_that_another_program_locks_is_written_when_it_lets_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path, busy_s=0.2)
    conversation = await desk.begin()
    with closing(apsw.Connection(str(desk.store.path))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            await desk.send(conversation, "not now")
        assert desk.store.state().problem is not None
        assert await desk.texts(conversation) == []
        other.execute("ROLLBACK")
    await desk.send(conversation, "now")
    assert await desk.texts(conversation) == ["now", "now"]
    await desk.close()


async def test_an_answer_survives_a_lock_that_comes_in_the_middle_of_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, busy_s=0.05)
    conversation = await desk.begin()
    request = SendRequest(conversation_id=conversation, content="/rate 400\n/repeat 200 word")
    begun = await desk.answers.send(OWNER, request)
    with closing(apsw.Connection(str(desk.store.path))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            await desk.done(begun)
        assert desk.store.state().problem is not None
        other.execute("ROLLBACK")
    await desk.wait_until_stored(conversation)
    assert (await desk.texts(conversation))[1] == " ".join(["word"] * 200)
    await desk.close()


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, conversations=1)
    with closing(apsw.Connection(str(store.path))) as connection:
        connection.pragma("user_version", 99)
        connection.execute("DROP TABLE tails")
    before = store.path.read_bytes()
    with pytest.raises(StorageFailed, match="newer Tidewire"):
        Store(tmp_path).open()
    assert store.path.read_bytes() == before
    assert not (tmp_path / "damaged").exists()


def test_a_message_whose_parent_cannot_be_read_hangs_on_no_later_one(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, conversations=1)
        store.back_up().result()
        before = contents(store)
    with closing(apsw.Connection(str(store.path))) as connection:
        # As after damage to a page: a row is missing, and its child is still there.
        connection.execute("DELETE FROM messages WHERE number = 9")
    with open_store(tmp_path) as store:
        assert contents(store) == before


def test_an_index_of_which_nobody_knows_what_it_is_is_made_anew(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, conversations=1)
        before = contents(store)
    store.path.with_suffix(".closed").unlink()
    store.path.write_bytes(store.path.read_bytes().replace(b"detail = none,", b"detail = none-"))
    with open_store(tmp_path) as store:
        assert contents(store) == before
        assert "damaged" in store.remarks[0].text


def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(ShellError, match="cannot be opened"):
        Store(tmp_path).open()


def test_a_path_with_spaces_and_emoji(tmp_path: Path) -> None:
    folder = tmp_path / "my data 🌊 #1 100%?"
    folder.mkdir()
    with open_store(folder) as store:
        fill(store, conversations=1)
        store.back_up().result()
        before = contents(store)
    store.path.write_bytes(b"rubbish" * 1000)
    with open_store(folder) as store:
        assert contents(store) == before


# --- migrations -----------------------------------------------------------------------------

LATER: tuple[schema.Migration, ...] = (
    *schema.MIGRATIONS,
    (
        "CREATE TABLE labels (name TEXT)",
        "ALTER TABLE conversations ADD COLUMN label TEXT",
        "UPDATE conversations SET label = 'old'",
        "INSERT INTO labels SELECT DISTINCT label FROM conversations",
    ),
)


@pytest.mark.parametrize("known", [2, 3])
def test_an_older_database_is_upgraded_and_an_older_program_refuses_it(
    tmp_path: Path, known: int
) -> None:
    with open_store(tmp_path) as store:
        fill(store, conversations=2)
        before = contents(store)
    with closing(apsw.Connection(str(store.path))) as connection:
        for table in [*["steps"][: 3 - known], "templates", "compactions"]:
            connection.execute(f"DROP TABLE {table}")
        connection.pragma("user_version", known)
    with open_store(tmp_path) as store:
        assert contents(store) == before
        assert store.database.read(schema.version).result() == 4 == len(schema.MIGRATIONS)
    whole = store.path.read_bytes()
    with (
        closing(apsw.Connection(str(store.path))) as connection,
        pytest.raises(StorageFailed, match=f"format 4, and this one knows {known}"),
    ):
        schema.migrate(connection, schema.MIGRATIONS[:known])
    assert store.path.read_bytes() == whole


def test_a_migration_that_is_killed_anywhere_happened_whole_or_not_at_all(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, conversations=1)
        before = contents(store)
    whole = store.path.read_bytes()
    disk = Disk(f"migrating-{next(_names)}")
    with closing(apsw.Connection(str(store.path), vfs=disk.name)) as connection:
        schema.migrate(connection, LATER)
    outcomes = set()
    for killed_at in range(len(disk.steps) + 1):
        with tempfile.TemporaryDirectory(dir=memory()) as name:
            left = Path(name) / FILE
            left.write_bytes(whole)
            for step in disk.steps[:killed_at]:
                # A killed process leaves everything that it wrote.
                replay(step, Path(name))
            with closing(apsw.Connection(str(left))) as connection:
                version = schema.version(connection)
                outcomes.add(version)
                tables = connection.execute("SELECT group_concat(name) FROM sqlite_schema").get
                assert ("labels" in tables) == (version == len(LATER))
                schema.migrate(connection, LATER)
                assert connection.execute("SELECT name FROM labels").get == "old"
                connection.execute("ALTER TABLE conversations DROP COLUMN label")
                connection.execute("DROP TABLE labels")
                connection.pragma("user_version", len(schema.MIGRATIONS))
            with open_store(Path(name)) as store:
                assert contents(store) == before
    assert outcomes == {len(schema.MIGRATIONS), len(LATER)}


def replay(step: Step, folder: Path) -> None:
    path = folder / Path(step.path).name
    match step.kind:
        case "create":
            path.touch()
        case "delete":
            path.unlink()
        case "truncate":
            with path.open("r+b") as file:
                file.truncate(step.offset)
        case "write":
            with path.open("r+b") as file:
                file.seek(step.offset)
                file.write(step.data)
        case "sync":
            pass
