"""The list of all tools: one process for each file, also when several callers list them at once."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shell.tools import registry
from shell.tools.python.source import PythonFile
from shell.tools.registry import FOLDER, Tools
from tests.host_process import PATIENCE_S
from tests.tools.processes import tool_processes, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.usefixtures("own_processes"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc"),
]


@pytest.fixture
async def tools(tmp_path: Path) -> AsyncIterator[Tools]:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "mine.py").write_text("def fine() -> str: return 'fine'\n", "utf-8")
    tools = Tools(tmp_path)
    yield tools
    await tools.close()
    assert tool_processes() == []


async def test_lists_at_the_same_time_import_a_file_once(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)

    class Source(PythonFile):
        """A source that two threads, if they make it, make at the same time."""

        def __init__(self, *arguments: Any) -> None:
            if threading.current_thread() is not threading.main_thread():
                both.wait(PATIENCE_S)
            super().__init__(*arguments)

    monkeypatch.setattr(registry, "PythonFile", Source)
    lists = await asyncio.gather(tools.all(), tools.all())
    sources = {found.source for listed in lists for found in listed if found.tool.name == "fine"}
    assert len(sources) == 1
    assert len(tool_processes()) == 1


async def test_the_process_of_a_deleted_file_ends(tools: Tools, tmp_path: Path) -> None:
    await tools.find("fine")
    assert len(tool_processes()) == 1
    (tmp_path / FOLDER / "mine.py").unlink()
    assert [each for each in await tools.all() if each.tool.name == "fine"] == []
    await until(lambda: tool_processes() == [])
