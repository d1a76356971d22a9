"""The commands for stored data: beside a running host, and without one."""

import contextlib
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from shell import cli
from shell.cli import keys
from shell.contract import MessageStatus, NewConversation
from shell.conversations import exports
from shell.store.database import Connection
from shell.store.messages import tree
from shell.store.messages.content import take_apart
from shell.store.store import Store
from shell.support.data_directory import HOLDER, DataDirectory, DataDirectoryHeld
from tests.providers.test_keys import CANARY, URL, Memory

Run = Callable[..., tuple[int, list[object], str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "my data 🌊"


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command. Returns its status, its lines of JSON, and its whole output."""
    monkeypatch.setattr(
        "shell.support.logs.set_up_logs", lambda level: None
    )  # pytest listens itself

    def run(*arguments: str) -> tuple[int, list[object], str]:
        capsys.readouterr()
        status = cli.main(["--data-dir", str(data), *arguments])
        captured = capsys.readouterr()
        lines = captured.out.splitlines() if "--json" in arguments else []
        return status, [json.loads(line) for line in lines], captured.out + captured.err

    return run


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    """The store of a running host, with one conversation that has a branch."""
    directory = DataDirectory(str(data))
    directory.prepare()
    with directory.locked("tidewire"):
        store = Store(data)
        store.open()
        store.database.write(fill).result()
        yield store
        store.close()


def fill(connection: Connection) -> None:
    number = tree.create(connection, "conv-1", NewConversation(title="A title", folder="Work"), 1)
    user_message = tree.NewMessage("msg-1", "user", take_apart("What is a <needle>?"), 2)
    question = tree.add(connection, number, None, user_message)
    endings: list[tuple[str, MessageStatus]] = [("msg-2", "complete"), ("msg-3", "streaming")]
    for name, status in endings:
        answer = tree.NewMessage(
            name, "assistant", take_apart("An answer"), 3, status, "echo", "echo-1"
        )
        place = tree.add(connection, number, question, answer)
    tree.append_tail(connection, place, 0, ", so far", "")


def test_without_anything_kept_there_is_nothing_and_nothing_is_made(run: Run, data: Path) -> None:
    assert run("conversations", "list", "--json") == (0, [], "")
    assert run("conversations", "search", "x", "--json") == (0, [], "")
    assert run("conversations", "show", "x")[0] == 1
    assert not data.exists()


def test_what_a_running_host_writes_can_be_read_meanwhile(run: Run, store: Store) -> None:
    status, [listed], _ = run("conversations", "list", "--json")
    assert status == 0
    assert listed == {
        "id": "conv-1",
        "title": "A title",
        "updatedAt": 1,
        "messageCount": 3,
        "pinned": False,
        "folder": "Work",
    }
    _, [conversation], _ = run("conversations", "show", "conv-1", "--json")
    assert isinstance(conversation, dict)
    assert conversation["messages"] == [
        message("msg-1", None, "user", "What is a <needle>?", "complete", 2),
        message("msg-2", "msg-1", "assistant", "An answer", "complete", 3),
        message("msg-3", "msg-1", "assistant", "An answer, so far", "streaming", 3),
    ]
    _, [hit], _ = run("conversations", "search", "needle", "--json")
    assert hit == {
        "conversationId": "conv-1",
        "messageId": "msg-1",
        "snippet": "What is a <needle>?",
    }
    assert run("conversations", "list")[0] == 0
    assert "needle" in run("conversations", "show", "conv-1")[2]


@pytest.mark.parametrize("wrong", ["nobody", "", "two words", "x" * 100, "\udcff"])
def test_an_id_of_no_conversation_is_a_sentence(run: Run, data: Path, wrong: str) -> None:
    """Bytes of an argument that are no text arrive as surrogates, which no database takes."""
    DataDirectory(str(data)).prepare()
    with closing(Store(data)) as store:
        store.open()
    for command in (
        ("conversations", "show", wrong),
        ("conversations", "export", wrong),
        ("compact", wrong),
        ("compact", wrong, "--undo"),
    ):
        status, _, output = run(*command)
        assert status == 1, command
        assert output.startswith("tidewire: "), command
        assert "not found" in output, command
    assert run("conversations", "search", wrong) == (0, [], "")


def message(
    message_id: str, parent: str | None, role: str, text: str, status: str, created: int
) -> dict[str, object]:
    answers = role == "assistant"
    return {
        "id": message_id,
        "parentId": parent,
        "role": role,
        "text": text,
        "status": status,
        "providerId": "echo" if answers else None,
        "modelId": "echo-1" if answers else None,
        "createdAt": created,
    }


def test_what_would_write_waits_for_no_host_but_says_who_it_is(
    run: Run, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "c.json").write_text("[]")
    status, _, output = run("conversations", "import", str(tmp_path / "c.json"))
    assert status == 1
    assert "in use by process" in output
    assert "drop the file on the conversation list" in output
    status, _, output = run("backup", str(tmp_path / "b.zip"))
    assert status == 0
    status, _, output = run("restore", str(tmp_path / "b.zip"))
    assert status == 1
    assert "in use by process" in output


def test_what_became_of_an_import_can_be_read_before_its_terminal_closes(
    run: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    class Person:
        def readline(self) -> str:
            read.append("Enter")
            return "\n"

    monkeypatch.setattr("sys.stdin", Person())
    (tmp_path / "c.json").write_text("[]")
    beside_host = run("conversations", "import", "--stay", str(tmp_path / "c.json"))
    elsewhere = ["--data-dir", str(tmp_path / "elsewhere")]
    done = run(*elsewhere, "conversations", "import", "--stay", str(tmp_path / "c.json"))
    assert (beside_host[0], done[0]) == (1, 0)
    assert read == ["Enter", "Enter"]
    for (_, _, output), sentence in (
        (beside_host, "drop the file on the conversation list"),
        (done, "were imported"),
    ):
        assert sentence in output
        assert output.endswith("Press Enter to close.\n")


def test_exports_come_back_by_import(run: Run, store: Store, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert run("conversations", "export", "conv-1", "--out", str(out))[0] == 0
    printed = run("conversations", "export", "conv-1", "--format", "json")[2]
    assert printed == out.read_text("utf-8")
    for ending, mark in (("md", "# A title"), ("html", "&lt;needle&gt;")):
        assert mark in run("conversations", "export", "conv-1", "--format", ending)[2]
    assert run("conversations", "export", "nope")[0] == 1
    assert run("conversations", "export", "conv-1", "--out", str(tmp_path))[0] == 1
    elsewhere = ["--data-dir", str(tmp_path / "elsewhere")]
    status, lines, _ = run(*elsewhere, "conversations", "import", str(out), "--json")
    assert status == 0
    assert lines == [{"conversations": 1, "messages": 3, "skipped": 0, "warnings": []}]
    second_export = tmp_path / "again.json"
    run(*elsewhere, "conversations", "export", "conv-1", "--out", str(second_export))
    assert second_export.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("content", ["nonsense", "{", ""])
def test_a_file_that_cannot_be_imported_is_a_sentence(
    run: Run, tmp_path: Path, content: str
) -> None:
    (tmp_path / "c.json").write_text(content)
    status, _, output = run("conversations", "import", str(tmp_path / "c.json"))
    assert status == 1
    assert output.startswith("tidewire: ")
    assert "Traceback" not in output
    assert run("conversations", "import", str(tmp_path / "no such file"))[0] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_file_is_replaced_only_by_a_whole_export(
    run: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out" / "conversation.md"
    command = ("conversations", "export", "conv-1", "--format", "md", "--out", str(out))
    assert run(*command)[0] == 0
    whole = out.read_text("utf-8")
    assert "What is a <needle>?" in whole
    out.chmod(0o640)

    def stops(error: BaseException) -> Callable[..., Iterator[str]]:
        def write(_: object) -> Iterator[str]:
            yield "the beginning"
            raise error

        return write

    for error in (OSError(errno.ENOSPC, "No space left on device"), SystemExit()):
        with monkeypatch.context() as patched, contextlib.suppress(SystemExit):
            patched.setitem(exports.FORMATS, "md", ("text/markdown", stops(error)))
            status, _, output = run(*command)
            assert (status, f"{out} cannot be written: No space" in output) == (1, True)
        assert [*out.parent.iterdir()] == [out]
        assert out.read_text("utf-8") == whole
    link = tmp_path / "link.md"
    link.symlink_to(out)
    store.database.write(lambda c: tree.set_title(c, 1, "Renamed", "person")).result()
    assert run(*command[:-1], str(link))[0] == 0
    assert link.is_symlink()
    assert out.read_text("utf-8") == whole.replace("A title", "Renamed")
    assert out.stat().st_mode & 0o777 == 0o640
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as threads:
        read = threads.submit(pipe.read_text, "utf-8")
        assert run(*command[:-1], str(pipe))[0] == 0
        assert read.result(60) == out.read_text("utf-8")
        status, _, output = run("backup", str(pipe))
    assert (status, "is not a file" in output, pipe.is_fifo()) == (1, True, True)


def test_a_backup_brings_everything_back(
    run: Run, store: Store, data: Path, tmp_path: Path
) -> None:
    (data / "settings.json").write_text('{"theme": "dark"}')
    (data / "providers.json").write_text('{"version": 1, "providers": []}')
    bundle = str(tmp_path / "whole backup.zip")
    assert run("backup", bundle)[0] == 0
    new = tmp_path / "new"
    # The folder stays, because `ask` keeps its requests where there is one.
    (new / "wire").mkdir(parents=True)
    (new / "wire" / "0001-inf-1.jsonl").write_text("{}")
    assert run("--data-dir", str(new), "restore", bundle)[0] == 0
    assert [*(new / "wire").iterdir()] == []
    _, [listed], _ = run("--data-dir", str(new), "conversations", "list", "--json")
    assert isinstance(listed, dict)
    assert listed["id"] == "conv-1"
    assert json.loads((new / "settings.json").read_text()) == {"theme": "dark"}
    status, _, output = run("restore", str(tmp_path / "nothing.zip"))
    assert (status, "There is no file" in output) == (1, True)
    assert run("--data-dir", str(tmp_path / "empty"), "backup", bundle)[0] == 1


def test_a_backup_that_cannot_be_written_is_said_by_its_own_name(
    run: Run, store: Store, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    errors = {
        "no/such/x.zip": f"There is no folder {tmp_path / 'no' / 'such'}",
        "file/x.zip": f"There is no folder {tmp_path / 'file'}",
        "folder": f"{tmp_path / 'folder'} is a folder",
    }
    for name, error in errors.items():
        status, _, output = run("backup", str(tmp_path / name))
        assert (status, error in output, ".backup-" in output) == (1, True, False), output
    (data / "settings.json").mkdir()  # the copy of it fails
    status, _, output = run("backup", str(tmp_path / "x.zip"))
    assert (status, str(data / "settings.json") in output) == (1, True), output
    assert not (tmp_path / "x.zip").exists()
    assert not [*tmp_path.rglob(".backup-*")]


def test_what_is_damaged_is_repaired_before_it_is_read(run: Run, data: Path) -> None:
    DataDirectory(str(data)).prepare()
    store = Store(data)
    store.open()
    store.database.write(fill).result()
    store.back_up().result()
    store.close()
    store.path.write_bytes(b"rubbish" * 10_000)
    status, _, output = run("conversations", "list")
    assert status == 0
    assert "A title" in output
    assert "was damaged" in output
    assert list((data / "damaged").iterdir())


# --- keys -----------------------------------------------------------------------------------


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A keychain in memory, without a key in the environment."""
    chain = Memory()
    monkeypatch.setattr(keys, "system_keychain", lambda: chain)
    monkeypatch.setenv("OPENAI_BASE_URL", URL)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return chain


def test_a_key_comes_from_the_standard_input_and_is_never_printed(
    run: Run, chain: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CANARY}\n"))
    entry = {
        "providerId": "openai",
        "configured": True,
        "hint": CANARY[-4:],
        "source": "keychain",
        "host": "api.example.com",
        "note": None,
    }
    status, lines, output = run("keys", "set", "openai", "--json")
    assert (status, lines) == (0, [entry])
    assert CANARY not in output
    status, [listed, other, *_], output = run("keys", "list", "--json")
    assert (status, listed) == (0, entry)
    assert isinstance(other, dict)
    assert other["configured"] is False
    assert CANARY not in output
    assert run("keys", "remove", "openai")[0] == 0
    assert chain.passwords == {}


def test_without_a_keychain_nothing_is_pretended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "system_keychain", lambda: None)
    monkeypatch.setattr("sys.stdin", io.StringIO(CANARY))
    status, _, output = run("keys", "set", "openai")
    assert status == 1
    assert "No keychain is available. The key was not saved" in output
    assert CANARY not in output


@pytest.mark.parametrize("key_input", ["", "\n", "two words", "ключ", "a\x00b", "x" * 10_001])
def test_what_is_no_key_is_refused(
    run: Run, chain: Memory, monkeypatch: pytest.MonkeyPatch, key_input: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(key_input))
    assert run("keys", "set", "openai")[0] == 2
    assert chain.passwords == {}


def test_only_known_providers_have_keys(run: Run) -> None:
    for arguments in (("keys", "remove", "nobody"), ("keys", "set", "echo")):
        status, _, output = run(*arguments)
        assert status == 1
        assert "no provider" in output


HOSTILE = "a\x1b]52;c;ZXZpbA==\x07b\x9b2Jc\x7fd\u202ee\u2066f\x08g"
BARE = "a]52;c;ZXZpbA==b2Jcdefg"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_nothing_that_was_said_controls_the_terminal(
    run: Run, store: Store, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    def add(connection: Connection) -> None:
        new = NewConversation(title=f"{HOSTILE}\nspoofed  line")
        number = tree.create(connection, "conv-2", new, 1)
        new_message = tree.NewMessage(
            "msg-9", "user", take_apart(f"needle {HOSTILE}\tnext\nline"), 2
        )
        tree.add(connection, number, None, new_message)

    store.database.write(add).result()
    commands = {
        ("list",): f"{BARE} spoofed line\n",
        ("show", "conv-2"): f"needle {BARE}\tnext\nline\n",
        ("search", "needle"): f"{BARE} spoofed line\n    needle {BARE} next line\n",
    }
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    for command, expected in commands.items():
        output = run("conversations", *command)[2]
        assert expected in output, command
        assert not set(output) & set(HOSTILE) - set(BARE), command
        status, _, raw = run("conversations", *command, "--json")
        assert status == 0
        assert not set(raw) & set(HOSTILE) - set(BARE), command
    exported = run("conversations", "export", "conv-2", "--format", "md")[2]
    assert ("\x1b" in exported) is not is_terminal


def test_json_says_exactly_what_was_said(run: Run, store: Store) -> None:
    def add(connection: Connection) -> None:
        number = tree.create(connection, "conv-2", NewConversation(title="t"), 1)
        tree.add(connection, number, None, tree.NewMessage("m", "user", take_apart(HOSTILE), 2))

    store.database.write(add).result()
    [conversation] = run("conversations", "show", "conv-2", "--json")[1]
    assert isinstance(conversation, dict)
    assert [message["text"] for message in conversation["messages"]] == [HOSTILE]


def test_a_holder_file_that_cannot_be_written_does_not_prevent_the_lock(tmp_path: Path) -> None:
    directory = DataDirectory(str(tmp_path))
    (tmp_path / HOLDER).mkdir()
    with (
        directory.locked("tidewire"),
        pytest.raises(DataDirectoryHeld, match="another process"),
        directory.locked("other"),
    ):
        pass
