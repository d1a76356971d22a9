"""The Debian package around the app: its format, its control file, its messages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import archive
import deb
import pytest

from shell.cli import program
from shell.conversations.exports import ENDINGS
from shell.store.exchange import archive as exported

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="Debian's format, on a system that has its tools"
)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    (folder / "usr/lib").mkdir(parents=True)
    (folder / "usr/lib/words").write_text("the tide comes in\n" * 100)
    return folder


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(deb, "depends", lambda bundle: "libc6")
    folder = tmp_path / "control-files"
    folder.mkdir()
    text = deb.describe("tidewire", tmp_path / "content", "amd64")
    (folder / "control").write_text(text, "utf-8")
    return folder


def packed(tmp_path: Path, content: Path, control: Path) -> Path:
    members = [
        archive.pack(control, ["."], tmp_path / "control.tar.zst"),
        archive.pack(content, ["."], tmp_path / "data.tar.zst"),
    ]
    target = tmp_path / "tidewire.deb"
    deb.join(members, target)
    return target


def test_dpkg_reads_what_is_joined_here(tmp_path: Path, content: Path, control: Path) -> None:
    package = packed(tmp_path, content, control)
    result = subprocess.run(["dpkg-deb", "-f", package, "Package"], capture_output=True, check=True)
    assert result.stdout == b"tidewire\n"
    subprocess.run(["dpkg-deb", "-x", package, tmp_path / "out"], check=True)
    assert (tmp_path / "out/usr/lib/words").read_text().startswith("the tide")


def test_the_hour_of_a_file_does_not_change_the_package(
    tmp_path: Path, content: Path, control: Path
) -> None:
    first = packed(tmp_path, content, control).read_bytes()
    os.utime(content / "usr/lib/words", (1_000_000_000, 1_000_000_000))
    assert packed(tmp_path, content, control).read_bytes() == first


def test_the_one_with_the_model_takes_the_place_of_the_other(
    control: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = deb.describe("tidewire-with-model", content, "amd64")
    assert "Provides: tidewire\nConflicts: tidewire\nReplaces: tidewire\n" in text
    assert "Conflicts: tidewire-with-model\n" in (control / "control").read_text("utf-8")


@pytest.mark.parametrize("action", ["remove", "purge"])
def test_who_removes_it_is_told_where_the_words_are(action: str) -> None:
    command = ["sh", str(deb.LINUX / "postrm"), action]
    message = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "~/.local/share/tidewire" in message
    assert "rm " not in (deb.LINUX / "postrm").read_text("utf-8")


def test_the_icons_are_drawn_in_every_size(tmp_path: Path) -> None:
    subprocess.run([sys.executable, deb.ICONS, str(tmp_path)], check=True)
    sizes = {path.parts[-3] for path in tmp_path.glob("*/apps/tidewire.png")}
    assert {"16x16", "32x32", "48x48", "128x128", "256x256", "512x512"} <= sizes


def test_a_file_of_conversations_is_known_by_how_it_begins() -> None:
    beginning = next(iter(exported.write([])))
    rule = (deb.LINUX / "tidewire.xml").read_text("utf-8")
    magic = rule.partition('value="')[2].partition('"')[0]
    assert beginning.startswith(magic.replace("&quot;", '"').replace("\\n", "\n"))


def test_a_file_of_conversations_is_known_by_its_name() -> None:
    rule = (deb.LINUX / "tidewire.xml").read_text("utf-8")
    assert f'<glob pattern="*.{ENDINGS["json"]}"/>' in rule


def test_the_desktop_imports_with_a_command_that_is_there_and_stays_to_be_read() -> None:
    entry = (deb.LINUX / "tidewire-import.desktop").read_text("utf-8")
    line = next(line for line in entry.splitlines() if line.startswith("Exec="))
    name, *arguments = line.removeprefix("Exec=").split()
    assert (name, arguments[-1]) == ("tidewire", "%f")
    assert program._parse([*arguments[:-1], "/home/you/a.tidewire.json"]).stay
