"""Prints an uncaught exception as its message, where the traceback tells nothing more."""

import sys
from types import TracebackType


def print_message_alone(kind: type[Exception]) -> None:
    """Print no traceback when an exception of this kind ends the program."""
    before = sys.excepthook

    def report(
        raised: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(raised, kind):
            print(error, file=sys.stderr)
        else:
            before(raised, error, trace)

    sys.excepthook = report
