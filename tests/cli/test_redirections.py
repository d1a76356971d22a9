"""Commands whose standard streams are pipes and files: encodings, line ends and errors."""

import io
import json
from pathlib import Path

import pytest

from shell.cli.program import _repair_streams
from tests.command import run

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
