"""Shows dialogs over a window: one at a time for each caller."""

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
    """Asks a person at the window. On the loop.

    Args:
        window_of: finds the window of a caller; None when it is gone.
        program: the title of its questions.
    """

    def __init__(self, window_of: Callable[[str], Window | None], program: str) -> None:
        self._window_of = window_of
        self._program = program
        self._open: set[str] = set()
        """Callers whose dialog is open."""

    async def choose_file(self, caller_id: str, kinds: tuple[str, ...] = MODEL_FILES) -> str | None:
        """Ask for a file, a model's by default, over the caller's window.

        Returns:
            The file's path; None when nobody chose one, when the window is gone, and while it has
            a dialog already.
        """

        def ask(window: Window) -> str | None:
            paths = window.create_file_dialog(webview.FileDialog.OPEN, file_types=kinds)
            return paths[0] if paths else None

        return await self._ask(caller_id, ask)

    async def confirm(self, caller_id: str, title: str, text: str) -> bool | None:
        """Ask for a yes or no in a dialog over the caller's window.

        Args:
            caller_id: whose window it is.
            title: the question.
            text: what it is about, as plain text.

        Returns:
            Whether the person agreed; False when the window is gone, and while it has a dialog.
        """
        whole = f"{title}\n\n{text}"

        def ask(window: Window) -> bool:
            return bool(window.create_confirmation_dialog(self._program, whole))

        return bool(await self._ask(caller_id, ask))

    async def _ask(self, caller_id: str, ask: Callable[[Window], Reply]) -> Reply | None:
        """Show a dialog over the caller's window, unless it has one already."""
        window = self._window_of(caller_id)
        if window is None or caller_id in self._open:
            return None
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Reply | None] = loop.create_future()

        def settle(answer: Reply | None) -> None:
            self._open.discard(caller_id)
            if not answered.done():
                answered.set_result(answer)

        def show() -> None:
            answer = None
            try:
                answer = ask(window)
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(settle, answer)

        self._open.add(caller_id)
        # It waits as long as the dialog is open, and must not hold up the end of the program.
        threading.Thread(target=show, name="dialog", daemon=True).start()
        return await answered
