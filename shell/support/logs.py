"""Writes the program's log to stderr, one line for each entry, without secrets."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from shell.support.redaction import redact

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
"""Matches more names than those kept from child processes: a child may need the value of
SSH_KEY_PATH, and the log does not."""
SHORTEST = 8
"""A shorter value is not a key (`GIT_TERMINAL_TOKEN=1`)."""


class _Redacting(logging.Formatter):
    """Removes secrets from the finished line, whichever logger wrote it."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__(FORMAT, "%H:%M:%S")
        self.sources: list[Callable[[], Iterable[str]]] = [lambda: secrets]

    def format(self, record: logging.LogRecord) -> str:
        secrets = {secret for source in self.sources for secret in source()}
        return redact(super().format(record), secrets)


def set_up_logs(level: str, environ: Mapping[str, str] = os.environ) -> None:
    """Write the log to stderr.

    Args:
        level: debug, info, warning or error. Libraries log from `warning` on, at `debug` from
            `info` on, and never more: below that they write conversations and every token.
        environ: its variables with the name of a secret are removed from every line.
    """
    secrets = [
        value for name, value in environ.items() if _SECRET.search(name) and len(value) >= SHORTEST
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if level == "debug" else logging.WARNING)
    logging.getLogger("shell").setLevel(level.upper())


def redact_also(secrets: Callable[[], Iterable[str]]) -> None:
    """Remove further secrets from the log, such as keys from a keychain. `secrets` is called for
    each line, on the thread that logs.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Redacting):
            handler.formatter.sources.append(secrets)
