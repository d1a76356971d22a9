"""What a damaged bit or page of a file may cost, and what a repair leaves behind."""

import asyncio
import json
import random
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import apsw
import pytest

from shell.contract import NewConversation, StoreState, ViewRequest
from shell.conversations.backup_contents import chooser
from shell.errors import StorageUnavailable
from shell.store import checksum
from shell.store.database import Connection
from shell.store.errors import DatabaseDamaged
from shell.store.messages import entries, queries, steps, tree
from shell.store.messages.content import take_apart
from shell.store.repair import file_state
from shell.store.search import index
from shell.store.store import FILE, Store
from tests.store.damage import PAGE, Contents, Furnished, Kind, open_store
from tests.store.entries import COMPACTION, TEMPLATE
from tests.store.power import memory

pytestmark = pytest.mark.anyio


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory in memory, because these tests flush hundreds of times."""
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def bare() -> Iterator[Furnished]:
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        yield Furnished(Path(name), backed=False)


@pytest.fixture(scope="module")
def backed() -> Iterator[Furnished]:
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        yield Furnished(Path(name), backed=True)


def pages(furnished: Furnished, folder: Path, table: str) -> list[int]:
    """Return the offsets of the pages with a table's rows."""
    (folder / "look.db").write_bytes(furnished.whole)
    with closing(apsw.Connection(str(folder / "look.db"))) as connection:
        found = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (table,)
        )
        return [(page - 1) * PAGE for (page,) in found]


# --- whatever is spoilt ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["flip", "page"])
@pytest.mark.parametrize("with_backup", [True, False])
def test_what_is_spoilt_costs_no_more_than_was_there(
    bare: Furnished, backed: Furnished, tmp_path: Path, kind: Kind, with_backup: bool
) -> None:
    furnished = backed if with_backup else bare
    chance = random.Random(f"{kind} {with_backup}")  # noqa: S311
    for number in range(5):
        broken, place = furnished.spoil(kind, chance)
        left = furnished.repair(broken, tmp_path / str(number))
        if left is None:
            continue
        after, remarks = left
        missing = furnished.contents.missing(after)
        bound = furnished.bound(place)
        assert bound is None or missing.total() <= bound, (number, place)
        if not remarks:  # only notes and the text of a running answer have no checksum
            assert missing["messages"] == missing["attachments"] == 0, (number, place)
        if kind == "page" and with_backup:
            assert missing.total() == 0, (number, place)


@pytest.mark.parametrize(
    "where",
    [
        *(b"unicode61", b"trigram case", b"'streaming'", b"(conversation, number)", b"origin"),
        *(b"(hash TEXT", b"tableblobs", b"reasoning TEXT NOT NULL"),
    ],
)
def test_a_bit_of_a_definition_costs_nothing(
    bare: Furnished, backed: Furnished, tmp_path: Path, where: bytes
) -> None:
    """SQLite reads most of these texts only when something is written."""
    for number, furnished in enumerate((bare, backed)):
        place = furnished.whole.index(where) + len(where) // 2
        broken = bytearray(furnished.whole)
        broken[place] ^= 4
        left = furnished.repair(bytes(broken), tmp_path / str(number))
        assert left is not None
        assert left[1], "it is said"
        assert furnished.contents.missing(left[0]).total() == 0


def test_a_large_file_whose_definitions_are_damaged_is_repaired(
    bare: Furnished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file is used before it is checked."""
    (tmp_path / FILE).write_bytes(bare.whole.replace(b"unicode61", b"unicodev1"))
    monkeypatch.setattr(file_state, "MAX_CHECK_BYTES", 0)
    with open_store(tmp_path) as store:
        assert "nothing seems to be missing" in store.remarks[0].text
        assert bare.contents.missing(Contents.of(store, bare.contents.attachments)).total() == 0


@pytest.mark.parametrize("table", ["blobs", "messages", "tails", "notes", "conversations"])
def test_a_page_that_cannot_be_read_costs_what_is_on_it(
    bare: Furnished, tmp_path: Path, table: str
) -> None:
    found = pages(bare, tmp_path, table)
    place = found[len(found) // 2]
    broken = bytearray(bare.whole)
    broken[place : place + PAGE] = b"\xee" * PAGE
    left = bare.repair(bytes(broken), tmp_path / "spoilt")
    assert left is not None
    after, [remark] = left
    assert "some of it may be missing" in remark
    missing = bare.contents.missing(after)
    if table == "conversations":  # one page has all of them: their messages are still there
        assert missing["messages"] == missing["attachments"] == missing["notes"] == 0
    else:
        bound = bare.bound(place)
        assert bound is not None
        assert 0 < missing.total() <= bound


def test_messages_stay_in_a_conversation_that_only_the_backup_has(
    backed: Furnished, tmp_path: Path
) -> None:
    broken = bytearray(backed.whole)
    for place in pages(backed, tmp_path, "conversations"):
        broken[place : place + PAGE] = bytes(PAGE)
    left = backed.repair(bytes(broken), tmp_path / "spoilt")
    assert left is not None
    assert backed.contents.missing(left[0]).total() == 0


@pytest.mark.parametrize("where", [0, -1])
def test_an_attachment_whose_name_is_no_text_any_more_is_kept(
    bare: Furnished, tmp_path: Path, where: int
) -> None:
    for number, name in enumerate(sorted(bare.contents.attachments)[:2]):
        broken = bytearray(bare.whole)
        places = [
            place
            for place in range(len(broken))
            if broken.startswith(name.encode(), place) and broken[place - 1 : place] != b'"'
        ]
        assert len(places) == 2, "in the table and in its index"
        broken[places[where]] ^= 0x80
        left = bare.repair(bytes(broken), tmp_path / str(number))
        assert left is not None
        assert left[1], "it is said"
        assert bare.contents.missing(left[0]).total() == 0


def test_an_attachment_that_rotted_comes_back_from_the_backup(
    backed: Furnished, tmp_path: Path
) -> None:
    name, data = next((n, d) for n, d in backed.contents.attachments.items() if d and len(d) < 500)
    broken = backed.whole.replace(data, data[:-1] + bytes([data[-1] ^ 1]))
    assert broken != backed.whole
    left = backed.repair(broken, tmp_path / "spoilt")
    assert left is not None
    assert "an attachment is not what was written" in left[1][0]
    assert left[0].attachments[name] == data


def test_a_letter_that_rotted_takes_no_attachment_along(bare: Furnished, tmp_path: Path) -> None:
    broken = bare.whole.replace(b"3, message 4: words", b"3, massage 4: words", 1)
    left = bare.repair(broken, tmp_path / "spoilt")
    assert left is not None
    missing = bare.contents.missing(left[0])
    assert (missing["changed"], missing["attachments"]) == (1, 0)
    with open_store(tmp_path / "spoilt") as store:
        store.database.write(lambda c: tree.purge(c, 0)).result()
        parts = store.database.read(
            lambda c: c.execute("SELECT parts FROM messages WHERE id = 'message-3-4'").get
        ).result()
    assert "hash" in parts


def test_a_definition_that_rotted_takes_nothing_along(bare: Furnished, tmp_path: Path) -> None:
    broken = bare.whole.replace(b"CREATE INDEX messages_under", b"CREATE INDEX messages_unde\xf2")
    left = bare.repair(broken, tmp_path / "spoilt")
    assert left is not None
    assert left[1]
    assert bare.contents.missing(left[0]).total() == 0


def test_a_search_index_too_damaged_to_be_made_anew_is_repaired(
    bare: Furnished, tmp_path: Path
) -> None:
    broken = bytearray(bare.whole)
    for place in pages(bare, tmp_path, "words_data"):
        broken[place : place + PAGE] = b"\xee" * PAGE
    left = bare.repair(bytes(broken), tmp_path / "spoilt")
    assert left is not None
    assert bare.contents.missing(left[0]).total() == 0


# --- what a repair leaves behind ------------------------------------------------------------


def test_a_repair_that_fails_again_and_again_keeps_one_copy(
    bare: Furnished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = b"rubbish" * 1_000
    (tmp_path / FILE).write_bytes(broken)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(index, "build", full)
        for _ in range(3):
            with pytest.raises(StorageUnavailable, match="No space left"):
                Store(tmp_path).open()
    assert (tmp_path / FILE).read_bytes() == broken
    assert len(list((tmp_path / "damaged").iterdir())) == 1
    with open_store(tmp_path) as store:
        assert "damaged" in store.remarks[0].text
    [aside] = (tmp_path / "damaged").iterdir()
    assert (aside / FILE).read_bytes() == broken


def test_another_damage_is_kept_aside_as_well(tmp_path: Path) -> None:
    for broken in (b"rubbish" * 1_000, b"scrap" * 1_000):
        (tmp_path / FILE).write_bytes(broken)
        with open_store(tmp_path):
            pass
        (tmp_path / FILE).with_suffix(".closed").unlink()
    copies = {file.read_bytes()[:5] for file in (tmp_path / "damaged").glob(f"*/{FILE}")}
    assert copies == {b"rubbi", b"scrap"}


def test_an_opening_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    with open_store(tmp_path):
        pass

    def threads() -> int:
        return sum(thread.name.startswith("store-") for thread in threading.enumerate())

    before = threads()
    with closing(apsw.Connection(str(tmp_path / FILE))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            Store(tmp_path, busy_s=0.05).open()
    assert threads() == before


# --- what is found in use is repaired at the next start --------------------------------------


def spoil_in_place(store: Store, change: Callable[[Connection], object]) -> None:
    with closing(apsw.Connection(str(store.path))) as connection:
        change(connection)


def converse(store: Store) -> None:
    def write(connection: Connection) -> None:
        number = tree.create(connection, "c", NewConversation(title="t"), 1)
        parent = None
        for place in range(5):
            message = tree.NewMessage(f"m{place}", "user", take_apart(f"words {place}"), place)
            parent = tree.add(connection, number, parent, message)

    store.database.write(write).result()


async def test_damage_that_a_reader_meets_is_repaired_at_the_next_start(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await asyncio.to_thread(store.open)
    converse(store)
    rotten = "UPDATE messages SET text = CAST(x'ff' AS TEXT) WHERE id = 'm2'"
    store.database.write(lambda c: c.execute(rotten)).result()
    with pytest.raises(DatabaseDamaged, match="Restart Tidewire"):
        await store.read("c", lambda c: c.execute("SELECT text FROM messages").fetchall())
    await asyncio.to_thread(store.close)
    with open_store(tmp_path) as again:
        assert "damaged" in again.remarks[0].text


async def test_a_large_file_that_was_found_damaged_is_repaired_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path) as store:
        converse(store)
    spoil_in_place(store, lambda c: c.execute("UPDATE messages SET text = 'x' WHERE id = 'm2'"))
    monkeypatch.setattr(file_state, "MAX_CHECK_BYTES", 0)
    states: asyncio.Queue[StoreState] = asyncio.Queue()
    store = Store(tmp_path, on_change=states.put_nowait)
    await asyncio.to_thread(store.open)
    assert store.remarks == [], "it is looked through while it is in use"
    store.begin()
    while (state := await states.get()).problem is None:
        pass
    assert "Restart Tidewire" in state.problem.message
    await asyncio.to_thread(store.close)
    with open_store(tmp_path) as store:
        assert "damaged" in store.remarks[0].text


@pytest.mark.parametrize("version", [0, -(1 << 31) + 2])
def test_a_format_that_cannot_be_is_damage(tmp_path: Path, version: int) -> None:
    with open_store(tmp_path) as store:
        converse(store)
        store.back_up().result()
    spoil_in_place(store, lambda c: c.pragma("user_version", version))
    with open_store(tmp_path) as store:
        assert "header" in store.remarks[0].text
        count = store.database.read(lambda c: c.execute("SELECT count(*) FROM messages").get)
        assert count.result() == 5


def test_templates_and_summaries_are_repaired_with_their_messages(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        converse(store)
        for number, value in ((1, TEMPLATE), (2, COMPACTION)):
            store.database.write(partial(entries.put, message=number, value=value)).result()
    spoil_in_place(
        store,
        lambda c: [
            c.execute("INSERT INTO compactions VALUES (3, '{}')"),
            c.execute("UPDATE messages SET text = 'x' WHERE id = 'm4'"),
        ],
    )
    with open_store(tmp_path) as store:
        assert "damaged" in store.remarks[0].text
        request = ViewRequest(conversation_id="c")
        shown = store.database.read(lambda c: queries.view(c, request)).result().messages
        assert [message.template for message in shown] == [TEMPLATE, None, None, None, None]
        assert [message.compaction for message in shown] == [None, COMPACTION, None, None, None]


def test_a_bit_of_the_place_of_a_call_costs_the_call_alone(tmp_path: Path) -> None:
    fields = {"run": "r", "at": 0, "thought_at": 0, "step": 1, "provider_id": "p", "model_id": "m"}
    entry = steps.OutputEntry.model_validate({**fields, "calls": [], "items": []})
    with open_store(tmp_path) as store:
        converse(store)
        store.database.write(lambda c: steps.write(c, 2, [(0, entry), (1, entry)])).result()
    broken = bytearray((tmp_path / FILE).read_bytes())
    # A record of a number, of the constant 0, and of a text. The constant becomes a NULL.
    record = re.search(rb"\x05\x01(\x08)..\x02\{", broken, re.DOTALL)
    assert record is not None
    broken[record.start(1)] ^= 8
    (tmp_path / FILE).write_bytes(broken)
    with open_store(tmp_path) as store:
        assert "some of it may be missing" in store.remarks[0].text
        count = store.database.read(lambda c: c.execute("SELECT count(*) FROM messages").get)
        assert count.result() == 5
        places = store.database.read(lambda c: c.execute("SELECT place FROM steps").get)
        assert places.result() == 1
    with open_store(tmp_path) as store:
        assert store.remarks == []


def test_a_bit_of_a_time_without_a_checksum_costs_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        converse(store)
        zero = "UPDATE conversations SET updated_at = 0"  # as of an import without times
        store.database.write(lambda c: c.execute(zero)).result()
    broken = bytearray((tmp_path / FILE).read_bytes())
    # The types in the record of the conversation. `created_at` is the constant 1, this one is 0.
    record = re.search(rb"\x0f\x0f\x19\x00\x00\x08\x09(\x08)\x00", broken)
    assert record is not None
    broken[record.start(1)] ^= 8
    (tmp_path / FILE).write_bytes(broken)
    with open_store(tmp_path) as store:
        assert "nothing seems to be missing" in store.remarks[0].text
        count = store.database.read(lambda c: c.execute("SELECT count(*) FROM messages").get)
        assert count.result() == 5


# --- the tree and what is old ---------------------------------------------------------------


def test_no_message_hangs_on_a_later_one_when_the_backup_numbers_otherwise(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        converse(store)
        store.back_up().result()

    def renumber(connection: Connection) -> None:
        checksum.register(connection)
        connection.execute("UPDATE messages SET number = number + 100 + 10 * number")
        connection.execute("UPDATE messages SET parent = parent + 100 + 10 * parent")
        connection.execute(f"UPDATE messages SET {checksum.SOUND['messages']}")  # noqa: S608
        connection.execute("DELETE FROM messages WHERE id = 'm1'")  # a row that is lost

    spoil_in_place(store, renumber)
    with open_store(tmp_path) as store:
        assert store.remarks
        hanging = "SELECT id, parent FROM messages ORDER BY number"
        found = store.database.read(lambda c: c.execute(hanging).fetchall()).result()
    assert found == [("m0", None), ("m1", 1), ("m2", 2), ("m3", 3), ("m4", 4)]


def test_a_backup_from_the_middle_of_an_answer_adds_nothing_to_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:

        def begin(connection: Connection) -> int:
            number = tree.create(connection, "c", NewConversation(title="t"), 1)
            message = tree.NewMessage("m", "assistant", take_apart(""), 1, status="streaming")
            at = tree.add(connection, number, None, message)
            tree.append_tail(connection, at, 0, "half an answer", "")
            return at

        at = store.database.write(begin).result()
        store.back_up().result()
        store.database.write(lambda c: tree.end(c, at, "complete", None, 2)).result()
    spoil_in_place(store, lambda c: c.execute("UPDATE conversations SET title = 'rotten'"))
    with open_store(tmp_path) as store:
        assert store.remarks
        tails = store.database.read(lambda c: c.execute("SELECT count(*) FROM tails").get)
        assert tails.result() == 0


def test_a_date_that_rotted_deletes_no_conversation(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        converse(store)
    spoil_in_place(store, lambda c: c.execute("UPDATE conversations SET deleted_at = 7"))
    with open_store(tmp_path) as store:
        alive = "SELECT count(*) FROM conversations WHERE deleted_at IS NULL"
        assert store.database.read(lambda c: c.execute(alive).get).result() == 1


# --- restoring ------------------------------------------------------------------------------


async def test_a_restore_that_fails_leaves_the_settings_alone(tmp_path: Path) -> None:
    store = Store(tmp_path, busy_s=0.1)
    await asyncio.to_thread(store.open)
    settings = tmp_path / "settings.json"
    settings.write_text('{"theme": "dark"}', "utf-8")
    whole = tmp_path / "whole.zip"
    await asyncio.wrap_future(store.bundle(whole))
    settings.write_text('{"theme": "light"}', "utf-8")
    choose = chooser(tmp_path, [], [])
    with closing(apsw.Connection(str(store.path))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            await asyncio.wrap_future(store.restore(whole, choose))
    assert settings.read_text("utf-8") == '{"theme": "light"}'
    await asyncio.wrap_future(store.restore(whole, choose))
    assert json.loads(settings.read_text("utf-8")) == {"theme": "dark"}
    await asyncio.to_thread(store.close)


async def test_a_repair_begins_with_what_was_restored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await asyncio.to_thread(store.open)
    converse(store)
    first = await asyncio.wrap_future(store.back_up())
    store.database.write(
        lambda c: tree.create(c, "unwanted", NewConversation(title="unwanted"), 2)
    ).result()
    for _ in range(5):
        await asyncio.wrap_future(store.restore(first))
    names = sorted(backup.name.partition("-")[0] for backup in store.backups.list_all())
    assert names == ["after", "auto", *["before"] * 5]
    await asyncio.to_thread(store.close)
    store.path.write_bytes(b"rubbish" * 1_000)
    with open_store(tmp_path) as store:
        ids = store.database.read(
            lambda c: c.execute("SELECT group_concat(id) FROM conversations").get
        )
        assert ids.result() == "c"
