"""The time from a complete call to the start of its function, beside a bare child process.

python -m benchmarks tools [--calls N]

The engine reads a call from a model, finds it allowed, records it and has it carried out: by a
function of this process, and by one of a person's file, whose process runs already. The bare child
reads a line from a pipe and answers with the time. All three take turns. The child's clock is this
process's (Linux).
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from statistics import median

from benchmarks.machine import load, machine
from shell.contract import InferenceRequest, Message, ResultEvent
from shell.inference.engine import Engine
from shell.providers.base import Chunk, ProviderRequest
from shell.providers.testing.echo import EchoProvider
from shell.tools.base import Arguments, Progress, Tool
from shell.tools.offer import Offer, OfferedTool
from shell.tools.permissions import Permissions
from shell.tools.python.source import PythonFile

BAR_MS = 15.0
"""Limit on the median of a function of a file."""
FILE = '''
import time

def started() -> float:
    """The time at which this runs."""
    return time.monotonic()
'''
BARE = "import sys, time\nfor _ in sys.stdin: print(time.monotonic(), flush=True)"


def main(arguments: list[str]) -> int:
    """Measure, and print one line of JSON for each. Returns 1 when the bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks tools", description=__doc__)
    parser.add_argument("--calls", type=int, default=200, help="of each of the three")
    chosen = parser.parse_args(arguments)
    load_before = load()
    with tempfile.TemporaryDirectory() as folder:
        durations = asyncio.run(measure(Path(folder), chosen.calls))
    middle = {name: median(times) for name, times in durations.items()}
    for name, times in durations.items():
        figures = {"p50_ms": round(middle[name], 3), "worst_ms": round(max(times), 3)}
        beside = round(middle[name] / middle["bare child"], 2)
        print(json.dumps({"benchmark": "tools", "contender": name, **figures, "ratio": beside}))
    met = middle["function of a file"] <= BAR_MS
    bar = {"bar": "function of a file, p50 ms", "at_most": BAR_MS, "met": met}
    print(
        json.dumps(
            {"benchmark": "tools", **bar, "load": (load_before, load()), "machine": machine()}
        )
    )
    return 0 if met else 1


class Clocked(EchoProvider):
    """Records the times at which the model has written its call, and then its answer."""

    complete: list[float]

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk]:
        """Stream the script."""
        async for chunk in super().stream(request):
            yield chunk
        self.complete.append(time.monotonic())


class LocalSource:
    """A function of this process as a tool."""

    name = "here"

    async def list(self) -> list[Tool]:
        """The only tool."""
        return [Tool("started", self.name, "python", brings=False, sends=False)]

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str:
        """The time at which this runs."""
        return str(time.monotonic())


async def measure(folder: Path, calls: int) -> dict[str, list[float]]:
    """Milliseconds of every call, by contender."""
    path = folder / "clock.py"
    path.write_text(FILE, "utf-8")
    file, local, provider = PythonFile(path), LocalSource(), Clocked(rate=None)
    engine = Engine(lambda _: provider)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BARE), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None

    async def through_the_engine(source: PythonFile | LocalSource) -> float:
        (tool,) = await source.list()
        message = Message(role="user", content="/call started {}")
        request = InferenceRequest(provider_id="echo", messages=[message])
        offer = Offer([OfferedTool(tool, source)], Permissions(allowed=["*"]))
        provider.complete = []
        log = engine.start("benchmark", request, offer=offer)
        results = [event async for event in log.follow() if isinstance(event, ResultEvent)]
        return float(results[-1].text) - provider.complete[0]

    async def bare() -> float:
        assert child.stdin is not None
        assert child.stdout is not None
        start = time.monotonic()
        child.stdin.write(b"now\n")
        return float(await child.stdout.readline()) - start

    durations: dict[str, list[float]] = {
        name: [] for name in ("bare child", "function of this process", "function of a file")
    }
    for number in range(calls + 5):
        for name, seconds in (
            ("bare child", await bare()),
            ("function of this process", await through_the_engine(local)),
            ("function of a file", await through_the_engine(file)),
        ):
            if number >= 5:  # warm
                durations[name].append(seconds * 1e3)
    child.stdin.close()
    await child.wait()
    await engine.close()
    await file.close()
    return durations
