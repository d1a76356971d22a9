"""The tools in the settings: the folder, a new file, and trust while a file is edited."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shell.api.tools import ToolsApi
from shell.bridge.caller import Caller
from shell.errors import StorageFailed
from shell.support.file_lock import file_lock
from shell.tools.base import Tool
from shell.tools.choices import FILE
from shell.tools.registry import Tools

pytestmark = pytest.mark.anyio
WINDOW, TAB = Caller("window"), Caller("tab")


class Desktop:
    """Opens paths for the window only, in place of the system's programs."""

    def __init__(self) -> None:
        self.opened_paths: list[Path] = []

    def open(self, caller_id: str, path: Path) -> bool:
        if caller_id != WINDOW.id:
            return False
        self.opened_paths.append(path)
        return True


@pytest.fixture
async def tools(tmp_path: Path) -> AsyncIterator[Tools]:
    tools = Tools(tmp_path)
    yield tools
    await tools.close()


def edit(path: Path) -> None:
    path.write_text(path.read_text("utf-8") + "\n# edited\n", "utf-8")


async def test_a_new_tool_is_a_file_that_works_under_a_name_of_its_own(tools: Tools) -> None:
    desktop = Desktop()
    api = ToolsApi(tools, desktop.open)
    first, second = await api.create(WINDOW), await api.create(TAB)
    assert [Path(created.path).name for created in (first, second)] == [
        "my_tool.py",
        "my_tool_2.py",
    ]
    assert (first.opened, second.opened) == (True, False)
    assert desktop.opened_paths == [Path(first.path)]
    own = [tool for tool in await api.list(WINDOW) if tool.kind == "python"]
    assert [(tool.name, tool.problem) for tool in own] == [("my_tool", None), ("my_tool_2", None)]


async def test_the_folder_is_made_when_it_is_opened(tools: Tools, tmp_path: Path) -> None:
    desktop = Desktop()
    api = ToolsApi(tools, desktop.open)
    assert not await api.open_folder(TAB)
    assert await api.open_folder(WINDOW)
    folder = tmp_path / "tools"
    assert desktop.opened_paths == [folder]
    assert folder.stat().st_mode & 0o077 == 0
    assert api.folder(WINDOW).path == str(folder)


async def test_a_folder_that_cannot_be_made_is_told(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "tools").write_text("", "utf-8")
    api = ToolsApi(tools, Desktop().open)
    with pytest.raises(StorageFailed, match="cannot be made"):
        await api.open_folder(WINDOW)
    with pytest.raises(StorageFailed, match="is no folder"):
        await api.create(WINDOW)


async def test_a_grant_holds_for_an_edited_file_only_while_edits_are_trusted(tools: Tools) -> None:
    api = ToolsApi(tools, Desktop().open)
    path = Path((await api.create(TAB)).path)
    before = (await tools.find("my_tool")).tool
    tools.choices.add(before, "allow", {})
    edit(path)
    assert [grant.suspended for grant in await api.grants(TAB)] == [True]
    assert api.trust_edits(TAB, trusted=True).trusts_edits
    assert [grant.suspended for grant in await api.grants(TAB)] == [False]
    edited = (await tools.find("my_tool")).tool
    assert edited.definition != before.definition
    assert tools.permissions().rule(edited, {"text": "x"}).verdict == "allow"
    assert not api.trust_edits(TAB, trusted=False).trusts_edits
    assert tools.permissions().rule(edited, {"text": "x"}).verdict == "ask"


async def test_the_loop_turns_while_a_grant_is_removed_from_a_file_that_others_change(
    tools: Tools, tmp_path: Path
) -> None:
    api = ToolsApi(tools, Desktop().open)
    tools.choices.add(Tool("send", "mine.py", "python"), "allow", {})
    (grant,) = await api.grants(WINDOW)
    with file_lock(tmp_path / FILE):
        revoked = asyncio.ensure_future(api.revoke(WINDOW, grant.id))
        await asyncio.sleep(0)  # it begins, and must not keep this thread
    assert await revoked
    assert await api.grants(WINDOW) == []
    assert not await api.revoke(WINDOW, grant.id)
