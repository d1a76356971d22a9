"""The login shell whose PATH finds programs: one for all callers, which ends with the last."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from shell.tools import search_path as module
from shell.tools.search_path import search_path
from tests.host_process import PATIENCE_S
from tests.tools.processes import until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no login shells"),
]
FOUND = "/found/by/the/shell"


class LoginShell:
    """A login shell that prints its PATH once it is released."""

    def __init__(self, folder: Path) -> None:
        self._starts, self._end = folder / "starts", folder / "hung-up"
        self._release = folder / "release"
        program = folder / "shell"
        program.write_text(
            f"""#!/bin/sh
            trap "echo >> '{self._end}'; exit" HUP
            echo >> '{self._starts}'
            while [ ! -e '{self._release}' ]; do sleep 0.01; done
            PATH="{FOUND}:$PATH"
            eval "$2"
            """,
            "utf-8",
        )
        program.chmod(0o700)
        self.environ: Mapping[str, str] = {**os.environ, "SHELL": str(program)}

    async def start(self) -> None:
        await until(self._starts.exists)

    def release(self) -> None:
        self._release.touch()

    @property
    def starts(self) -> int:
        return len(self._starts.read_text("utf-8").splitlines())

    @property
    def hung_up(self) -> bool:
        return self._end.exists()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoginShell:
    monkeypatch.setattr(module, "SHELL_S", PATIENCE_S)
    return LoginShell(tmp_path)


def is_starting() -> bool:
    """Whether asyncio is still starting a process that runs already."""
    return any("create_subprocess_exec" in repr(task) for task in asyncio.all_tasks())


def callers(shell: LoginShell, count: int) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(search_path(shell.environ)) for _ in range(count)]


async def test_callers_at_the_same_time_share_one_shell(shell: LoginShell) -> None:
    tasks = callers(shell, 5)
    await shell.start()
    shell.release()
    paths = await asyncio.gather(*tasks)
    assert [path.split(os.pathsep)[0] for path in paths] == [FOUND] * 5
    assert shell.starts == 1


async def test_a_cancelled_caller_leaves_the_shell_to_the_others(shell: LoginShell) -> None:
    first, second = callers(shell, 2)
    await shell.start()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not shell.hung_up
    shell.release()
    assert (await second).startswith(FOUND)


async def test_the_last_cancelled_caller_ends_the_shell_and_the_next_starts_another(
    shell: LoginShell,
) -> None:
    tasks = callers(shell, 2)
    await shell.start()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert shell.hung_up
    shell.release()
    assert (await search_path(shell.environ)).startswith(FOUND)
    assert shell.starts == 2


def test_the_end_of_a_loop_ends_the_shell_and_the_next_loop_starts_another(
    shell: LoginShell,
) -> None:
    async def leave() -> None:
        tasks.extend(callers(shell, 2))
        await shell.start()
        # At the end of a loop asyncio kills a process that it is still starting.
        while is_starting():  # noqa: ASYNC110, there is no event for this
            await asyncio.sleep(0)

    tasks: list[asyncio.Task[str]] = []
    asyncio.run(leave())
    assert shell.hung_up
    shell.release()
    assert asyncio.run(search_path(shell.environ)).startswith(FOUND)
    assert shell.starts == 2
