"""`tidewire conversations`: lists, shows, searches, exports and imports conversations."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from shell.cli.open_store import to_read, to_write
from shell.cli.output import print_line
from shell.conversations.exports import FORMATS, write_file
from shell.errors import ShellError, ValidationFailed
from shell.store.connection_thread import ReadLimit
from shell.store.database import Connection
from shell.store.exchange import portable
from shell.store.exchange.importing import ImportedPart, import_file
from shell.store.messages import queries, tree
from shell.store.search.search import search as search_messages
from shell.support.data_directory import DataDirectory
from shell.support.dates import format_date
from shell.support.files import reason
from shell.support.futures import result_of
from shell.support.text import CONTROLS

MOST_HITS = 200
LISTED = {"id", "title", "updated_at", "message_count", "pinned", "folder"}
"""Fields of a conversation that `list` prints."""


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print every conversation, one line each."""
    with to_read(data) as database:
        for summary in database.read(queries.summaries).result():
            line = summary.model_dump(by_alias=True, include=LISTED)
            facts = f"{format_date(summary.updated_at)}  {summary.message_count:>5}"
            text = f"{summary.id}  {facts}  {_line(summary.title)}"
            print_line(line, text.translate(CONTROLS), as_json=as_json)


def show(data: DataDirectory, *, conversation_id: str, as_json: bool) -> None:
    """Print every message of a conversation, on every branch."""

    def read(connection: Connection) -> tuple[str, list[queries.MessageRow]]:
        number = tree.conversation(connection, conversation_id)
        summary = queries.summary(connection, conversation_id)
        return summary.title, queries.every(connection, number)

    with to_read(data) as database:
        title, rows = database.read(read).result()
    ids = {row.number: row.id for row in rows}
    messages = [
        {
            "id": row.id,
            "parentId": None if row.parent is None else ids[row.parent],
            "role": row.role,
            "text": row.text,
            "status": row.status,
            "providerId": row.provider_id,
            "modelId": row.model_id,
            "createdAt": row.created_at,
        }
        for row in rows
    ]
    whole = {"id": conversation_id, "title": title, "messages": messages}
    body = "\n\n".join(f"[{row.role}, {row.status}] {row.id}\n{row.text}" for row in rows)
    text = f"{_line(title)}\n\n{body}".translate(CONTROLS)
    print_line(whole, text, as_json=as_json)


def search(data: DataDirectory, *, query: str, as_json: bool) -> None:
    """Print the messages that contain the words, best first."""
    with to_read(data) as database:
        limit = ReadLimit()  # a person can interrupt it by Ctrl-C
        search = database.search(lambda c: search_messages(c, query, MOST_HITS, limit), limit)
        found = result_of(search)
    for hit in found.hits:
        line = hit.model_dump(by_alias=True, include={"conversation_id", "message_id", "snippet"})
        text = f"{hit.conversation_id}  {_line(hit.title)}\n    {hit.snippet}"
        print_line(line, text.translate(CONTROLS), as_json=as_json)


def export(
    data: DataDirectory,
    *,
    conversation_id: str,
    format_name: Literal["json", "md", "html"],
    out: str | None,
) -> None:
    """Write a conversation to a file, or to the standard output."""
    with to_read(data) as database:
        conversation = database.read(
            lambda c: portable.read_conversation(c, tree.conversation(c, conversation_id))
        ).result()
    if out is not None:
        write_file(Path(out), format_name, [conversation])
        return
    for piece in FORMATS[format_name][1]([conversation]):
        sys.stdout.write(piece.translate(CONTROLS) if sys.stdout.isatty() else piece)


def import_(data: DataDirectory, *, file: str, as_json: bool, stay: bool) -> int:
    """Import a file of conversations and print the result.

    `stay` waits for Enter, so that the result can be read before the terminal closes.
    """
    status = 0
    try:
        _import(data, file, as_json=as_json)
    except ShellError as error:
        if not stay:
            raise
        print(f"tidewire: {error}", file=sys.stderr)
        status = 1
    if stay:
        print("Press Enter to close.", file=sys.stderr, flush=True)
        sys.stdin.readline()
    return status


def _import(data: DataDirectory, name: str, *, as_json: bool) -> None:
    path = Path(name)
    reported_at = time.monotonic()

    def progress(imported: ImportedPart) -> None:
        nonlocal reported_at
        if sys.stderr.isatty() and time.monotonic() - reported_at > 0.5:
            reported_at = time.monotonic()
            share = 100 * imported.read_bytes // max(1, imported.total_bytes)
            print(f"{share} %, {imported.conversations} conversations", file=sys.stderr, flush=True)

    try:
        file = path.open("rb")
    except OSError as error:
        raise ShellError(f"{name} cannot be read: {reason(error)}") from error
    advice = "Or drop the file on the conversation list there."
    try:
        with (
            file,
            to_write(data, "tidewire conversations import", advice) as store,
            _seekable(file, data.path) as whole,
        ):
            size = whole.seek(0, os.SEEK_END)
            whole.seek(0)
            imported = import_file(store.database, whole, size, progress)
    except ValidationFailed as error:  # the file's fault, not the command line's
        raise ShellError(error.message) from None
    warnings = [remark.text for remark in imported.remarks]
    line = {
        "conversations": imported.conversations,
        "messages": imported.messages,
        "skipped": imported.skipped,
        "warnings": warnings,
    }
    text = f"{imported.conversations} conversations with {imported.messages} messages were imported"
    text += f", {imported.skipped} were skipped" if imported.skipped else ""
    print_line(line, "\n".join([text, *warnings]).translate(CONTROLS), as_json=as_json)


@contextmanager
def _seekable(file: IO[bytes], folder: Path) -> Iterator[IO[bytes]]:
    """Yield the file, or a copy in the folder of what comes through a pipe."""
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile(dir=folder) as copy:
        shutil.copyfileobj(file, copy)
        yield copy


def _line(text: str) -> str:
    """Return a title as one line. An imported title may have line feeds."""
    return " ".join(text.split())
