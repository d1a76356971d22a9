"""Runs `dev.py web` on a copy of the page that a test can edit."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Page, expect

from tests.chromium import PATIENCE_MS
from tests.e2e.app import Kind, answer, ask, box, until
from tests.edits import save
from tests.host_process import PATIENCE_S, ROOT

RESAVE_MS = 1_000
"""Vite ignores an edit within 40 ms of another, which no person makes. Like a person, the test
saves the file again if it does not see the edit.
"""
DRAFT = "a draft that nobody has sent"

LAUNCHER = """
import signal, sys
from pathlib import Path
import dev

from devtools import processes, web
Original = dev.Setup

class Copy(Original):
    def __init__(self, root, children):
        super().__init__(root, children)
        self.installed = Original(Path(dev.__file__).parent, children)
        self.python = sys.executable
    def modules(self): return self.installed.node()[0]
    def script(self, name): return self.installed.script(name)

web.prepare = lambda *steps, **options: None  # what is needed is installed beside the original
dev.Setup = Copy
dev.ROOT = processes.ROOT = Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job begins without it
sys.exit(dev.main(["web", *sys.argv[2:]]))
"""


@dataclass
class Developing:
    """A running `dev.py web`, and the files that it watches."""

    folder: Path
    process: subprocess.Popen[str]

    def json_line(self) -> dict[str, object]:
        """The next line of JSON that the host prints. Skips the output of Vite."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                parsed: dict[str, object] = json.loads(line)
                return parsed
        raise AssertionError("it ended without a line")

    def edit(self, number: int) -> None:
        """Change a component so that every answer's text is marked with the number."""
        parts = self.folder / "web" / "src" / "features" / "transcript" / "parts"
        file = parts / "TextPart.tsx"
        text = (ROOT / file.relative_to(self.folder)).read_text("utf-8")
        changed = text.replace("<div className=", f'<div data-edit="{number}" className=')
        assert changed != text
        save(file, changed)

    def change_python(self) -> None:
        """Write a Python file, like a programmer."""
        (self.folder / "shell" / "new.py").write_text('"""New."""\n', "utf-8")

    def interrupt(self) -> int:
        """Send Ctrl+C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@contextlib.contextmanager
def developing(kind: Kind, *arguments: str) -> Iterator[Developing]:
    """Run `dev.py web` with the echo provider until the context ends.

    The copy is inside the project, where Vite finds the installed packages.
    """
    parent = ROOT / ".bench"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hot-", dir=parent) as name:
        folder = Path(name)
        shutil.copytree(ROOT / "web", folder / "web", ignore=shutil.ignore_patterns("node_modules"))
        (folder / "shell").mkdir()
        command = [sys.executable, "-c", LAUNCHER, name]
        command += ["--window"] if kind == "window" else []
        common = ["--data-dir", str(folder / "data"), "--provider", "echo"]
        shell_options = ["--debug-port", "0"] if kind == "window" else ["--no-open"]
        with subprocess.Popen(
            [*command, "--", *common, *shell_options, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            try:
                yield Developing(folder, process)
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                    process.wait(PATIENCE_S)


def begin(page: Page) -> None:
    """Create a conversation, a draft, and a variable that a reload of the page would lose."""
    page.set_default_timeout(PATIENCE_MS * 2)
    expect(box(page)).to_be_visible(timeout=PATIENCE_MS * 2)
    page.evaluate("window.llm.ready()")
    ask(page, "the tide comes in")
    expect(answer(page)).to_have_text("the tide comes in")
    until(page, "!document.querySelector('[aria-busy=true]')")
    box(page).fill(DRAFT)
    page.evaluate("window.sameLoad = true")


def check_edit(page: Page, work: Developing, number: int) -> None:
    """Edit a component, wait until the page shows the edit, and check the page's state."""
    for _ in range(PATIENCE_MS // RESAVE_MS):
        work.edit(number)
        with contextlib.suppress(Error):
            until(page, f'document.querySelector("{edit_selector(number)}")', RESAVE_MS)
            break
    else:
        raise AssertionError("the edit is not seen, however often it is saved")
    check_state(page)


def edit_selector(number: int) -> str:
    """A selector that matches once the edit with this number has arrived."""
    return f".message-text[data-edit='{number}']"


def check_state(page: Page) -> None:
    """Check that the page was not reloaded and has its conversation and draft."""
    assert page.evaluate("window.sameLoad") is True
    expect(answer(page)).to_have_text("the tide comes in")
    expect(box(page)).to_have_value(DRAFT)
