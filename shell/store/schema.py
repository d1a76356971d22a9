"""Defines the tables as a list of migrations.

Each migration is one transaction, so a killed process leaves all of it or nothing.
"""

from collections.abc import Sequence

import apsw

from shell.errors import StorageFailed

APPLICATION_ID = 0x54696465
"""Identifies the file as ours in its header ("Tide" in ASCII)."""

Migration = tuple[str, ...]

MIGRATIONS: tuple[Migration, ...] = (
    (
        f"PRAGMA application_id = {APPLICATION_ID}",
        """
        CREATE TABLE conversations (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            title_from TEXT NOT NULL CHECK (title_from IN ('words', 'model', 'person')),
            system_prompt TEXT,
            folder TEXT,
            pinned INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            deleted_at INTEGER,
            chosen INTEGER,
            digest INTEGER NOT NULL
        )
        """,
        # `chosen` is the child, or for a conversation the first message, on the chosen path.
        """
        CREATE TABLE messages (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
            parent INTEGER REFERENCES messages ON DELETE CASCADE,
            chosen INTEGER,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
            status TEXT NOT NULL CHECK (
                status IN ('complete', 'streaming', 'interrupted', 'cancelled', 'failed')
            ),
            created_at INTEGER NOT NULL,
            provider_id TEXT,
            model_id TEXT,
            inference_id TEXT,
            text TEXT NOT NULL,
            reasoning TEXT NOT NULL,
            parts TEXT,
            detail TEXT,
            digest INTEGER NOT NULL
        )
        """,
        "CREATE INDEX messages_of ON messages (conversation, number)",
        "CREATE INDEX messages_under ON messages (parent) WHERE parent IS NOT NULL",
        "CREATE INDEX messages_live ON messages (conversation) WHERE status = 'streaming'",
        # Text of a running answer. It moves into the message when the answer ends.
        """
        CREATE TABLE tails (
            message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
            place INTEGER NOT NULL,
            text TEXT NOT NULL,
            reasoning TEXT NOT NULL,
            PRIMARY KEY (message, place)
        ) WITHOUT ROWID
        """,
        # Attachments, each stored once under the SHA-256 of its bytes.
        "CREATE TABLE blobs (hash TEXT PRIMARY KEY, data BLOB NOT NULL)",
        # Neither index holds the text itself. The rowid is the number of a message, or the
        # negated number of a conversation for its title.
        """
        CREATE VIRTUAL TABLE words USING fts5(
            title, body, content = '', contentless_delete = 1,
            tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co S*'"
        )
        """,
        """
        CREATE VIRTUAL TABLE trigrams USING fts5(
            body, content = '', contentless_delete = 1, detail = none,
            tokenize = 'trigram case_sensitive 0 remove_diacritics 1'
        )
        """,
    ),
    (
        """
        CREATE TABLE notes (
            name TEXT PRIMARY KEY,
            text TEXT NOT NULL,
            changed_at INTEGER NOT NULL
        ) WITHOUT ROWID
        """,
    ),
    (
        # The tool calls of a run, the decisions about them and their results, as JSON.
        """
        CREATE TABLE steps (
            message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
            place INTEGER NOT NULL,
            entry TEXT NOT NULL,
            PRIMARY KEY (message, place)
        ) WITHOUT ROWID
        """,
    ),
    (
        # The template that made a question, as JSON.
        """
        CREATE TABLE templates (
            message INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
            entry TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        # The summary of a message and of all before it, as JSON.
        """
        CREATE TABLE compactions (
            message INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
            entry TEXT NOT NULL
        ) WITHOUT ROWID
        """,
    ),
)


def version(connection: apsw.Connection) -> int:
    """Return how many migrations have been applied to the file."""
    return int(connection.pragma("user_version"))


def check_version(connection: apsw.Connection, migrations: Sequence[Migration]) -> int:
    """Return the version of the file.

    Raises:
        StorageFailed: a newer Tidewire wrote the file.
    """
    found = version(connection)
    if found > len(migrations):
        raise StorageFailed(
            f"{connection.filename} was written by a newer Tidewire (format {found}, and this one "
            f"knows {len(migrations)}). Nothing was changed. Use the newer Tidewire, or choose "
            "another directory with --data-dir."
        )
    return found


def migrate(connection: apsw.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the file up to date, with one transaction for each migration.

    Raises:
        StorageFailed: a newer Tidewire wrote the file.
    """
    while check_version(connection, migrations) < len(migrations):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Read again inside the transaction: another process may have migrated the file.
            found = check_version(connection, migrations)
            if found < len(migrations):
                for statement in migrations[found]:
                    connection.execute(statement)
                connection.pragma("user_version", found + 1)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
