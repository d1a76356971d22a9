"""Fixtures for pytest, for programs that are built on the bridge.

The plugin does nothing until a test uses one of its fixtures. `docs/testing.md` has an example.
Only `tidewire_page` needs Playwright.
"""

import asyncio
import contextlib
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:  # a test run that uses no fixture loads none of it
    from playwright.sync_api import Browser, Page, Playwright

    from shell.embed import App
    from shell.providers.testing.echo import EchoProvider
    from shell.providers.testing.replay import ReplayProvider
    from shell.support.event_loop import LoopThread

PATIENCE_S = 30.0
"""How long a program may take to start, to answer or to end."""
LAST_LINES = 30
SHELLS = ("browser", "window")


class Refused(Exception):
    """The program refused a call, or a stream failed. A page gets the same code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Host:
    """A program without a page. Calls its methods as a page would."""

    def __init__(self, app: "App", thread: "LoopThread") -> None:
        from shell.bridge.caller import Caller
        from shell.contract import CONTRACT_VERSION

        self._version = CONTRACT_VERSION
        self._thread = thread
        self._caller: Caller = Caller(f"test-{secrets.token_hex(4)}")
        self._load = secrets.token_hex(8)
        self._calls = 0
        self._woken = asyncio.Event()
        self._host = thread.run(app.start())
        self.pushed: dict[str, object] = {}
        """The latest published value by its name."""
        self._caller.feed.on_wake(self._wake)
        self._streams: dict[str, list[dict[str, Any]]] = {}
        self._replies: dict[int, dict[str, Any]] = {}
        self.call("shell.hello", {"version": self._version, "lastPush": 0})

    def call(self, method: str, params: object = None) -> Any:
        """Call `namespace.method` and return its result as JSON has it.

        Raises:
            Refused: the program refused the call.
        """
        self._calls += 1
        number = self._calls
        call = {"id": number, "method": method, "params": params}
        batch = json.dumps({"version": self._version, "load": self._load, "calls": [call]})
        self._thread.call(lambda: self._host.door.post(self._caller, batch))
        self._wait(lambda: number in self._replies, f"{method} was not answered")
        reply = self._replies.pop(number)
        if not reply["ok"]:
            raise Refused(reply["error"]["code"], reply["error"]["message"])
        return reply["value"]

    def text(self, stream: str) -> str:
        """Wait for the end of a stream; returns its text.

        Raises:
            Refused: the stream failed, or there is none with this id.
            TimeoutError: it takes more than 30 seconds.
        """
        if stream not in self._streams:
            self.call("llm.attach", {"inferenceId": stream})
        self._wait(lambda: self._ending(stream) is not None, f"The stream {stream} did not end")
        ending = cast("dict[str, Any]", self._ending(stream))
        if ending["channel"] == "llm:error":
            raise Refused(ending["code"], ending["error"])
        return "".join(event.get("token", "") for event in self._streams[stream])

    def items(self, stream: str) -> list[Any]:
        """Wait for the end of a stream of models; returns them as JSON has them."""
        return [json.loads(line) for line in self.text(stream).splitlines()]

    def close(self) -> None:
        """End the program, in the order in which `App` ends."""
        self._thread.run(self._host.end_runs(), PATIENCE_S)
        self._thread.run(self._host.close(), PATIENCE_S)
        # The app outlives this test. An open feed would wake a loop that has ended.
        self._thread.call(self._caller.feed.close)

    # --- inside -----------------------------------------------------------------------------

    def _wake(self, urgent: bool) -> None:
        self._thread.loop.call_soon_threadsafe(self._woken.set)

    def _ending(self, stream: str) -> dict[str, Any] | None:
        events = self._streams.get(stream, [])
        return next((e for e in events if e["channel"] in ("llm:done", "llm:error")), None)

    def _wait(self, condition: Callable[[], bool], problem: str) -> None:
        async def until() -> None:
            while not condition():
                while (push := self._caller.feed.next()) is not None:
                    for item in json.loads(f"[{push.items}]"):
                        self._take(item)
                    self._caller.feed.acknowledge(push.load, push.number)
                if not condition():
                    await self._woken.wait()
                    self._woken.clear()

        try:
            self._thread.run(asyncio.wait_for(until(), PATIENCE_S))
        except TimeoutError:
            raise TimeoutError(f"{problem} within {PATIENCE_S:g} seconds") from None

    def _take(self, item: dict[str, Any]) -> None:
        if item["channel"] == "reply":
            self._replies[item["id"]] = item
        elif item["channel"] == "topic":
            self.pushed[item["name"]] = item["value"]
        else:
            self._streams.setdefault(item["inferenceId"], []).append(item)


StartHost = Callable[["App"], Host]
"""The value of the fixture `tidewire_host`."""
MakeReplay = Callable[[Path], "ReplayProvider"]
"""The value of the fixture `recorded_provider`."""


class Program:
    """A program in a process of its own, which `App.main()` starts.

    Its standard error goes to a file, so that a test can read at once what the program wrote before
    its page showed a result.
    """

    def __init__(self, command: Sequence[str], arguments: Sequence[str], log: Path) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._log = log
        offscreen = {} if os.environ.get("DISPLAY") else {"QT_QPA_PLATFORM": "offscreen"}
        with log.open("wb") as err:
            self.process = subprocess.Popen(  # noqa: S603 - the command is that of the tests
                [*command, *arguments],
                env={**offscreen, **os.environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                encoding="utf-8",
                errors="replace",
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ready(self) -> dict[str, str]:
        """Wait for the line of JSON that the program prints when a page can be opened."""
        with contextlib.suppress(queue.Empty):
            while line := self._lines.get(timeout=PATIENCE_S):
                if line.startswith("{"):
                    return cast("dict[str, str]", json.loads(line))
        self.process.kill()
        self.process.wait()
        raise AssertionError(f"The program did not start:\n{self.last_words()}")

    def last_words(self) -> str:
        """Return the end of the program's log."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:])

    def stop(self) -> int:
        """End the program with SIGTERM; returns its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("The program did not end") from None
        finally:
            self.process.wait()
            self._reader.join()

    def _read(self) -> None:
        with cast("IO[str]", self.process.stdout) as stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put("")


# --- fixtures -------------------------------------------------------------------------------

_PROGRAM = pytest.StashKey[Program]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of the program's log to the failure of a test with a page."""
    report = yield
    if report.failed and _PROGRAM in item.stash:
        report.sections.append(("The program's last words", item.stash[_PROGRAM].last_words()))
    return report


@pytest.fixture
def tidewire_host() -> Iterator[StartHost]:
    """Start an `App` without a page: `tidewire_host(app).call("notes.add", {...})`."""
    from shell.support.event_loop import event_loop_thread

    with event_loop_thread() as thread, contextlib.ExitStack() as stack:

        def start(app: "App") -> Host:
            host = Host(app, thread)
            stack.callback(host.close)
            return host

        yield start


@pytest.fixture(scope="session")
def tidewire_command() -> Sequence[str]:
    """The command that starts the program. Override it; its file ends with `app.main()`."""
    return (sys.executable, "app.py")


@pytest.fixture(params=SHELLS)
def tidewire_shell(request: pytest.FixtureRequest) -> str:
    """`browser` or `window`. Override it to test in one of them only."""
    return cast("str", request.param)


@pytest.fixture(scope="session")
def tidewire_playwright() -> "Iterator[Playwright]":
    """Playwright, which must be installed separately."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def tidewire_page(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    tidewire_command: Sequence[str],
    tidewire_shell: str,
    tidewire_playwright: "Playwright",
) -> "Iterator[Page]":
    """A page of the program, in a headless Chromium or in its real window.

    Chromium is the one in `TIDEWIRE_CHROMIUM`, else the system's, else Playwright's own.
    """
    in_browser, chromium = tidewire_shell == "browser", tidewire_playwright.chromium
    arguments = ("serve", "--no-open") if in_browser else ("--debug-port", "0")
    log = tmp_path_factory.mktemp("tidewire") / "program.log"
    program = request.node.stash[_PROGRAM] = Program(tidewire_command, arguments, log)
    browser: Browser | None = None
    try:
        ready = program.ready()
        if in_browser:
            browser = chromium.launch(
                executable_path=os.environ.get("TIDEWIRE_CHROMIUM") or shutil.which("chromium"),
                chromium_sandbox=not hasattr(os, "geteuid") or os.geteuid() != 0,
            )
            page = browser.new_page()
            page.goto(ready["url"])
        else:
            browser = chromium.connect_over_cdp(ready["debugUrl"], no_defaults=True)
            (page,) = browser.contexts[0].pages
        yield page
    finally:
        if browser is not None:
            browser.close()
        status = program.stop()
    if status != 0:
        raise AssertionError(f"The program ended with {status}\n{program.last_words()}")


@pytest.fixture
def scripted_provider() -> "EchoProvider":
    """A provider that plays the script in its prompt (docs/scripting.md), without waiting."""
    from shell.providers.testing.echo import EchoProvider

    return EchoProvider(rate=None)


@pytest.fixture
def recorded_provider() -> MakeReplay:
    """Make a provider that plays a recording of `tidewire ask --json`, without waiting."""
    from shell.providers.testing.replay import ReplayProvider

    return lambda path: ReplayProvider(path, speed=None)
