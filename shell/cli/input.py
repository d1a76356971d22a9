"""Reads a file that a command names."""

from shell.errors import ValidationFailed
from shell.support.files import expand_home, file_errors


def read_input(file: str, max_bytes: int) -> bytes:
    """Read a file.

    Raises:
        StorageFailed: it cannot be read.
        ValidationFailed: it is larger than `max_bytes`.
    """
    with file_errors(f"{file[:200]} cannot be read"), expand_home(file).open("rb") as opened:
        content = opened.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValidationFailed([("file", f"{file[:200]} has more than {max_bytes:,} bytes.")])
    return content
