"""`python -m tidewire_bridge COMMAND`: its help, and its refusals in a sentence."""

import signal
import sys
from pathlib import Path

import pytest

from shell.errors import ShellError
from tidewire_bridge.program import develop
from tidewire_bridge.program.build import build
from tidewire_bridge.program.commands import main
from tidewire_bridge.program.develop import program_files, without_proxy_errors
from tidewire_bridge.program.new import write_types


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["new", "--help"], ["dev", "-h"], ["new", "a", "--help"]]
)
def test_help_is_asked_for_and_printed(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    output = capsys.readouterr()
    assert "new NAME" in output.out
    assert output.err == ""
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["launch", "it"]) == 2
    assert capsys.readouterr().err.startswith("There is no command 'launch'\n\n`python -m")


def test_no_command_prints_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("`python -m")


@pytest.mark.parametrize("text", ["", "app = 3\n"])
@pytest.mark.parametrize("command", ["types", "build"])
def test_a_file_without_a_program_is_told_in_a_sentence(
    command: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "app", raising=False)
    with pytest.raises(ShellError, match=r"`app = App\(\.\.\.\)`"):
        main([command])
    monkeypatch.delitem(sys.modules, "app", raising=False)


@pytest.mark.parametrize(
    ("script", "is_interrupted", "status"),
    [
        ("import sys; sys.exit(3)", False, 3),
        ("import threading; threading.Event().wait()", True, 130),
    ],
    ids=["Vite ends", "Ctrl-C while Vite starts"],
)
def test_the_status_of_dev_says_why_it_ended(
    script: str, is_interrupted: bool, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_listening(port: int) -> bool:
        if is_interrupted:
            raise KeyboardInterrupt
        return False

    (tmp_path / "page").mkdir()
    (tmp_path / "app.py").write_text("", "utf-8")
    monkeypatch.setattr(develop, "find_vite", lambda folder: [sys.executable, "-c", script])
    monkeypatch.setattr(develop, "_listening", is_listening)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main(["dev"]) == status


@pytest.mark.parametrize("command", ["types", "dev", "build"])
def test_a_folder_without_a_program_is_told_first(command: str) -> None:
    with pytest.raises(ShellError, match=r"There is no app\.py here"):
        main([command])


def test_a_build_without_the_pages_packages_says_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    with pytest.raises(ShellError, match=r"[Tt]ype `npm install` in the folder page"):
        build(tmp_path, needs_application=False, whole_qt=False)


def test_connections_that_fail_while_the_program_starts_anew_are_not_told() -> None:
    log_lines = [
        b"5:47:54 AM [vite] ws proxy error:\n",
        b"Error: connect ECONNREFUSED 127.0.0.1:41751\n",
        b"    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)\n",
        b"5:47:55 AM \x1b[31m[vite]\x1b[39m \x1b[31mws proxy socket error:\n",
        b"AggregateError [ECONNREFUSED]: \n",
        b"    at internalConnectMultiple (node:net:1122:18)\x1b[39m\n",
        b"5:47:56 AM [vite] Internal server error: Failed to parse source\n",
        b"    at TransformPluginContext (vite.js:1)\n",
    ]
    assert [*without_proxy_errors(log_lines)] == log_lines[6:]


def test_a_saved_test_does_not_start_the_program_anew(tmp_path: Path) -> None:
    for name in ("app.py", "tides.py", "test_app.py", "tides_test.py", "conftest.py"):
        (tmp_path / name).write_text("", "utf-8")
    (tmp_path / "half_written.py").symlink_to("gone.py")
    names = {path.name for path in program_files(tmp_path)}
    assert names == {"app.py", "tides.py", "half_written.py"}


def test_types_without_a_page_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ShellError, match="There is no folder page/src"):
        write_types(tmp_path, {})
