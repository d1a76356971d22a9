"""Runs one program with many pushes, reloads and windows, and measures its resources."""

import contextlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright

from tests.chromium import inside, windows
from tests.host_process import PATIENCE_S, HostProcess

OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
TOKENS = 300
TEXT = "".join(f"{number} " for number in range(TOKENS))
MEASURE_DELAY_S = 1.0
POOL = "ThreadPool"
"""The name of Chromium's worker threads, whose number depends on the load."""

_CALLS = """async (times) => {
  for (let left = times; left > 0; left -= 1) {
    const reply = await toy.patient("toy.echo", `${left}`);
    if (reply !== `${left}`) throw new Error(`${reply} instead of ${left}`);
  }
  return toy.pushes.length;
}"""
_STREAM = """async ([id, tokens]) => {
  await toy.call("toy.stream", { id, tokens, milliseconds: 1 });
  toy.follow(id);
}"""


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """The resources of a process: resident megabytes, threads, open files and sockets."""

    megabytes: float
    threads: int
    handles: int

    def __sub__(self, other: "ResourceUsage") -> "ResourceUsage":
        return ResourceUsage(
            round(self.megabytes - other.megabytes, 1),
            self.threads - other.threads,
            self.handles - other.handles,
        )


@dataclass(frozen=True, slots=True)
class EnduranceResult:
    """Counts of a run, and the growth of resources since its first tenth."""

    pushes: int
    reloads: int
    wrong_streams: int
    """Streams with a missing or repeated part after a reload."""
    growth: ResourceUsage


def resource_usage(process: int) -> ResourceUsage:
    """The current resources of a process. Linux only."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
    )
    return ResourceUsage(
        megabytes=int(status["VmRSS"].split()[0]) / 1024,
        threads=sum(not name.startswith(POOL) for name in _threads(process)),
        handles=len(list(Path(f"/proc/{process}/fd").iterdir())),
    )


def _threads(process: int) -> Iterator[str]:
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            yield (task / "comm").read_text()


def push_and_reload(
    playwright: Playwright, pushes: int, reloads: int, seed: int
) -> EnduranceResult:
    """Reload in the middle of a stream repeatedly, with many pushes in between."""
    moments = random.Random(seed)  # noqa: S311
    push_count = wrong_streams = 0
    with (
        HostProcess("tests.window.toy", "--debug-port", "0", env=OFFSCREEN) as program,
        inside(playwright, str(program.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        first = None
        for number in range(reloads):
            inference_id = f"inf-endurance-{number}"
            push_count += page.evaluate(_CALLS, pushes // reloads)
            page.evaluate(_STREAM, [inference_id, TOKENS])
            page.wait_for_timeout(moments.uniform(0, 400))
            push_count += page.evaluate("toy.pushes.length") - pushes // reloads
            page.reload()
            page.evaluate("toy.greeted")
            wrong_streams += page.evaluate("(id) => toy.follow(id)", inference_id) != TEXT
            if number == reloads // 10:
                first = resource_usage(program.process.pid)
        assert first is not None
        time.sleep(MEASURE_DELAY_S)
        growth = resource_usage(program.process.pid) - first
    return EnduranceResult(push_count, reloads, wrong_streams, growth)


def open_and_close(playwright: Playwright, times: int) -> ResourceUsage:
    """Open a window beside the first one and close it, repeatedly; returns the growth."""
    with (
        HostProcess("tests.window.collecting", "--debug-port", "0", env=OFFSCREEN) as program,
        inside(playwright, str(program.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        first = None
        for number in range(times):
            with browser.contexts[0].expect_page() as opened:
                assert page.evaluate("toy.greeted.then(() => toy.call('shell.open_window'))")
            _close(opened.value, page)
            program.wait_for("CLOSED", number + 1)
            if number == times // 10:
                first = resource_usage(program.process.pid)
        assert first is not None
        time.sleep(MEASURE_DELAY_S)
        return resource_usage(program.process.pid) - first


def _close(page: Page, by: Page) -> None:
    page.wait_for_load_state()
    page.evaluate("toy.greeted")
    with page.expect_event("close", timeout=PATIENCE_S * 1000):
        by.evaluate("toy.call('toy.close_last')")
