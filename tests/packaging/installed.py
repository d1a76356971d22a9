"""Drives an installed program like the one of this tree."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect

from tests.chromium import PATIENCE_MS, inside, windows
from tests.e2e.app import answer, ask, box
from tests.host_process import HostProcess

QUESTION = "Say hello."
FETCH_MS = 180_000
MARK = "TIDEWIRE_MARK"
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Installed:
    """The command that starts the program, and additions to the environment."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the program to its end."""
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
        """Run the program, and give it with the page in its window. Selects the embedded model."""
        arguments = ("--debug-port", "0", "--data-dir", str(data), "--provider", "local")
        host = HostProcess("shell", *arguments, env=self.environment, installed=self.command)
        with host as program, inside(playwright, str(program.json_line()["debugUrl"])) as browser:
            page = windows(browser)[0]
            page.set_default_timeout(PATIENCE_MS)
            # The focus is not checked: without a window manager nothing gives it to the box.
            expect(box(page)).to_be_visible()
            yield program, page

    def answers(self, playwright: Playwright, data: Path) -> bool:
        """Whether the embedded model answers a question that is typed into the window.

        Needs a new data directory, because the window opens the last conversation again, with its
        answers.
        """
        with self.window(playwright, data) as (_, page):
            return answered(page)

    def fetches_by_a_click(self, playwright: Playwright, data: Path) -> bool:
        """Whether the offered button fetches the missing model, and the model then answers."""
        with self.window(playwright, data) as (_, page):
            ask(page, QUESTION)
            page.get_by_role("button", name="Download model").click()
            expect(page.locator(".error")).to_have_count(0, timeout=FETCH_MS)
            expect(answer(page)).not_to_have_text("", timeout=PATIENCE_MS)
            return answer(page).inner_text().strip() != ""

    def leftovers_of_a_kill(self, playwright: Playwright, data: Path) -> tuple[int, float]:
        """Kill the first process of an answering program, and wait for the others to end.

        Returns:
            The number of processes before, and the seconds until all had ended. Four seconds mean
            that some had not.
        """
        mark = f"{os.getpid()}-{time.monotonic_ns()}"
        marked = Installed(self.command, {**self.environment, MARK: mark})
        with marked.window(playwright, data) as (program, page):
            answered(page)
            count = len(marked_processes(mark))
            program.expected = -signal.SIGKILL
            program.process.kill()
            start = time.monotonic()
            program.process.wait()
            while marked_processes(mark) and time.monotonic() - start < 4:
                time.sleep(0.02)
            return count, time.monotonic() - start


def answered(page: Page) -> bool:
    """Type a question, and stop the answer. Returns whether the answer has a text."""
    ask(page, QUESTION)
    expect(answer(page)).not_to_have_text("", timeout=PATIENCE_MS)
    # A model of this size may go on for minutes. A stopped answer counts as well.
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=PATIENCE_MS)
    return answer(page).inner_text().strip() != ""


def marked_processes(mark: str) -> list[int]:
    """The processes that have inherited the mark, also those that another process has adopted."""
    variable = f"{MARK}={mark}".encode()
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()[0]
            if variable in (folder / "environ").read_bytes() and state != "Z":
                pids.append(int(folder.name))
    return pids


@contextlib.contextmanager
def xvfb() -> Iterator[str]:
    """Run an X server without a screen. Gives its DISPLAY."""
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
    """The size of a file, or of all files below a folder, in MB. Links are not followed."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    size = sum(each.lstat().st_size for each in files if not each.is_symlink())
    return round(size / MEGABYTE, 1)
