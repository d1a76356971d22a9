"""Exports and saved attachments: names that every system takes, and no blocked event loop."""

import asyncio
import errno
import os
import resource
import threading
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from shell.contract import (
    ExportRequest,
    ImagePart,
    Message,
    NewConversation,
    RestoreRequest,
    SendRequest,
    TitleChange,
)
from shell.conversations import exports
from shell.conversations.exports import Exports
from shell.errors import NotFound, ShellError, ValidationFailed
from shell.settings import SettingsFile
from shell.store.exchange.portable import PortableConversation
from shell.store.messages import content, queries, turns
from shell.support.data_directory import REQUESTS
from shell.support.files import replace_file
from shell.support.text import MAX_NAME_BYTES, cut, file_name
from tests.store.desk import OWNER, Desk

pytestmark = pytest.mark.anyio
SAFETY_S = 60.0
LONG = [
    "海" * 300,
    "नमस्ते " * 100,
    "é" * 300,
    unicodedata.normalize("NFD", "é" * 300),
    unicodedata.normalize("NFD", "한국어" * 100),
    "𝒳" * 300,
    "x" * 300,
]


def exports_of(desk: Desk) -> Exports:
    settings = SettingsFile(desk.store.path.parent / "settings.json")

    async def reload_providers() -> None:
        pass

    return Exports(desk.store, settings, lambda: True, reload_providers)


async def create_titled(desk: Desk, title: str) -> str:
    conversation = await desk.begin()
    await desk.send(conversation, "hello")
    change = TitleChange(conversation_id=conversation, title=title)
    return (await desk.conversations.rename(desk.caller, change)).id


@pytest.mark.parametrize("title", [title[:200] for title in LONG])
@pytest.mark.parametrize("format_name", exports.FORMATS)
async def test_a_conversation_with_a_long_title_is_exported(
    desk: Desk, title: str, format_name: str
) -> None:
    conversation = await create_titled(desk, title)
    request = ExportRequest.model_validate(
        {"conversationIds": [conversation], "format": format_name}
    )
    path = Path(await asyncio.to_thread(exports_of(desk).export_file, request))
    assert await asyncio.to_thread(path.read_text, "utf-8")
    assert path.name[0] == unicodedata.normalize("NFC", title)[0]
    reply = await asyncio.to_thread(exports_of(desk).export, request)
    assert len(os.fsencode(reply.name)) <= MAX_NAME_BYTES


async def test_kept_requests_are_in_no_backup_and_no_export(desk: Desk) -> None:
    await create_titled(desk, "The tide")
    folder = desk.store.path.parent / REQUESTS
    folder.mkdir()
    replace_file(folder / "0000000000001-inf-1.jsonl", b'{"request": "a kept request"}')
    own = exports_of(desk)
    for ending in ("json", "md", "html"):
        reply = await asyncio.to_thread(
            own.export, ExportRequest.model_validate({"format": ending})
        )
        assert "The tide" in reply.text
        assert "a kept request" not in reply.text
    backup = await own.backup()
    with zipfile.ZipFile(desk.store.backups.folder / backup.name) as zipped:
        names = zipped.namelist()
        content = b"".join(zipped.read(name) for name in names)
    assert [name for name in names if REQUESTS in name or "inf-1" in name] == []
    assert b"a kept request" not in content


@pytest.mark.parametrize("stem", LONG)
async def test_attachments_with_the_same_long_name_are_all_saved(desk: Desk, stem: str) -> None:
    saving = exports_of(desk)
    saved = [
        Path(await asyncio.to_thread(saving.save, f"{stem}.png", bytes([place])))
        for place in range(12)
    ]
    assert [path.read_bytes() for path in saved] == [bytes([place]) for place in range(12)]
    assert {path.suffix for path in saved} == {".png"}


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("a picture.png", "a picture.png"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT¹.png", "_LPT¹.png"),
        ("console.txt", "console.txt"),
        ("dots....", "dots"),
        ("space .png", "space.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("D:\\x\\a.png", "D_x_a.png"),
        ("a\x00b\n.png", "a_b_.png"),
        ("...", "attachment"),
        (".png", "png"),
        ("नमस्ते.pdf", "नमस्ते.pdf"),
        ("❤️.png", "_.png"),
        (f"a.{'x' * 300}", None),
    ],
)
async def test_an_attachment_gets_a_name_that_every_system_takes(
    desk: Desk, name: str, saved: str | None
) -> None:
    path = Path(await asyncio.to_thread(exports_of(desk).save, name, b"data"))
    assert path.parent == desk.store.path.parent / "exports"
    assert await asyncio.to_thread(path.read_bytes) == b"data"
    if saved is not None:
        assert path.name == saved


@pytest.mark.parametrize("text", [*LONG, "🏳️‍🌈" * 100, "e" + "\u0301" * 400])
def test_a_cut_leaves_whole_characters(text: str) -> None:
    for most in range(60):
        part = cut(text, most)
        assert text.startswith(part)
        assert len(part.encode()) <= most
        rest = text[len(part) :]
        assert not rest or unicodedata.category(rest[0])[0] != "M"
    assert len(file_name(text, ".tidewire.json").encode()) <= MAX_NAME_BYTES


# --- the event loop stays free ------------------------------------------------------------------


async def test_an_export_for_the_page_is_made_beside_the_loop(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await create_titled(desk, "A title")
    writing, go_on = threading.Event(), threading.Event()

    def write(conversations: Iterable[PortableConversation]) -> Iterator[str]:
        writing.set()
        assert go_on.wait(SAFETY_S), "the loop did not get on"
        yield from (exported.title for exported in conversations)

    monkeypatch.setitem(exports.FORMATS, "md", ("text/markdown", write))
    request = ExportRequest(conversation_ids=[conversation], format="md")
    exporting = asyncio.create_task(desk.conversations.export(desk.caller, request))
    await asyncio.to_thread(writing.wait, SAFETY_S)
    assert len(await desk.store.read("", queries.summaries)) == 1
    go_on.set()
    assert (await exporting).text == "A title"


async def test_an_export_that_is_too_large_for_the_page_ends_early(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [await create_titled(desk, f"Title {place}") for place in range(5)]
    taken: list[str] = []

    def write(conversations: Iterable[PortableConversation]) -> Iterator[str]:
        for conversation in conversations:
            taken.append(conversation.title)
            yield "x" * 60

    monkeypatch.setitem(exports.FORMATS, "md", ("text/markdown", write))
    monkeypatch.setattr(exports, "MAX_REPLY_CHARACTERS", 100)
    request = ExportRequest(conversation_ids=wanted, format="md")
    with pytest.raises(ValidationFailed, match="Export it to a file"):
        await asyncio.to_thread(exports_of(desk).export, request)
    assert taken == ["Title 0", "Title 1"]


async def test_nothing_is_left_of_an_export_that_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await create_titled(desk, "A title")
    folder = desk.store.path.parent / "exports"
    request = ExportRequest(conversation_ids=[conversation, "gone"], format="md")
    with pytest.raises(NotFound):
        await asyncio.to_thread(exports_of(desk).export_file, request)

    def write(conversations: Iterable[PortableConversation]) -> Iterator[str]:
        yield "the beginning"
        raise NotFound("It was purged meanwhile")

    monkeypatch.setitem(exports.FORMATS, "md", ("text/markdown", write))
    request = ExportRequest(conversation_ids=[conversation], format="md")
    with pytest.raises(NotFound):
        await asyncio.to_thread(exports_of(desk).export_file, request)
    assert not folder.exists() or list(folder.iterdir()) == []


async def test_conversations_of_one_title_get_files_of_their_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.strftime", lambda *_: "2026-12-01 120000")
    found = [await create_titled(desk, "A title") for _ in range(2)]
    exporter = exports_of(desk)

    async def export(conversation: str) -> Path:
        request = ExportRequest(conversation_ids=[conversation], format="json")
        return Path(await asyncio.to_thread(exporter.export_file, request))

    paths = [await export(conversation) for conversation in found]
    texts = [await asyncio.to_thread(path.read_text, "utf-8") for path in paths]
    assert [path.name for path in paths] == [
        "A title 2026-12-01 120000.tidewire.json",
        "A title 2026-12-01 120000 (2).tidewire.json",
    ]
    assert [conversation in text for conversation, text in zip(found, texts, strict=True)] == [
        True,
        True,
    ]

    def fails(_: Iterable[PortableConversation]) -> Iterator[str]:
        yield "the beginning"
        raise NotFound("It was purged meanwhile")

    monkeypatch.setitem(exports.FORMATS, "json", ("application/json", fails))
    with pytest.raises(NotFound):
        await export(found[0])
    assert [await asyncio.to_thread(path.read_text, "utf-8") for path in paths] == texts
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)


async def test_attachments_are_encoded_while_others_write(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = ImagePart(media_type="image/png", data="aGVsbG8=")
    conversation = await desk.begin()
    await desk.send(conversation, [picture])
    other = (await desk.conversations.create(desk.caller, NewConversation(title="Other"))).id
    encoding, go_on = threading.Event(), threading.Event()
    assemble = content.assemble

    def blocked(*arguments: object) -> object:
        encoding.set()
        assert go_on.wait(SAFETY_S), "nobody could write meanwhile"
        return assemble(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(turns, "assemble", blocked)
    request = SendRequest(conversation_id=conversation, content="And this?")
    sending = asyncio.create_task(desk.answers.send(OWNER, request))
    await asyncio.to_thread(encoding.wait, SAFETY_S)
    change = TitleChange(conversation_id=other, title="Renamed")
    assert (await desk.conversations.rename(desk.caller, change)).title == "Renamed"
    go_on.set()
    await desk.done(await sending)
    sent = desk.echo.received[-1].messages[0]
    assert isinstance(sent, Message)
    assert sent.content == [picture]


async def test_pages_learn_of_a_restore_whose_settings_cannot_be_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await create_titled(desk, "before")
    backup = await exports_of(desk).backup()
    await desk.conversations.rename(
        desk.caller, TitleChange(conversation_id=conversation, title="after")
    )

    def fails() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exports, "chooser", lambda *_: lambda _: fails)
    version = desk.store.state().version
    with pytest.raises(ShellError):
        await exports_of(desk).restore(RestoreRequest(name=backup.name, providers=[], settings=[]))
    assert desk.store.state().version > version
    [summary] = await desk.conversations.list(desk.caller)
    assert summary.title == "before"


async def test_a_file_that_cannot_be_written_whole_is_removed(
    desk: Desk,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    exporter = exports_of(desk)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        with pytest.raises(ShellError, match="cannot be written"):
            exporter.save("big.bin", b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [*(desk.store.path.parent / "exports").iterdir()] == []
