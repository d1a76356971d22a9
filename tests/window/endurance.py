"""Endurance: one program with many pushes, reloads and windows, and what it holds afterwards."""

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
SETTLE_S = 1.0
POOL = "ThreadPool"
"""What Chromium calls its workers: of those it has more when there is more to do."""

_CALLS = """async (times) => {
  for (let left = times; left > 0; left -= 1) {
    const said = await toy.patient("toy.echo", `${left}`);
    if (said !== `${left}`) throw new Error(`${said} instead of ${left}`);
  }
  return toy.pushes.length;
}"""
_STREAM = """async ([id, tokens]) => {
  await toy.call("toy.stream", { id, tokens, milliseconds: 1 });
  toy.follow(id);
}"""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a process holds: resident megabytes, threads, open files and sockets."""

    megabytes: float
    threads: int
    handles: int

    def __sub__(self, other: "Holding") -> "Holding":
        return Holding(
            round(self.megabytes - other.megabytes, 1),
            self.threads - other.threads,
            self.handles - other.handles,
        )


@dataclass(frozen=True, slots=True)
class Endured:
    """What happened, and how much more was held at the end than after the first tenth of it."""

    pushes: int
    reloads: int
    wrong: int
    """Streams of which a part was missing or came twice after a reload."""
    growth: Holding


def holding(process: int) -> Holding:
    """What it holds now. Linux only."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
    )
    return Holding(
        megabytes=int(status["VmRSS"].split()[0]) / 1024,
        threads=sum(not name.startswith(POOL) for name in _threads(process)),
        handles=len(list(Path(f"/proc/{process}/fd").iterdir())),
    )


def _threads(process: int) -> Iterator[str]:
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            yield (task / "comm").read_text()


def push_and_reload(playwright: Playwright, pushes: int, reloads: int, seed: int) -> Endured:
    """Reload in the middle of a stream, again and again, with many pushes between."""
    moments = random.Random(seed)  # noqa: S311
    told = wrong = 0
    with (
        HostProcess("tests.window.toy", "--debug-port", "0", env=OFFSCREEN) as program,
        inside(playwright, str(program.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        first = None
        for turn in range(reloads):
            inference_id = f"inf-endurance-{turn}"
            told += page.evaluate(_CALLS, pushes // reloads)
            page.evaluate(_STREAM, [inference_id, TOKENS])
            page.wait_for_timeout(moments.uniform(0, 400))
            told += page.evaluate("toy.pushes.length") - pushes // reloads
            page.reload()
            page.evaluate("toy.greeted")
            wrong += page.evaluate("(id) => toy.follow(id)", inference_id) != TEXT
            if turn == reloads // 10:
                first = holding(program.process.pid)
        assert first is not None
        time.sleep(SETTLE_S)
        growth = holding(program.process.pid) - first
    return Endured(told, reloads, wrong, growth)


def open_and_close(playwright: Playwright, times: int) -> Holding:
    """Open a window beside the first and close it, again and again; returns the growth."""
    with (
        HostProcess("tests.window.collecting", "--debug-port", "0", env=OFFSCREEN) as program,
        inside(playwright, str(program.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        first = None
        for turn in range(times):
            with browser.contexts[0].expect_page() as opened:
                assert page.evaluate("toy.greeted.then(() => toy.call('shell.open_window'))")
            _close(opened.value, page)
            program.wait_for("CLOSED", turn + 1)
            if turn == times // 10:
                first = holding(program.process.pid)
        assert first is not None
        time.sleep(SETTLE_S)
        return holding(program.process.pid) - first


def _close(page: Page, by: Page) -> None:
    page.wait_for_load_state()
    page.evaluate("toy.greeted")
    with page.expect_event("close", timeout=PATIENCE_S * 1000):
        by.evaluate("toy.call('toy.close_last')")
