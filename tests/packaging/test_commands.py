"""`python -m tidewire_bridge COMMAND`: its help, and what it refuses in a sentence."""

import sys
from pathlib import Path

import pytest

from shell.errors import ShellError
from shell.program.build import build
from shell.program.commands import main


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
    told = capsys.readouterr()
    assert "new NAME" in told.out
    assert told.err == ""
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["launch", "it"]) == 2
    assert capsys.readouterr().err.startswith("There is no command 'launch'\n\n`python -m")


def test_no_command_prints_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("`python -m")


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


@pytest.mark.parametrize("command", ["types", "dev", "build"])
def test_a_folder_without_a_program_is_told_first(command: str) -> None:
    with pytest.raises(ShellError, match=r"There is no app\.py here"):
        main([command])


def test_a_build_without_the_pages_packages_says_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    with pytest.raises(ShellError, match=r"[Tt]ype `npm install` in the folder page"):
        build(tmp_path, needs_application=False, whole_qt=False)
