"""Adds the zoom keys of a browser to Qt's view."""

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWebEngineWidgets import QWebEngineView

STEPS = (0.5, 0.67, 0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""The steps of Chromium."""


def add_zoom(view: QWebEngineView) -> None:
    """Change the zoom with Ctrl and +, - or 0."""

    def larger() -> None:
        wider = [step for step in STEPS if step > view.zoomFactor() + 0.01]
        view.setZoomFactor(wider[0] if wider else STEPS[-1])

    def smaller() -> None:
        closer = [step for step in STEPS if step < view.zoomFactor() - 0.01]
        view.setZoomFactor(closer[-1] if closer else STEPS[0])

    def standard() -> None:
        view.setZoomFactor(1.0)

    # On many keyboards + and = are the same key.
    for act, keys in (
        (larger, (QKeySequence.StandardKey.ZoomIn, "Ctrl+=")),
        (smaller, (QKeySequence.StandardKey.ZoomOut,)),
        (standard, ("Ctrl+0",)),
    ):
        for key in keys:
            QShortcut(QKeySequence(key), view).activated.connect(act)
