"""The search finds every stored word in any script, ranks the hits, and marks the word."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shell.contract import NewConversation, SearchHit
from shell.store.database import Connection, Database
from shell.store.messages import tree
from shell.store.messages.content import take_apart
from shell.store.search.search import search
from shell.store.search.snippet import CHARACTERS_AROUND, snippet
from shell.support.ids import new_id


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(None)
    database.open()
    yield database
    database.close()


def put(database: Database, *texts: str, title: str = "A title") -> list[str]:
    """One conversation with these messages; returns their ids."""
    ids = [new_id() for _ in texts]

    def write(connection: Connection) -> None:
        number = tree.create(connection, new_id(), NewConversation(title=title), 1)
        parent = None
        for message_id, text in zip(ids, texts, strict=True):
            message = tree.NewMessage(message_id, "user", take_apart(text), 1)
            parent = tree.add(connection, number, parent, message)

    database.write(write).result()
    return ids


def find(database: Database, query: str, limit: int = 50) -> list[SearchHit]:
    return database.read(lambda c: search(c, query, limit)).result().hits


def marked(hit: SearchHit) -> list[str]:
    units = hit.snippet.encode("utf-16-le")
    return [units[mark.start * 2 : mark.end * 2].decode("utf-16-le") for mark in hit.marks]


@pytest.mark.parametrize(
    ("query", "text", "mark"),
    [
        ("cat", "a cat sat", "cat"),  # three letters
        ("is", "this is it", "is"),  # two
        ("7", "chapter 7", "7"),
        ("CAT", "a cAt sat", "cAt"),
        ("cafe", "le Café noir", "Café"),
        ("Café", "le cafe noir", "cafe"),
        ("tide", "the tidewire", "tide"),  # the beginning of a word
        ("wire", "the tidewire", "wire"),  # inside one
        ("userName", "call getUserNameById()", "UserName"),
        ("don't", "I don't know", "don't"),
        ("C++", "written in C++ mostly", "C++"),
        ("-->", "an arrow --> here", "-->"),
        ("->", "an arrow -> here", "->"),
        ("--", "a long -- dash", "--"),
        ("🎉", "done 🎉 at last", "🎉"),
        ("北京", "我昨天在北京吃饭", "北京"),
        ("京", "我昨天在北京吃饭", "京"),
        ("とうきょう", "私はとうきょうに住む", "とうきょう"),
        ("서울", "나는 서울에서 왔다", "서울"),
        ("กรุงเทพ", "ฉันอยู่กรุงเทพมหานคร", "กรุงเทพ"),
        ("नमस्ते", "नमस्ते दुनिया", "नमस्ते"),
        ("привет", "Привет, мир", "Привет"),
        ("النص", "هذا هو النص الكامل", "النص"),
        ('"cat sat"', "the cat sat there", "cat sat"),
    ],
)
def test_what_people_look_for_is_found_and_marked(
    database: Database, query: str, text: str, mark: str
) -> None:
    put(database, "something else altogether: 无关的内容", title="other")
    [wanted] = put(database, f"🌊🌊 {text}")
    hits = find(database, query)
    assert [hit.message_id for hit in hits if mark in hit.snippet] == [wanted]
    assert mark in marked(next(hit for hit in hits if hit.message_id == wanted))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("京北", "北京"),
        ('"sat cat"', "the cat sat there"),
        ("cat dog", "a cat alone"),
        ("xyz", "abcxy z"),
        ('"', "nothing"),
        ("", "nothing"),
        ("   ", "nothing"),
        ('"" *', "nothing"),
    ],
)
def test_what_is_not_there_is_not_found(database: Database, query: str, text: str) -> None:
    put(database, text)
    assert find(database, query) == []


@pytest.mark.parametrize(
    "query",
    [
        "a AND b",
        "NOT x",
        "title: x",
        "x*",
        "^x",
        "(a",
        "a OR b",
        "NEAR(a b)",
        "{a}: b",
        "'",
        "\\",
        "a\0b",
    ],
)
def test_no_query_is_a_syntax_error(database: Database, query: str) -> None:
    put(database, "a b x near not or and title")
    find(database, query)


def test_all_terms_must_be_there_short_ones_and_long_ones(database: Database) -> None:
    [both] = put(database, "an ox in mydatabases")
    put(database, "mydatabases alone", "an ox alone")
    assert [hit.message_id for hit in find(database, "ox database")] == [both]


def test_a_title_comes_before_a_mention_and_more_before_less(database: Database) -> None:
    filler = "many other words stand around here " * 10
    [mention] = put(database, f"{filler} walrus {filler}", title="Sea animals")
    [often] = put(database, "walrus walrus walrus", title="Repetition")
    put(database, "nothing to see", title="walrus")
    [inside] = put(database, "the seawalruses", title="Inside")
    hits = find(database, "walrus")
    assert [(hit.message_id, hit.title) for hit in hits] == [
        (None, "walrus"),
        (often, "Repetition"),
        (mention, "Sea animals"),
        (inside, "Inside"),
    ]
    assert hits[2].snippet.startswith("…")
    assert hits[2].snippet.endswith("…")
    assert marked(hits[2]) == ["walrus"]


def test_no_more_than_asked_for(database: Database) -> None:
    put(database, *["the same word"] * 30)
    assert len(find(database, "same", limit=7)) == 7


WORD = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Z", "P"), exclude_characters='"'),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(Path(tmp_path_factory.mktemp("search")) / "conversations.db")
    database.open()
    yield database
    database.close()


def readable(word: str) -> bool:
    """Marks that stand alone are no word, whatever they would stand on."""
    decomposed = unicodedata.normalize("NFD", word)
    return any(
        not unicodedata.combining(c) and unicodedata.category(c)[0] != "M" for c in decomposed
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.lists(WORD.filter(readable), min_size=1, max_size=6))
def test_every_word_that_was_stored_is_found(shared: Database, words: list[str]) -> None:
    message_id = put(shared, " ".join(words))[0]
    for word in words:
        numbers = {hit.message_id for hit in find(shared, word, limit=200)}
        assert message_id in numbers, word


def test_a_hit_with_more_marks_than_a_snippet_reads_is_found() -> None:
    text = "a" + "\N{COMBINING ACUTE ACCENT}" * (2 * CHARACTERS_AROUND) + "b tides"
    line, marks = snippet(text, ["ab"])
    assert (line[0], marks) == ("a", [])
