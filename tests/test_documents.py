"""The commands and files that the documents name exist."""

import re
import shlex
from pathlib import Path

import pytest

from shell.cli import program
from tests.command import ROOT

NAMES = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
DOCUMENTS = [*(ROOT / name for name in NAMES), *sorted((ROOT / "docs").glob("**/*.md"))]
ROOTS = (ROOT, ROOT / "shell", ROOT / "web" / "src")


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_named_are_there(name: str) -> None:
    text = text_of(name)
    named = re.findall(r"`((?:shell|tests|web|docs|packaging)/[\w./-]*)`", text)
    named += re.findall(r"\]\((?!https?:)([\w./-]+)\)", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_methods_that_are_named_with_their_file_are_in_it(path: Path) -> None:
    """Where a document has `Class.method` (`file`), the file has that class and method."""
    text = path.read_text("utf-8")
    for owner, member, file in re.findall(r"`(\w+)\.(\w+)`\s+\(`([\w./-]+\.(?:py|tsx?))`\)", text):
        files = [root / file for root in ROOTS if (root / file).exists()]
        assert files, file
        source = files[0].read_text("utf-8")
        assert owner in source, f"{owner} is not in {file}"
        assert re.search(rf"\b{member}\(", source), f"{member} is not in {file}"


@pytest.mark.parametrize("name", NAMES)
def test_commands_of_the_launcher_are_its_own(name: str) -> None:
    launcher = (ROOT / "dev.py").read_text("utf-8")
    commands = set(re.findall(r"dev\.py ([a-z]+)", text_of(name)))
    assert {command for command in commands if f'"{command}": (' not in launcher} == set()


def test_the_command_lines_of_the_readme_are_understood() -> None:
    lines = re.findall(r"^tidewire\b(.*)$", text_of("README.md"), re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        typed = re.split(r" {2,}| < ", line)[0]
        program._parse(shlex.split(typed))


def test_every_command_of_a_script_is_documented() -> None:
    document = text_of("docs/scripting.md")
    for source in ("shell/providers/testing/echo.py", "web/src/bridge/fake/script.ts"):
        text = text_of(source)
        pattern = re.sub(r"\?P<\w+>", "", text[text.index("COMMAND =") :].partition("\n\n")[0])
        commands = {*re.findall(r"(?<=[(|])[a-z-]+(?=[|)])", pattern)} - {"none"}
        assert len(commands) > 12
        assert [word for word in commands if f"`/{word}" not in document] == []


def test_every_setting_of_the_fake_host_is_documented() -> None:
    settings = text_of("web/src/bridge/fake/settings.ts").partition("CHOICES")[0]
    names = re.findall(r"^  (\w+): .+,$", settings, re.MULTILINE)
    assert len(names) > 10
    document = text_of("docs/scripting.md")
    assert [name for name in names if f"`{name}`" not in document] == []
