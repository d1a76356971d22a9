"""The tool that reads files, in its own process: chosen folders and nothing else."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shell.errors import ToolError
from shell.tools.registry import Tools
from tests.command import run

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A chosen folder with files, beside a folder that is not chosen."""
    chosen = tmp_path / "chosen"
    (chosen / "deep").mkdir(parents=True)
    (chosen / "notes.txt").write_text("grün\n", "utf-8-sig")
    (chosen / "deep" / "more.txt").write_text("more", "utf-8")
    (tmp_path / "chosen-too").mkdir()
    (tmp_path / "secret.txt").write_text("canary", "utf-8")
    (tmp_path / "chosen-too" / "secret.txt").write_text("canary", "utf-8")
    return chosen


@pytest.fixture
async def tools(tmp_path: Path, folder: Path) -> AsyncIterator[Tools]:
    tools = Tools(tmp_path / "data")
    (tmp_path / "data").mkdir()
    tools.choices.choose_folder(folder)
    yield tools
    await tools.close()


async def read(tools: Tools, path: str) -> str:
    return await tools.call("read_file", {"path": path}, lambda line: None)


async def test_files_and_folders_below_a_chosen_one_are_read(tools: Tools, folder: Path) -> None:
    assert await read(tools, str(folder / "notes.txt")) == "grün\n"
    assert await read(tools, "deep/more.txt") == "more"
    assert await read(tools, "deep/../notes.txt") == "grün\n"
    assert await read(tools, str(folder)) == "deep/\nnotes.txt"
    assert await read(tools, ".") == str(folder)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "{parent}/secret.txt",
        "{parent}/chosen/../secret.txt",
        "{parent}/chosen-too/secret.txt",
        "deep/../../secret.txt",
        "..",
        "/",
        "/etc/passwd",
        "~/.ssh/id_rsa",
        "missing.txt",
        "linked.txt",
        "linked/secret.txt",
        "file:///etc/passwd",
        "/proc/self/environ",
        "/dev/stdin",
    ],
)
async def test_nothing_else_is_read_also_not_through_links(
    tools: Tools, folder: Path, path: str
) -> None:
    (folder / "linked.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "linked").symlink_to(folder.parent / "chosen-too")
    with pytest.raises(ToolError, match="no such file in the folders that may be read"):
        await read(tools, path.format(parent=folder.parent))


async def test_a_link_within_the_folder_is_followed(tools: Tools, folder: Path) -> None:
    (folder / "inside").symlink_to(folder / "deep")
    assert await read(tools, "inside/more.txt") == "more"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no FIFOs in folders")
async def test_what_is_no_text_file_is_refused_at_once(tools: Tools, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "large").write_bytes(b"x" * 2_000_001)
    (folder / "largest").write_bytes(b"x" * 2_000_000)
    (folder / "binary").write_bytes(b"text\0more")
    (folder / "latin").write_bytes(b"gr\xfcn")
    for name, message in {
        "fifo": "Only files and folders",
        "large": "larger than 2 MB",
        "binary": "no text in UTF-8",
        "latin": "no text in UTF-8",
        "notes\0": "null byte",
        "x" * 5_000: "too long|no such file",
    }.items():
        with pytest.raises(ToolError, match=message):
            await read(tools, name)
    assert len(await read(tools, "largest")) == 2_000_000


async def test_a_grant_ends_when_another_folder_is_chosen(tools: Tools, tmp_path: Path) -> None:
    before = (await tools.find("read_file")).tool
    assert (before.reads, before.brings, before.sends) == (True, True, False)
    tools.choices.choose_folder(tmp_path / "chosen-too")
    after = (await tools.find("read_file")).tool
    assert after.definition != before.definition
    assert await read(tools, str(tmp_path / "chosen-too" / "secret.txt")) == "canary"
    tools.choices.drop_folder(tmp_path / "chosen-too")
    with pytest.raises(ToolError, match="no such file"):
        await read(tools, str(tmp_path / "chosen-too" / "secret.txt"))
    tools.choices.drop_folder(tmp_path / "chosen")
    with pytest.raises(ToolError, match="No folder may be read"):
        await read(tools, "notes.txt")


async def test_other_tools_are_not_told_of_the_folders(tools: Tools, tmp_path: Path) -> None:
    tools.folder.mkdir()
    text = "import os, sys\ndef look() -> str: return repr(sys.argv[1:]) + repr(dict(os.environ))\n"
    (tools.folder / "mine.py").write_text(text, "utf-8")
    output = await tools.call("look", {}, lambda line: None)
    assert output.startswith("[]")
    assert str(tmp_path / "chosen") not in output


def test_folders_are_chosen_on_the_command_line(tmp_path: Path, folder: Path) -> None:
    def command(*words: str) -> list[dict[str, object]]:
        result = run("tools", "folder", *words, "--json", "--data-dir", str(tmp_path / "data"))
        assert (result.status, result.err) == (0, "")
        return result.lines

    symlink = tmp_path / "link"
    symlink.symlink_to(folder)
    assert command("list") == []
    assert command("add", str(symlink)) == [{"folder": str(folder)}]
    assert command("add", str(folder)) == [{"folder": str(folder)}]
    assert command("list") == [{"folder": str(folder)}]
    assert command("remove", str(folder)) == [{"folder": str(folder), "removed": True}]
    assert command("list") == []
    data = ["--data-dir", str(tmp_path / "data")]
    second = run("tools", "folder", "remove", str(folder), *data)
    assert second.status == 1
    assert second.is_one_sentence("is not chosen", "tidewire tools folder list"), second.err
    wrong = run("tools", "folder", "add", str(folder / "notes.txt"), *data)
    assert wrong.status == 2
    assert wrong.is_one_sentence("is no folder"), wrong.err
