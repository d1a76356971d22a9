"""Logs: how the program writes its own log: to stderr, a line an entry, without secrets."""

import logging
from collections.abc import Callable

LEVELS = ("debug", "info", "warning", "error")
DEFAULT_LEVEL = "warning"
FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class _Redacting(logging.Formatter):
    """Takes secrets out of the finished line: whatever put them in, they leave here."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__(FORMAT, "%H:%M:%S")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def set_up_logs(level: str, redact: Callable[[str], str]) -> None:
    """Write the log to stderr.

    Args:
        level: one of `LEVELS`; libraries are never heard below `warning` but at `debug`.
        redact: a text without the secrets that this process knows.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting(redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    logging.getLogger("shell").setLevel(level.upper())
