"""Finds programs where a terminal finds them.

A program that was started from a menu has a short PATH, without the folders that a person's shell
adds for Node.js or uv. So the first use starts the login shell and reads its PATH. Other callers
wait for the same shell meanwhile.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shell.errors import ToolFailed

SHELL_S = 5.0
"""How long the login shell may take. Its start-up files may wait for something."""
HANG_UP_S = 2.5
"""How long to wait after each signal for the end of a shell that took longer."""
USUAL_FOLDERS = (
    *("~/.local/bin", "~/.cargo/bin", "~/.volta/bin", "~/.bun/bin", "~/.deno/bin"),
    *("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/bin"),
)
"""Folders that are searched as well, in case the shell does not answer."""
INSTALLERS = {
    "npx": "Node.js (https://nodejs.org)",
    "node": "Node.js (https://nodejs.org)",
    "npm": "Node.js (https://nodejs.org)",
    "uvx": "uv (https://docs.astral.sh/uv)",
    "uv": "uv (https://docs.astral.sh/uv)",
    "docker": "Docker (https://docs.docker.com)",
    "bunx": "Bun (https://bun.sh)",
    "deno": "Deno (https://deno.com)",
}
"""What to install to get a program."""
_MARK = "TIDEWIRE-PATH:"
_login_paths: dict[tuple[str, str], str] = {}
"""The PATH of login shells, by the shell and the home folder. "" if the shell did not answer."""


@dataclass(slots=True)
class _Reading:
    """A login shell that runs, and the number of callers that wait for it."""

    task: asyncio.Task[str]
    waiting: int = 0


_readings: dict[tuple[asyncio.AbstractEventLoop, str, str], _Reading] = {}
"""The login shells that run, by the event loop, the shell and the home folder."""


def resolve_program(command: str, path: str) -> str:
    """Find the absolute path of a program.

    Args:
        command: a name, or a path that may begin with `~`.
        path: the folders to search, in the form of PATH.

    Raises:
        ToolError: TOOL_FAILED with what to install.
    """
    found = shutil.which(os.path.expanduser(command), path=path)  # noqa: PTH111, may be a name
    if found is None:
        source = INSTALLERS.get(command)
        fix = f"Install {source}" if source else "Install it"
        raise ToolFailed(f"{command} is not found. {fix}, or write its whole path in the command.")
    return str(Path(found).absolute())


async def search_path(environ: Mapping[str, str]) -> str:
    """The PATH of the login shell, then our own, then the usual folders, each folder once."""
    if sys.platform == "win32":
        return join_path(environ)
    login = environ.get("SHELL", ""), environ.get("HOME", "")
    if login not in _login_paths:
        _login_paths[login] = await _join_reading(login, environ)
    return join_path(environ, _login_paths[login])


def join_path(environ: Mapping[str, str], login_path: str = "") -> str:
    """Join the parts of the search path, without starting the shell.

    Args:
        environ: has our own PATH.
        login_path: the PATH of the login shell.
    """
    home_folder = environ.get("HOME", "/")
    usual = () if sys.platform == "win32" else (f.replace("~", home_folder) for f in USUAL_FOLDERS)
    folders = [*login_path.split(os.pathsep), *environ.get("PATH", "").split(os.pathsep), *usual]
    return os.pathsep.join(dict.fromkeys(folder for folder in folders if folder))


async def _join_reading(login: tuple[str, str], environ: Mapping[str, str]) -> str:
    """Wait for the login shell that runs, or start it. It ends with the last caller that waits."""
    key = (asyncio.get_running_loop(), *login)
    reading = _readings.get(key)
    if reading is None:
        reading = _readings[key] = _Reading(asyncio.create_task(_read_login_path(environ)))
    reading.waiting += 1
    try:
        return await asyncio.shield(reading.task)
    finally:
        reading.waiting -= 1
        if not reading.waiting:
            del _readings[key]
            # At the end of the loop the task is cancelled already. To cancel it once more would
            # stop it from hanging up the shell.
            if not reading.task.cancelling():
                reading.task.cancel()
            await asyncio.wait({reading.task})


async def _read_login_path(environ: Mapping[str, str]) -> str:
    shell = environ.get("SHELL", "")
    if not Path(shell).is_absolute():
        return ""
    start_task = asyncio.create_task(
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
        process = await asyncio.shield(start_task)
    except OSError:
        return ""
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            await _hang_up(await start_task)  # asyncio would kill it by SIGKILL
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
    """End a shell and its programs: by SIGHUP, as a closed terminal does, and at last by SIGKILL.

    A process that SIGKILL ends leaves its locks behind. That of pyenv delays every later shell by a
    minute. A shell that receives SIGHUP while it starts a program waits for this program, which did
    not receive the signal. So SIGHUP is sent twice.
    """
    for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGKILL):
        if shell.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(shell.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_S):
                await shell.wait()
