"""Maintains the two full-text indexes of messages and titles.

`words` finds words and prefixes of words, and ranks them. In scripts without spaces each character
is a token, so a phrase finds any sequence of them. `trigrams` finds text of at least three
characters inside words. It stores which trigrams a text has but not where, so the search must
compare every match with the text. Neither index stores the text itself.
"""

import re

import apsw

from shell.store.rows import rows

RESULTS = """
    coalesce((
        SELECT group_concat(char(10) || json_extract(entry, '$.text'), '')
        FROM steps WHERE message = ?1 AND json_extract(entry, '$.type') = 'result'
    ), '')
"""
"""The text of all results of the message with this number, each after a line feed."""
_SINGLE_WORDS = re.compile(
    "["
    # Without spaces between words: Han, kana, Hangul (whose particles cling), Thai, Lao,
    # Myanmar, Khmer.
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007"
    "\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
    "\U0001b000-\U0001b2ff\U00020000-\U0003ffff"
    # Symbols and emoji are words of their own: "C++", "🎉".
    "$+<=>^`|~\u00a2-\u00a9\u00ac\u00ae-\u00b1\u00b4\u00b8\u00d7\u00f7\u2000-\u2bff"
    "\ufe0f\U0001f000-\U0001faff"
    "]"
)


def separate_words(text: str) -> str:
    """Put a space around every character that is a word by itself, for the index `words`."""
    return _SINGLE_WORDS.sub(r" \g<0> ", text.replace("\0", " "))


def put_message(connection: apsw.Connection, number: int, text: str) -> None:
    """Index the text of a message, and the results of the tools that it called."""
    found: str = connection.execute(f"SELECT {RESULTS}", (number,)).get
    _put(connection, number, "", text + found)


def put_title(connection: apsw.Connection, conversation_number: int, title: str) -> None:
    """Index the title of a conversation, in the row of its negated number."""
    _put(connection, -conversation_number, title, "")


def remove(connection: apsw.Connection, number: int) -> None:
    """Remove a message from the indexes."""
    connection.execute("DELETE FROM words WHERE rowid = ?", (number,))
    connection.execute("DELETE FROM trigrams WHERE rowid = ?", (number,))


def remove_conversation(connection: apsw.Connection, conversation_number: int) -> None:
    """Remove the title and the messages of a conversation from the indexes."""
    remove(connection, -conversation_number)
    sql = "SELECT number FROM messages WHERE conversation = ?"
    for number in rows(connection.execute(sql, (conversation_number,)), int):
        remove(connection, number)


def build(connection: apsw.Connection) -> None:
    """Rebuild both indexes from the stored messages and titles."""
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
    connection.execute("INSERT INTO trigrams (trigrams) VALUES ('delete-all')")
    for number, title in connection.execute("SELECT number, title FROM conversations"):
        put_title(connection, number, title)
    for number, text in connection.execute("SELECT number, text FROM messages"):
        put_message(connection, number, text)


def _put(connection: apsw.Connection, row: int, title: str, body: str) -> None:
    remove(connection, row)
    if title or body:
        connection.execute(
            "INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)",
            (row, separate_words(title), separate_words(body)),
        )
        connection.execute(
            "INSERT INTO trigrams (rowid, body) VALUES (?, ?)",
            (row, (title or body).replace("\0", " ")),
        )
