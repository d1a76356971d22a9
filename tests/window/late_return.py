"""A program whose closing thread stays in Qt for longer than Python takes to exit."""

import time

from shell.bridge.desktop.windows import Windows
from shell.support.event_loop import event_loop_thread

EMIT_S = 1.0


class Late(Windows):
    """Calls Qt repeatedly after it has closed the windows."""

    def _destroy(self) -> None:
        # Imported late, since PySide6 inspects every module that is imported after it.
        from PySide6.QtCore import QObject, Signal

        class Source(QObject):
            changed = Signal()

        source = Source()
        super()._destroy()
        deadline = time.monotonic() + EMIT_S
        while time.monotonic() < deadline:
            source.changed.emit()


if __name__ == "__main__":
    with event_loop_thread() as thread:
        windows = Late(
            thread.loop, lambda *_: None, "http://127.0.0.1:1/", on_closed=lambda _: None
        )
        windows.run(windows.close)
