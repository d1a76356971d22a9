"""A program that uses every feature of `App`: `python -m tests.window.program`.

With the argument `serve` it runs in the browser, otherwise in a window.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import cast

from pydantic import BaseModel

from shell.providers.testing.echo import EchoProvider
from tidewire_bridge import App, Caller, CallLimits, Menu, MenuItem, ProgramError, Stream

PAGE = """<!doctype html>
<html lang="en"><head><title>Program</title></head>
<body><main></main><script type="module" src="program.js"></script></body></html>
"""
SCRIPT = """
import { codeOf, connect } from "/bridge.js";

const host = await connect();
window.host = host;
window.codeOf = codeOf;
window.levels = [];
host.topic("chosen", (value) => (document.title = value ?? "nothing"));
host.topic("level", (value) => window.levels.push(value?.metres));
window.collect = async (id) => {
  const began = performance.now();
  const seen = [];
  for await (const item of host.items(id)) seen.push(item);
  return { seen, ms: performance.now() - began };
};
document.querySelector("main").textContent = "connected";
"""


class Tick(BaseModel):
    number: int
    at: float = 0.5
    text: str = "a line\nand another"


class Level(BaseModel):
    metres: float


class Tide:
    """The namespace `tide`."""

    def __init__(self) -> None:
        self.person: object = None

    def ticks(self, caller: Caller, count: int) -> Stream[Tick]:
        """Stream so many models, as fast as they can be made."""
        return app.stream(caller, ticks(count, 0))

    def slow_ticks(self, caller: Caller, count: int) -> Stream[Tick]:
        """Stream so many models, 100 a second."""
        return app.stream(caller, ticks(count, 0.01))

    def broken(self, caller: Caller) -> str:
        """Stream one model, then fail."""
        return app.stream(caller, failing_ticks())

    def rise(self, caller: Caller, metres: float) -> None:
        """Publish another level to every page."""
        app.publish("level", Level(metres=metres))

    def refuse(self, caller: Caller) -> None:
        """Refuse with a code of the program's own."""
        raise ProgramError("NO_WATER", "There is no water", retryable=True)

    def fail(self, caller: Caller) -> None:
        """Fail as no program should."""
        raise RuntimeError("a secret of the program")

    def open(self, caller: Caller) -> bool:
        """Open another window."""
        return app.open_window()

    def me(self, caller: Caller) -> str:
        """The id of the window."""
        return caller.id

    def choose(self, caller: Caller, title: str) -> list[str]:
        """Choose an item of the window's menu like a person; returns the menu's titles."""
        from PySide6.QtWidgets import QMainWindow, QMenu

        assert app._windows is not None
        native: object = getattr(app._windows._window_of(caller.id), "native", None)
        assert isinstance(native, QMainWindow)
        (menu,) = native.menuBar().actions()
        items = cast("QMenu", menu.menu()).actions()
        self._run_in_gui_thread(next(item for item in items if item.text() == title).trigger)
        return [menu.text(), *(item.text() for item in items)]

    async def wait(self, caller: Caller) -> None:
        """Never answer."""
        await asyncio.Event().wait()

    def close_window(self, caller: Caller, keep_open: bool) -> None:
        """Close the window like a person, and answer the question that follows."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication, QMessageBox

        def answer() -> None:
            box = QApplication.activeModalWidget()
            if not isinstance(box, QMessageBox):
                QTimer.singleShot(10, answer)
                return
            print(json.dumps({"asked": box.text()}), flush=True)
            box.button(getattr(QMessageBox, "No" if keep_open else "Yes")).click()

        self._run_in_gui_thread(answer)
        assert app._windows is not None
        app._windows.control(caller.id, "close")

    def _run_in_gui_thread(self, work: Callable[[], object]) -> None:
        """Run a person's action on the thread of the windows."""
        from PySide6.QtCore import QObject, Signal
        from PySide6.QtWidgets import QApplication

        class Person(QObject):
            act_requested = Signal()

            def act(self) -> None:
                work()

        qt = QApplication.instance()
        assert qt is not None
        self.person = Person()
        self.person.moveToThread(qt.thread())
        self.person.act_requested.connect(self.person.act)
        self.person.act_requested.emit()


async def ticks(count: int, pause_s: float) -> AsyncGenerator[Tick, None]:
    for number in range(count):
        yield Tick(number=number)
        if pause_s:
            await asyncio.sleep(pause_s)


async def failing_ticks() -> AsyncGenerator[Tick, None]:
    yield Tick(number=0)
    raise RuntimeError("a secret of the stream")


async def rise(caller: Caller) -> None:
    app.publish("chosen", caller.id)


def sink(caller: Caller) -> None:
    raise RuntimeError("a secret of the menu")


async def start() -> None:
    app.publish("level", Level(metres=1.5))


async def stop() -> None:
    print('{"stopped": true}', flush=True)


folder = tempfile.TemporaryDirectory(prefix="tidewire-program-")
"""Removed with the program."""


def page() -> Path:
    page_folder = Path(folder.name)
    (page_folder / "index.html").write_text(PAGE, "utf-8")
    (page_folder / "program.js").write_text(SCRIPT, "utf-8")
    return page_folder


app = App(
    page(),
    {"tide": Tide()},
    title="Tide table",
    size=(640, 480),
    menus=[Menu("Water", [MenuItem("Rise", rise), None, MenuItem("Sink", sink)])],
    calls=CallLimits(unanswered=3),
    close_question="Leave the sea?",
    providers=[EchoProvider(rate=None)],
    on_start=start,
    on_stop=stop,
)

if __name__ == "__main__":
    if "serve" in sys.argv:
        app.serve(open_browser=False)
    else:
        app.run(debug_port=0)
