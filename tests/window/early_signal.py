"""A program with a window that gets SIGTERM before it has created the window."""

import os
import signal
import threading

from shell.bridge.desktop.windows import Windows
from shell.support.event_loop import event_loop_thread


class Early(Windows):
    """Creates its first window only after the signal was handled."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self.destroyed = threading.Event()

    def _destroy(self) -> None:
        super()._destroy()
        self.destroyed.set()

    def _build(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert self.destroyed.wait(20)
        super()._build()


if __name__ == "__main__":
    with event_loop_thread() as thread:
        windows = Early(
            thread.loop, lambda *_: None, "http://127.0.0.1:1/", on_closed=lambda _: None
        )
        windows.run()
