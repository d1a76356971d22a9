"""Installed: a program as a person has installed it, driven like the one of this tree."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect

from tests.chromium import inside, windows
from tests.e2e.app import PATIENCE_MS, answer, ask, box
from tests.host_process import HostProcess

QUESTION = "Say hello."
FETCH_MS = 180_000
MARK = "TIDEWIRE_MARK"
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Installed:
    """How it is started, and what its environment has besides ours."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """To its end."""
        return subprocess.run(
            [*self.command, *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextlib.contextmanager
    def window(self, playwright: Playwright, data: Path) -> Iterator[tuple[HostProcess, Page]]:
        """It and the page in its window, with the embedded model chosen."""
        arguments = ("--debug-port", "0", "--data-dir", str(data), "--provider", "local")
        host = HostProcess("shell", *arguments, env=self.environment, installed=self.command)
        with host as program, inside(playwright, str(program.json_line()["debugUrl"])) as browser:
            page = windows(browser)[0]
            page.set_default_timeout(PATIENCE_MS)
            # Not whether it has the focus: without a window manager nothing gives it any.
            expect(box(page)).to_be_visible()
            yield program, page

    def answers(self, playwright: Playwright, data: Path) -> bool:
        """Whether a question that is typed into its window is answered by the embedded model. In a
        new data directory: what was said before would be opened again, with its answers.
        """
        with self.window(playwright, data) as (_, page):
            return answered(page)

    def fetches_by_a_click(self, playwright: Playwright, data: Path) -> bool:
        """Whether the missing model is fetched by the button that is offered, and answers."""
        with self.window(playwright, data) as (_, page):
            ask(page, QUESTION)
            page.get_by_role("button", name="Download model").click()
            expect(page.locator(".error")).to_have_count(0, timeout=FETCH_MS)
            expect(answer(page)).not_to_have_text("", timeout=PATIENCE_MS)
            return answer(page).inner_text().strip() != ""

    def leftovers_of_a_kill(self, playwright: Playwright, data: Path) -> tuple[int, float]:
        """How many processes it had with an answering model, and the seconds until all were gone
        after its first was killed outright. Four mean: not all.
        """
        mark = f"{os.getpid()}-{time.monotonic_ns()}"
        marked = Installed(self.command, {**self.environment, MARK: mark})
        with marked.window(playwright, data) as (program, page):
            answered(page)
            count = len(marked_processes(mark))
            program.expected = -signal.SIGKILL
            program.process.kill()
            began = time.monotonic()
            program.process.wait()
            while marked_processes(mark) and time.monotonic() - began < 4:
                time.sleep(0.02)
            return count, time.monotonic() - began


def answered(page: Page) -> bool:
    """Type a question; whether words have come when it is stopped or has ended."""
    ask(page, QUESTION)
    expect(answer(page)).not_to_have_text("", timeout=PATIENCE_MS)
    # A model of this size may ramble for minutes; stopped, it has answered all the same.
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=PATIENCE_MS)
    return answer(page).inner_text().strip() != ""


def marked_processes(mark: str) -> list[int]:
    """Every process that has inherited this, whoever has adopted it."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()[0]
            if wanted in (folder / "environ").read_bytes() and state != "Z":
                found.append(int(folder.name))
    return found


@contextlib.contextmanager
def xvfb() -> Iterator[str]:
    """An X server without a screen; its DISPLAY."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield f":{server.stdout.readline().strip()}"
        finally:
            server.terminate()


def megabytes(path: Path) -> float:
    """The size of a file, or of all files below a folder, links not followed."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    size = sum(each.lstat().st_size for each in files if not each.is_symlink())
    return round(size / MEGABYTE, 1)
