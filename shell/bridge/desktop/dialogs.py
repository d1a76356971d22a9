"""Shows dialogs over a window, one at a time for each caller."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

import webview
from webview.window import Window

Reply = TypeVar("Reply")
MODEL_FILES = ("GGUF models (*.gguf)", "All files (*.*)")


class Dialogs:
    """Asks the person at the window. Loop thread only.

    Args:
        window_of: finds the window of a caller; None when it is closed.
        program: the program's name, the title of questions.
    """

    def __init__(self, window_of: Callable[[str], Window | None], program: str) -> None:
        self._window_of = window_of
        self._program = program
        self._open: set[str] = set()
        """Callers whose dialog is open."""

    async def choose_file(self, caller_id: str, kinds: tuple[str, ...] = MODEL_FILES) -> str | None:
        """Ask for a file in a dialog over the caller's window; by default for a model file.

        Returns:
            The file's path; None if the person chose no file, if the window is closed, and while it
            has a dialog already.
        """

        def ask(window: Window) -> str | None:
            paths = window.create_file_dialog(webview.FileDialog.OPEN, file_types=kinds)
            return paths[0] if paths else None

        return await self._ask(caller_id, ask)

    async def confirm(self, caller_id: str, title: str, text: str) -> bool:
        """Ask for a yes or no in a dialog over the caller's window.

        Args:
            caller_id: the caller whose window it is.
            title: the question.
            text: the details, as plain text.

        Returns:
            Whether the person agreed; False if the window is closed, and while it has a dialog.
        """

        def ask(window: Window) -> bool:
            return bool(window.create_confirmation_dialog(self._program, f"{title}\n\n{text}"))

        return bool(await self._ask(caller_id, ask))

    async def _ask(self, caller_id: str, ask: Callable[[Window], Reply]) -> Reply | None:
        """Show a dialog over the caller's window, unless it has one already."""
        window = self._window_of(caller_id)
        if window is None or caller_id in self._open:
            return None
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Reply | None] = loop.create_future()

        def resolve(answer: Reply | None) -> None:
            self._open.discard(caller_id)
            if not reply.done():
                reply.set_result(answer)

        def show() -> None:
            answer = None
            try:
                answer = ask(window)
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(resolve, answer)

        self._open.add(caller_id)
        # The thread waits as long as the dialog is open, and must not delay the program's end.
        threading.Thread(target=show, name="dialog", daemon=True).start()
        return await reply
