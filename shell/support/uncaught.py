"""Prints an uncaught exception as its message, if the traceback would not help."""

import sys
from types import TracebackType


def print_message_only(message_type: type[Exception]) -> None:
    """Print no traceback when an exception of this kind ends the program."""
    old_hook = sys.excepthook

    def report(
        error_type: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(error_type, message_type):
            print(error, file=sys.stderr)
        else:
            old_hook(error_type, error, trace)

    sys.excepthook = report
