"""Runs the program with a host whose data never finishes closing.

Writes to `released` in the data directory when the directory's lock is free although the data is
still open.
"""

import asyncio
import sys
from pathlib import Path

from filelock import FileLock

from shell.app.host import Host
from shell.cli.program import main
from shell.support.data_directory import LOCK


def _wait_for_lock(folder: Path) -> None:
    with FileLock(folder / LOCK):
        (folder / "released").write_text("", "utf-8")


async def _close(host: Host) -> None:
    await asyncio.to_thread(_wait_for_lock, host._data)


if __name__ == "__main__":
    setattr(Host, "close", _close)  # noqa: B010 - mypy lets no method be assigned
    sys.exit(main())
