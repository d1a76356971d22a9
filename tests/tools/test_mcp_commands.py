"""`tidewire mcp`: real processes, servers and terminals."""

import json
import sys
from pathlib import Path

import pytest

from shell.errors import ToolError
from shell.tools.search_path import resolve_program
from tests.command import Result, run
from tests.tools.mcp_servers import hostile, processes_in, started
from tests.tools.terminal import Terminal


def mcp(data: Path, *arguments: str, **changes: str | None) -> Result:
    return run("mcp", *arguments, **{"TIDEWIRE_DATA_DIR": str(data), **changes})


def test_a_server_is_added_listed_tested_switched_and_removed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    added = mcp(data, "add", "mine", *hostile("nothing", tmp_path))
    assert (added.status, added.err) == (0, "")
    assert added.out.startswith("mine  ready, 4 tools  (")
    second = mcp(data, "add", "mine", "node")
    assert second.status == 2
    assert second.is_one_sentence("There is a server 'mine' already"), second.err
    (listed,) = mcp(data, "list", "--json").lines
    assert listed["command"] == hostile("nothing", tmp_path)
    assert (listed["state"], listed["tools"], listed["enabled"]) == ("idle", 4, True)
    assert len(started(tmp_path)) == 1, "listing starts nothing"
    called = run("tools", "run", "fine", TIDEWIRE_DATA_DIR=str(data))
    assert called.out == "fine\n"
    assert "mine  off" in mcp(data, "disable", "mine").out
    off = run("tools", "run", "fine", TIDEWIRE_DATA_DIR=str(data))
    assert off.is_one_sentence("There is no tool 'fine'"), off.err
    assert mcp(data, "test", "mine").out.startswith("mine  ready, 4 tools"), "also when it is off"
    assert mcp(data, "remove", "mine").out == "removed mine\n"
    assert mcp(data, "list").out == ""
    assert mcp(data, "remove", "mine").is_one_sentence("no server", "tidewire mcp list")
    if sys.platform == "linux":
        assert processes_in(tmp_path) == []


def test_a_call_of_an_answer_waits_for_the_person(tmp_path: Path) -> None:
    data = tmp_path / "data"
    mcp(data, "add", "mine", *hostile("nothing", tmp_path))
    call = "/call mine__go {}\n/then\nso be it"
    options = ["--provider", "echo", "--tools", "go"]
    denied = run("ask", call, *options, TIDEWIRE_DATA_DIR=str(data))
    assert denied.out.strip() == "so be it"
    as_json = run("ask", call, *options, "--json", TIDEWIRE_DATA_DIR=str(data))
    results = [line for line in as_json.lines if line.get("channel") == "llm:result"]
    assert [line["state"] for line in results] == ["denied"]
    assert len(started(tmp_path)) == 1, "the server was not needed"
    allowed = run("ask", call, *options, "--allow", "go", "--json", TIDEWIRE_DATA_DIR=str(data))
    (result,) = [line for line in allowed.lines if line.get("channel") == "llm:result"]
    assert (result["state"], result["text"]) == ("done", "gone")


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    failed = mcp(tmp_path, "add", "mine", *hostile("does not start", tmp_path))
    assert failed.status == 1
    assert "It said: There is no database." in failed.out
    assert failed.err == "There is no database.\n"


@pytest.mark.parametrize(("program", "source"), [("npx", "Node.js"), ("uvx", "uv (https")])
def test_a_program_that_is_missing_is_named_with_what_it_comes_with(
    program: str, source: str
) -> None:
    with pytest.raises(ToolError, match="is not found") as raised:
        resolve_program(program, "/nowhere")
    assert source in raised.value.message


def test_an_import_waits_for_the_person_at_the_terminal(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "claude.json"
    program, *arguments = hostile("nothing", tmp_path)
    entries = {"mine": {"command": program, "args": arguments}, "bad": {"url": "http://a.org"}}
    file.write_text(json.dumps({"mcpServers": entries}), "utf-8")
    done = mcp(data, "import", str(file))
    assert done.out == "mine was added, switched off. Switch it on: tidewire mcp enable mine\n"
    assert done.is_one_sentence("bad", "begins with https://"), done.err
    refused = mcp(data, "enable", "mine")
    assert refused.status == 1
    assert "Add --yes if you agree" in refused.err
    assert str(tmp_path / "processes") in refused.err, "the whole command"
    assert mcp(data, "test", "mine").is_one_sentence("Nobody has agreed to mine")
    terminal = Terminal("mcp", "enable", "mine", TIDEWIRE_DATA_DIR=str(data))
    terminal.until("Run this program on your computer? [y/N] ")
    terminal.enter("n\n")
    assert terminal.wait_for_exit() == 1
    assert not (tmp_path / "processes").exists()
    terminal = Terminal("mcp", "enable", "mine", TIDEWIRE_DATA_DIR=str(data))
    terminal.until("[y/N] ")
    terminal.enter("y\n")
    assert terminal.wait_for_exit() == 0
    assert run("tools", "run", "fine", TIDEWIRE_DATA_DIR=str(data)).out == "fine\n"


def test_a_question_at_the_terminal_shows_the_folder_and_the_values_too(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "claude.json"
    entry = {"command": "./x", "cwd": "/strange", "env": {"NODE_OPTIONS": "${MINE}", "A": "${B}"}}
    file.write_text(json.dumps({"mcpServers": {"mine": entry}}), "utf-8")
    mcp(data, "import", str(file))
    shown = mcp(data, "enable", "mine", "--yes")
    assert shown.err == (
        "mine\n\n./x\n\nIn the folder: /strange\n\n"
        "It gets: A (from the variable B), NODE_OPTIONS (from the variable MINE)\n\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mine"], "Name the command or address"),
        (["mine", "--env", "A=b", "node"], "Write options before the name"),
        (["--env", "A", "mine", "node"], "NAME=VALUE"),
        (["a b", "node"], "A name has 1 to 40 letters"),
        (["mine", "http://example.org/mcp"], "begins with https://"),
        (["mine", "https://example.org/mcp", "--flag"], "takes no arguments"),
        (["--header", "A=b", "mine", "node"], "takes no headers"),
    ],
)
def test_what_cannot_be_a_server_is_refused(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    result = mcp(tmp_path, "add", *arguments)
    assert result.status == 2
    assert result.is_one_sentence(words), result.err
    assert not (tmp_path / "mcp.json").exists()


def test_a_secret_needs_a_keychain_and_a_variable_does_not(tmp_path: Path) -> None:
    argv = hostile("nothing", tmp_path)
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    refused = mcp(tmp_path, "add", "--env", "TOKEN=t0ken", "mine", *argv, **nowhere)
    assert refused.is_one_sentence("no keychain", "TOKEN", "${NAME}"), refused.err
    assert "t0ken" not in (tmp_path / "mcp.json").read_text()
    file = tmp_path / "claude.json"
    entries = {
        "lost": {"command": "node", "env": {"TOKEN": "t0ken"}},
        "here": {"command": "node", "env": {"TOKEN": "${MINE}"}},
    }
    file.write_text(json.dumps({"mcpServers": entries}), "utf-8")
    imported = mcp(tmp_path, "import", str(file), **nowhere)
    assert imported.out.startswith("here was added")
    assert imported.is_one_sentence("lost", "no keychain", "${NAME}"), imported.err
    assert [line["name"] for line in mcp(tmp_path, "list", "--json").lines] == ["here"]
    mcp(tmp_path, "remove", "here")
    added = mcp(tmp_path, "add", "--env", "TOKEN=${MINE}", "mine", *argv, MINE="t0ken-value")
    assert added.status == 0, added.out
    data = {"TIDEWIRE_DATA_DIR": str(tmp_path)}
    result = run("tools", "run", "environment", **data, MINE="another-value")
    assert json.loads(result.out)["TOKEN"] == "another-value"
    missing = mcp(tmp_path, "test", "mine", MINE=None)
    assert "TOKEN of mine has no value" in missing.out
    (doctor,) = [
        line for line in run("doctor", "--json", **data).lines if line["name"] == "mcp mine"
    ]
    assert (doctor["ok"], doctor["text"]) == (False, "TOKEN needs a variable that is not set.")


@pytest.mark.parametrize("name", ["missing.json", "large.json"])
def test_a_file_that_cannot_be_imported_is_a_sentence(tmp_path: Path, name: str) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        # On Linux it takes no room on the disk, and is larger than the memory.
        file.truncate(1 << 40 if sys.platform == "linux" else 2_000_000)
    refused = mcp(tmp_path / "data", "import", str(tmp_path / name))
    reason = {"missing.json": "cannot be read", "large.json": "more than 1,000,000 bytes"}[name]
    assert refused.is_one_sentence(name, reason), refused.err
    assert refused.status == {"missing.json": 1, "large.json": 2}[name]
