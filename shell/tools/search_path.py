"""Finds programs where a terminal finds them.

A program that was started from a menu has a short PATH, without the folders that a person's shell
adds for Node.js or uv. So the login shell is asked once, when the first program is needed.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

from shell.errors import ToolFailed

SHELL_S = 5.0
"""How long the shell may take. Its start-up files may wait for something."""
HANG_UP_S = 2.5
"""How long a shell that took longer may take to end after each signal."""
USUAL = (
    *("~/.local/bin", "~/.cargo/bin", "~/.volta/bin", "~/.bun/bin", "~/.deno/bin"),
    *("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/bin"),
)
"""Searched besides, in case that the shell does not answer."""
COMES_WITH = {
    "npx": "Node.js (https://nodejs.org)",
    "node": "Node.js (https://nodejs.org)",
    "npm": "Node.js (https://nodejs.org)",
    "uvx": "uv (https://docs.astral.sh/uv)",
    "uv": "uv (https://docs.astral.sh/uv)",
    "docker": "Docker (https://docs.docker.com)",
    "bunx": "Bun (https://bun.sh)",
    "deno": "Deno (https://deno.com)",
}
_MARK = "TIDEWIRE-PATH:"
_told: dict[tuple[str, str], str] = {}
"""What login shells have said, by the shell and the home folder."""


def resolved(command: str, path: str) -> str:
    """The absolute path of a program.

    Args:
        command: a name, or a path that may begin with `~`.
        path: the folders to look in.

    Raises:
        ToolError: TOOL_FAILED with what to install.
    """
    found = shutil.which(os.path.expanduser(command), path=path)  # noqa: PTH111, may be a name
    if found is None:
        source = COMES_WITH.get(command)
        fix = f"Install {source}" if source else "Install it"
        raise ToolFailed(f"{command} is not found. {fix}, or write its whole path in the command.")
    return str(Path(found).absolute())


async def search_path(environ: Mapping[str, str]) -> str:
    """The PATH of the login shell, then our own, then the usual folders, each folder once."""
    if sys.platform == "win32":
        return joined_path(environ)
    login = environ.get("SHELL", ""), environ.get("HOME", "")
    if login not in _told:
        _told[login] = await _told_by_shell(environ)
    return joined_path(environ, _told[login])


def joined_path(environ: Mapping[str, str], told: str = "") -> str:
    """`search_path` from what is known, without asking the shell.

    Args:
        environ: has our own PATH.
        told: what the shell says.
    """
    home = environ.get("HOME", "/")
    usual = () if sys.platform == "win32" else (each.replace("~", home) for each in USUAL)
    folders = [*told.split(os.pathsep), *environ.get("PATH", "").split(os.pathsep), *usual]
    return os.pathsep.join(dict.fromkeys(folder for folder in folders if folder))


async def _told_by_shell(environ: Mapping[str, str]) -> str:
    shell = environ.get("SHELL", "")
    if not Path(shell).is_absolute():
        return ""
    starting = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *(shell, "-ilc", f'printf "\\n%s%s\\n" "{_MARK}" "$PATH"'),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**environ, "TERM": "dumb"},
            start_new_session=True,
        )
    )
    try:
        process = await asyncio.shield(starting)
    except OSError:
        return ""
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            await _hang_up(await starting)  # asyncio would end it by SIGKILL
        raise
    try:
        async with asyncio.timeout(SHELL_S):
            output, _ = await process.communicate()
    except TimeoutError:
        return ""
    finally:
        await _hang_up(process)
    lines = output.decode("utf-8", "replace").splitlines()
    return next((line[len(_MARK) :] for line in lines if line.startswith(_MARK)), "")


async def _hang_up(shell: Process) -> None:
    """End a shell and what its start-up files run, first as a terminal does that is closed.

    What SIGKILL ends leaves its locks behind: pyenv's keeps every later shell waiting for a minute.
    A shell that was just starting a program when it was hung up waits for the program, which has
    not heard of it: hence twice.
    """
    for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGKILL):
        if shell.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(shell.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_S):
                await shell.wait()
