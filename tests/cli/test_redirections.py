"""Commands whose standard streams are pipes and files: encodings, line ends and errors."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shell.cli.program import _repair_streams
from tests.command import COMMAND, Result, environment, run
from tests.tools.terminal import Terminal

TEXT = "Grüße, 日本 🎉"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with one conversation, whose title and message are `TEXT`."""
    file = tmp_path / "prompts.json"
    nodes = {
        "root": {"id": "root", "parent": None, "children": ["m"], "message": None},
        "m": {
            "id": "m",
            "parent": "root",
            "children": [],
            "message": {"author": {"role": "user"}, "content": {"parts": [TEXT]}},
        },
    }
    file.write_text(json.dumps([{"id": "c", "title": TEXT, "mapping": nodes}]))
    assert run("--data-dir", str(tmp_path), "conversations", "import", str(file)).status == 0
    return tmp_path


def test_redirected_output_is_utf_8_whatever_the_encoding_of_the_system_is(data: Path) -> None:
    """A pipe on Windows has the encoding of the country, such as cp1252."""
    options = ("--data-dir", str(data))
    environment = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    listed = run(*options, "conversations", "list", **environment)
    assert listed.out.endswith(f"  {TEXT}\n")
    [conversation] = run(*options, "conversations", "list", "--json", **environment).lines
    assert conversation["title"] == TEXT
    conversation_id = str(conversation["id"])
    exported = run(*options, "conversations", "export", conversation_id, **environment)
    assert json.loads(exported.out)["conversations"][0]["title"] == TEXT
    [shown] = run(*options, "conversations", "show", conversation_id, "--json", **environment).lines
    assert (shown["title"], shown["messages"][0]["text"]) == (TEXT, TEXT)  # type: ignore[index]
    asked = run(*options, "ask", "-", "--provider", "echo", text=f"{TEXT}\n", **environment)
    assert asked.out == f"{TEXT}\n"
    counted = ("--budget-tokens", "5000", "--provider", f"{TEXT}")
    refused = run(*options, "ask", "hi", *counted, **environment)
    assert TEXT in refused.err


def test_the_line_ends_of_a_redirected_table_are_those_of_csv(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On Windows, text streams write CR LF for each LF."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", newline="\r\n")
    monkeypatch.setattr("sys.stdout", stream)
    _repair_streams()
    stream.write("a\r\nb\n")
    stream.flush()
    assert stream.buffer.getvalue() == b"a\r\nb\n"


# --- errors of the system -------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "arguments", [("keys", "list"), ("--help",), ("ask", "hi", "--provider", "echo")]
)
def test_a_full_disk_is_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(TIDEWIRE_DATA_DIR=str(tmp_path), PYTHONUNBUFFERED=None),
            check=False,
        )
    result = Result(done.returncode, "", done.stderr.decode())
    assert result.status == 1
    assert result.is_one_sentence("tidewire: ", "No space left on device"), result.err


def test_help_for_a_reader_that_has_left_is_no_error_to_report() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [*COMMAND, "--help"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            env=environment(PYTHONUNBUFFERED=None),
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("restore", "x" * 300), 1, ["xxx", "File name too long"]),
        (("--data-dir", "x" * 300, "usage"), 1, ["xxx", "File name too long"]),
        (("--data-dir", "~nobody-of-this-name/x", "usage"), 2, ["~nobody-of-this-name"]),
        (("templates", "check", "~nobody-of-this-name/x"), 2, ["~nobody-of-this-name"]),
        (("tools", "add", "~nobody-of-this-name/x.py"), 2, ["~nobody-of-this-name"]),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other names and sentences")
def test_an_impossible_path_is_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], status: int, words: list[str]
) -> None:
    result = run("--data-dir", str(tmp_path), *arguments)
    assert (result.status, result.out) == (status, "")
    assert result.is_one_sentence("tidewire: ", *words), result.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other limits")
def test_an_error_of_the_system_has_a_traceback_in_the_log_for_developers(tmp_path: Path) -> None:
    result = run("--log-level", "debug", "--data-dir", str(tmp_path / ("x" * 300)), "usage")
    assert result.status == 1
    assert "Traceback" in result.err
    assert result.err.splitlines()[-1].startswith("tidewire: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_an_import_comes_through_a_pipe(data: Path, tmp_path: Path) -> None:
    options = ("--data-dir", str(data))
    [conversation] = run(*options, "conversations", "list", "--json").lines
    exported = run(*options, "conversations", "export", str(conversation["id"])).out
    elsewhere = ("--data-dir", str(tmp_path / "elsewhere"))
    imported = run(*elsewhere, "conversations", "import", "/dev/stdin", "--json", text=exported)
    assert imported.err == ""
    assert imported.lines == [{"conversations": 1, "messages": 1, "skipped": 0, "warnings": []}]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_no_key_on_a_terminal_is_a_sentence(tmp_path: Path) -> None:
    with Terminal("--data-dir", str(tmp_path), "keys", "set", "openai") as terminal:
        terminal.until("Key: ")
        terminal.enter("\x04")  # Ctrl-D
        assert terminal.wait_for_exit() == 2
    last_line = terminal.output.splitlines()[-1]
    assert last_line.startswith("tidewire: Standard input must contain the key"), terminal.output


# --- files to write -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [("backup",), ("ask", "hi", "--provider", "echo", "--record")]
)
def test_a_file_that_cannot_be_written_is_named_before_any_work(
    data: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    missing = run("--data-dir", str(data), *arguments, str(tmp_path / "none" / "file"))
    assert (missing.status, missing.out) == (1, "")
    assert missing.is_one_sentence(f"There is no folder {tmp_path / 'none'}"), missing.err
    folder = run("--data-dir", str(data), *arguments, str(tmp_path))
    assert (folder.status, folder.out) == (1, "")
    assert folder.is_one_sentence(f"{tmp_path} is a folder"), folder.err
