"""Deletes the Qt objects of a closed window in the thread that made them."""

from PySide6.QtCore import QObject


class QtCleanup:
    """Holds the parts of every window until its page is deleted, and then deletes them.

    pywebview deletes the page of a closed window and leaves the rest to Python's collector. That
    one runs in whichever thread allocates, and Qt's objects must not be deleted in another than
    their own: the process dies of it. As long as they are held here, it does not find them.
    """

    def __init__(self) -> None:
        self._held: dict[int, tuple[QObject, ...]] = {}

    def follow(self, page: QObject, *parts: QObject) -> None:
        """Delete these parts after the page, in this order."""
        number = id(parts[-1])
        self._held[number] = parts
        page.destroyed.connect(lambda: self._delete(number))
        parts[-1].destroyed.connect(lambda: self._held.pop(number, None))

    def _delete(self, number: int) -> None:
        for part in self._held[number]:
            part.deleteLater()
