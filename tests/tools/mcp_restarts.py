"""Starts, stops and kills MCP servers and their host, and counts what is left over."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from shell.tools.mcp import owner
from shell.tools.registry import Tools
from tests.command import ROOT
from tests.soak.result import Result
from tests.tools.mcp_servers import (
    hostile,
    ignore,
    open_handles,
    other_tasks,
    processes_in,
    started,
    with_servers,
)
from tests.tools.processes import until

ORPHANS_S = 3.0
"""Limit in seconds for a process to end after its server or host."""
HOST = """
import asyncio, sys
from pathlib import Path
from tests.tools.mcp_servers import hostile, with_servers
async def main():
    folder = Path(sys.argv[1])
    bad = hostile("leaves processes", folder)
    async with with_servers(folder / "data", {"bad": bad}) as tools:
        print(await tools.call("fine", {}, print), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def restarts(starts: int = 200, server_kills: int = 50, host_kills: int = 50) -> Result:
    """Start and stop a server, kill it, kill its host, and count what is left over."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "servers").mkdir()
        figures = asyncio.run(_of_servers(folder / "servers", starts, server_kills))
        longest_s, orphans = 0.0, 0
        for number in range(host_kills):
            leaked, after_s = _host_kill(folder / f"host-{number}")
            orphans += leaked
            longest_s = max(longest_s, after_s)
    leaked = orphans + figures["orphans"] + figures["tasks"] + max(figures["handles"], 0)
    return Result(
        leaked == 0,
        {
            "starts": starts,
            "serverKills": server_kills,
            "hostKills": host_kills,
            "orphans": orphans + figures["orphans"],
            "tasks": figures["tasks"],
            "handles": figures["handles"],
            "longestOrphanS": round(longest_s, 2),
        },
    )


async def _of_servers(folder: Path, starts: int, kills: int) -> dict[str, int]:
    orphans = 0
    async with with_servers(folder / "data", {"mine": hostile("nothing", folder)}) as tools:

        async def round_trip() -> None:
            nonlocal orphans
            await tools.servers.enable("mine", True)
            assert await tools.call("fine", {}, ignore) == "fine"
            await tools.servers.enable("mine", False)
            orphans += len(processes_in(folder))

        await round_trip()
        gc.collect()
        handles, tasks = open_handles(), other_tasks()
        for _ in range(starts):
            await round_trip()
        await tools.servers.enable("mine", True)
        with mock.patch.object(owner, "BACKOFF_S", (0.0,) * (kills + 1)):
            for _ in range(kills):
                await _server_kill(tools, folder)
        await tools.servers.enable("mine", False)
        orphans += len(processes_in(folder))
        gc.collect()
        leaked_tasks = {name for name in other_tasks() - tasks if "mine" in name}
        return {"orphans": orphans, "tasks": len(leaked_tasks), "handles": open_handles() - handles}


async def _server_kill(tools: Tools, folder: Path) -> None:
    assert await tools.call("fine", {}, ignore) == "fine"
    before = started(folder)
    os.kill(before[-1], signal.SIGKILL)
    await until(lambda: len(started(folder)) > len(before))


def _host_kill(folder: Path) -> tuple[int, float]:
    """Kill a host that runs a server.

    Returns:
        The number of remaining processes, and the seconds waited for them.
    """
    folder.mkdir()
    command = [sys.executable, "-c", HOST, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as host:
        try:
            assert host.stdout is not None
            assert host.stdout.readline() == b"fine\n"
            assert len(processes_in(folder)) == 4
        finally:
            host.kill()
    start = time.monotonic()
    while (remaining := processes_in(folder)) and time.monotonic() - start < ORPHANS_S:
        time.sleep(0.02)
    return len(remaining), time.monotonic() - start
