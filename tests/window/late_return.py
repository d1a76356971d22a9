"""A program whose thread that closes the windows is in Qt for longer than Python takes to end."""

import time

from shell.bridge.desktop.windows import Windows
from shell.support.event_loop import event_loop_thread

STAYS_S = 1.0


class Late(Windows):
    """Goes in and out of Qt after it has closed the windows."""

    def _destroy(self) -> None:
        # Late, since PySide6 looks into everything that is imported after it.
        from PySide6.QtCore import QObject, Signal

        class Source(QObject):
            changed = Signal()

        source = Source()
        super()._destroy()
        until = time.monotonic() + STAYS_S
        while time.monotonic() < until:
            source.changed.emit()


if __name__ == "__main__":
    with event_loop_thread() as thread:
        windows = Late(
            thread.loop, lambda *_: None, "http://127.0.0.1:1/", on_closed=lambda _: None
        )
        windows.run(windows.close)
