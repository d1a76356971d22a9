"""Every read of the store can be stopped, has a time limit, and does not delay other reads."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest

from shell.bridge.caller import Caller
from shell.contract import NewConversation, SearchReply, SearchRequest, SearchRest
from shell.conversations import searches
from shell.errors import Reason, StorageUnavailable
from shell.store import database
from shell.store import store as store_module
from shell.store.connection_thread import ReadLimit
from shell.store.database import Connection, Database
from shell.store.messages import queries, tree
from shell.store.messages.content import take_apart
from shell.store.repair import file_state
from shell.store.search import search
from shell.store.search.query import parse
from shell.store.store import FILE, Store
from shell.support.ids import new_id
from tests.store.desk import Desk

pytestmark = pytest.mark.anyio

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
SAFETY_S = 60.0


@pytest.fixture
def file_database(tmp_path: Path) -> Iterator[Database]:
    database_file = Database(tmp_path / FILE)
    database_file.open()
    yield database_file
    database_file.close()


class Endless:
    """A job that ends only when it is interrupted."""

    def __init__(self) -> None:
        self.started = threading.Event()

    def __call__(self, connection: Connection) -> None:
        self.started.set()
        connection.execute(ENDLESS).fetchall()


def was_stopped(outcome: "Future[None]") -> bool:
    error = outcome.exception(SAFETY_S)
    return isinstance(error, StorageUnavailable) and error.reason is Reason.TOO_SLOW


def put(database: Database, *texts: str) -> list[str]:
    """One conversation with these messages; returns their ids."""
    ids = [new_id() for _ in texts]

    def write(connection: Connection) -> None:
        number = tree.create(connection, new_id(), NewConversation(title="A title"), 1)
        for message_id, text in zip(ids, texts, strict=True):
            tree.add(
                connection, number, None, tree.NewMessage(message_id, "user", take_apart(text), 1)
            )

    database.write(write).result()
    return ids


def test_a_conversation_opens_while_a_search_and_a_check_run(file_database: Database) -> None:
    endless, other, limit = Endless(), Endless(), ReadLimit()
    searching, checking = file_database.search(endless, limit), file_database.check(other)
    assert endless.started.wait(SAFETY_S)
    assert other.started.wait(SAFETY_S)
    assert file_database.read(queries.summaries).result(SAFETY_S) == []
    assert not searching.done()
    assert not checking.done()
    limit.stop()
    assert was_stopped(searching)
    assert file_database.search(queries.summaries, ReadLimit()).result(SAFETY_S) == []


@pytest.mark.parametrize("temporary", [False, True])
def test_a_read_that_takes_too_long_is_stopped_and_the_next_one_works(
    file_database: Database, monkeypatch: pytest.MonkeyPatch, temporary: bool
) -> None:
    monkeypatch.setattr(database, "READ_S", 0.05)
    tested = Database(None) if temporary else file_database
    if temporary:
        tested.open()
    assert was_stopped(tested.read(Endless()))
    monkeypatch.undo()
    assert tested.read(queries.summaries).result(SAFETY_S) == []
    tested.close()


def test_closing_stops_what_is_being_read(file_database: Database) -> None:
    jobs = [Endless(), Endless(), Endless()]
    running = [
        file_database.read(jobs[0]),
        file_database.search(jobs[1], ReadLimit()),
        file_database.check(jobs[2]),
    ]
    assert all(job.started.wait(SAFETY_S) for job in jobs)
    file_database.close()
    assert all(map(was_stopped, running))


# --- searches ----------------------------------------------------------------------------------


class CountedLimit(ReadLimit):
    """A limit that is over after a number of checks."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self._checks = checks

    def is_over(self, share: float = 1.0) -> bool:
        self._checks -= 1
        return self._checks < 0


def search_part(query: str, checks: int, start: int, connection: Connection) -> search.Found:
    return search.search(connection, query, 200, CountedLimit(checks), start)


@pytest.mark.parametrize("query", ["needle", "eedl", "ox eedl", "->", "é"])
def test_a_search_that_is_cut_short_goes_on_where_it_stopped(
    file_database: Database, query: str
) -> None:
    texts = [f"a needle -> in an ox, été {place}" for place in range(12)]
    texts += ["eed and edl, an ox"] * 12  # has the trigrams, not the word
    put(file_database, *texts)
    whole = file_database.read(lambda c: search.search(c, query, 200)).result()
    assert whole.rest is None
    found: dict[str | None, None] = {}
    start = search.START
    places: list[int] = []
    for checks in range(1, 200):
        part = file_database.search(
            partial(search_part, query, checks, start), ReadLimit()
        ).result()
        found.update(dict.fromkeys(hit.message_id for hit in part.hits))
        if part.rest is None:
            break
        start = part.rest
        places.append(start)
    assert set(found) == {hit.message_id for hit in whole.hits}
    assert places, "it was never cut short"
    below = [place for place in places if place != search.START]
    assert below == sorted(set(below), reverse=True), "each part begins where the last one ended"
    assert part.rest is None


def test_what_was_found_before_the_limit_is_returned(file_database: Database) -> None:
    newest = put(file_database, *[f"a needle {place}" for place in range(5)])[-1]
    part = file_database.read(lambda c: search.search(c, "eedl", 200, CountedLimit(3))).result()
    assert [hit.message_id for hit in part.hits][:1] == [newest]
    assert 0 < len(part.hits) < 5
    assert part.rest is not None


def test_hundreds_of_words_are_each_looked_up_once(file_database: Database) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    [wanted] = put(file_database, " ".join(letters))
    put(file_database, " ".join(letters[1:]))
    query = " ".join(letters[place % 26] for place in range(250))
    assert len(parse(query).terms) == 26
    found = file_database.read(lambda c: search.search(c, query, 60)).result()
    assert [hit.message_id for hit in found.hits] == [wanted]


async def test_a_newer_search_of_a_page_ends_its_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    started = {"slow": threading.Event(), "other": threading.Event()}

    def waiting(
        connection: Connection, text: str, most: int, limit: ReadLimit, start: int
    ) -> search.Found:
        if text in started and connection.filename:
            started[text].set()
            while not limit.is_over():
                pass
            return search.Found([], search.START)
        return search.search(connection, text, most, limit, start)

    monkeypatch.setattr(searches, "search", waiting)
    monkeypatch.setattr(searches, "SEARCH_S", 3_600.0)

    async def ask(owner: str, text: str) -> SearchReply:
        request = SearchRequest(query=text)
        return await asyncio.wait_for(desk.conversations.search(Caller(owner), request), SAFETY_S)

    slow = asyncio.create_task(ask("page-1", "slow"))
    await asyncio.to_thread(started["slow"].wait, SAFETY_S)
    assert (await ask("page-1", "needle")).more is None
    stopped = await slow
    assert stopped.hits == []
    assert stopped.more == SearchRest(kept=search.START, temporary=None)

    other = asyncio.create_task(ask("page-2", "other"))
    await asyncio.to_thread(started["other"].wait, SAFETY_S)
    needle = asyncio.create_task(ask("page-1", "needle"))
    await asyncio.sleep(0)
    assert not other.done(), "a search of another page goes on"
    assert (await ask("page-2", "needle")).more is None
    assert (await needle).more is None
    await other
    await desk.close()


async def test_a_search_with_a_rest_goes_on_in_both_places(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    [stored_id] = put(desk.store.database, "a needle")
    [temporary_id] = put(desk.store.temporary, "another needle")

    async def ask(more: SearchRest | None) -> list[str | None]:
        request = SearchRequest(query="needle", more=more)
        reply = await desk.conversations.search(Caller("page"), request)
        assert reply.more is None
        return [hit.message_id for hit in reply.hits]

    assert await ask(None) == [stored_id, temporary_id]
    assert await ask(SearchRest(kept=None, temporary=search.START)) == [temporary_id]
    assert await ask(SearchRest(kept=search.START, temporary=None)) == [stored_id]
    assert await ask(SearchRest(kept=1, temporary=None)) == []  # nothing is below the first row
    await desk.close()


# --- the check after an unclean end ------------------------------------------------------------


async def test_a_large_file_is_checked_while_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Store(tmp_path)
    first.open()
    put(first.database, "a needle")
    first.close()
    note = first.path.with_suffix(".closed")
    note.unlink()
    monkeypatch.setattr(file_state, "MAX_CHECK_BYTES", 0)
    checking, go_on = threading.Event(), threading.Event()

    def problem(connection: Connection) -> str | None:
        checking.set()
        go_on.wait(SAFETY_S)
        connection.execute(ENDLESS).fetchall()
        return None

    monkeypatch.setattr(store_module, "problem", problem)
    store = Store(tmp_path)
    store.open()
    store.begin()
    await asyncio.to_thread(checking.wait, SAFETY_S)
    listed = await asyncio.wait_for(store.read("", queries.summaries), SAFETY_S)
    assert [summary.title for summary in listed] == ["A title"]
    hits = store.database.search(lambda c: search.search(c, "needle", 5), ReadLimit())
    assert len((await asyncio.wait_for(asyncio.wrap_future(hits), SAFETY_S)).hits) == 1
    go_on.set()
    await asyncio.to_thread(store.close)
    assert not note.exists(), "a file whose check was stopped is checked again at the next start"
    assert store.state().problem is None

    monkeypatch.undo()
    monkeypatch.setattr(file_state, "MAX_CHECK_BYTES", 0)
    store = Store(tmp_path)
    store.open()
    store.begin()
    async with asyncio.timeout(SAFETY_S):
        while store._unchecked:  # noqa: ASYNC110 - nothing else is to be waited for
            await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    assert note.exists()
