"""Installed: a program as a person has installed it, driven like the one of this tree."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Playwright

from tests.e2e.app import App, answer, ask, wait_for_end
from tests.host_process import HostProcess

QUESTION = "What is the capital of France?"
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
    def window(self, playwright: Playwright, data: Path, provider: str = "local") -> Iterator[App]:
        """Its window, for as long as the context lasts."""
        arguments = ("--debug-port", "0", "--data-dir", str(data), "--provider", provider)
        host = HostProcess("shell", *arguments, env=self.environment, installed=self.command)
        with host as program:
            app = App("window", playwright, program)
            try:
                yield app
            finally:
                app.close()

    def answers(self, playwright: Playwright, data: Path) -> bool:
        """Whether a question that is typed into its window is answered by the embedded model."""
        with self.window(playwright, data) as app:
            page = app.page()
            ask(page, QUESTION)
            end = wait_for_end(page)
            return end.get("finishReason") == "stop" and answer(page).inner_text().strip() != ""

    def leftovers_of_a_kill(self, playwright: Playwright, data: Path) -> tuple[int, float]:
        """How many processes it had with an answering model, and the seconds until all were gone
        after its first was killed outright. Four mean: not all.
        """
        mark = f"{MARK}={os.getpid()}-{time.monotonic_ns()}"
        name, _, value = mark.partition("=")
        marked = Installed(self.command, {**self.environment, name: value})
        with marked.window(playwright, data) as app:
            page = app.page()
            ask(page, QUESTION)
            wait_for_end(page)
            app.close()
            count = len(marked_processes(mark))
            app.program.expected = -9
            app.program.process.kill()
            began = time.monotonic()
            app.program.process.wait()
            while marked_processes(mark) and time.monotonic() - began < 4:
                time.sleep(0.02)
            return count, time.monotonic() - began


def marked_processes(mark: str) -> list[int]:
    """Every process with this in its environment, whoever has adopted it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()[0]
            if mark.encode() in (folder / "environ").read_bytes() and state != "Z":
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
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


def megabytes(path: Path) -> float:
    """The size of a file, or of all files below a folder, links not followed."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    size = sum(each.lstat().st_size for each in files if not each.is_symlink())
    return round(size / MEGABYTE, 1)
