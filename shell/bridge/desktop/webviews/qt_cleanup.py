"""Deletes the Qt objects of a closed window in the thread that made them."""

from PySide6.QtCore import QObject


class QtCleanup:
    """Holds the parts of every window until its page is deleted, and then deletes them.

    pywebview deletes the page of a closed window and leaves the other objects to Python's garbage
    collector. The collector runs in any thread that allocates, but deleting a Qt object outside its
    own thread crashes the process. It does not collect the objects that are held here.
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
