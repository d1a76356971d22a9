"""MCP servers for tests: real ones from npm and PyPI, and our own hostile ones."""

import asyncio
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from shell.tools.mcp.configuration import ServerSpec
from shell.tools.registry import Tools
from tests.command import ROOT

HOSTILE = Path(__file__).with_name("hostile_server.py")
_NODE = ROOT / "node_modules" / "@modelcontextprotocol"


def ignore(line: str) -> None:
    """Ignore the progress of a call."""


def node(server: str) -> list[str]:
    """The command of a server from npm."""
    program = shutil.which("node")
    assert program is not None
    return [program, str(_NODE / server / "dist" / "index.js")]


def python(server: str) -> list[str]:
    """The command of a server from PyPI."""
    return [str(Path(sys.executable).with_name(server))]


def hostile(wrong: str, folder: Path) -> list[str]:
    """The command of a server with a fault (see `hostile_server.py`)."""
    return [sys.executable, str(HOSTILE), wrong, str(folder / "processes")]


@asynccontextmanager
async def with_servers(
    folder: Path, servers: Mapping[str, list[str]], environ: Mapping[str, str] | None = None
) -> AsyncIterator[Tools]:
    """The tools of a data directory with these servers: agreed to, switched on, but not started."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    tools = Tools(folder, environ)
    try:
        for name, argv in servers.items():
            spec = ServerSpec(command=argv[0], args=argv[1:])
            await tools.servers.add(name, spec)
            await tools.servers.agree(name, spec.identity)
            await tools.servers.enable(name, True)
        yield tools
    finally:
        await tools.close()


@asynccontextmanager
async def listening(mode: str) -> AsyncIterator[str]:
    """The server `everything` behind an address of this machine.

    Args:
        mode: `streamableHttp` or `sse`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *node("server-everything"),
        mode,
        env={**os.environ, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while str(port) not in (await process.stdout.readline()).decode():
                assert process.returncode is None
        yield f"http://127.0.0.1:{port}/{'mcp' if mode == 'streamableHttp' else 'sse'}"
    finally:
        process.kill()
        await process.communicate()


def processes_in(folder: Path) -> list[int]:
    """The running processes whose working directory is this folder or below it."""
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and where.is_relative_to(folder):
            pids.append(int(process.name))
    return pids


def started(folder: Path) -> list[int]:
    """The process ids that a hostile server has written, the newest last."""
    return [int(line) for line in (folder / "processes").read_text().split()]


def environment_of(result: str) -> dict[str, str]:
    """Parse a result of the hostile server's tool `environment`."""
    variables: dict[str, str] = json.loads(result)
    return variables


def open_handles() -> int:
    """Count the files, pipes and sockets that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def other_tasks() -> set[str]:
    """Names of the event loop's tasks, without the current task."""
    return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}
