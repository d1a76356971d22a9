"""`tidewire link`: prints a link to the page that `tidewire serve` hands out."""

import sys

from shell.bridge.owner import LINK
from shell.cli.running import ask_host
from shell.errors import ErrorCode, ShellError
from shell.support.data_directory import DataDirectory


class NothingServed(ShellError):
    """There is no `tidewire serve` on this data directory."""

    code = ErrorCode.NOT_FOUND


def link(data: DataDirectory) -> int:
    """Ask the running host for a link, and print it.

    Raises:
        NothingServed: there is no such host, or it serves no browsers.
    """
    url = ask_host(data, LINK)
    if url is None:
        raise NothingServed(
            f"No 'tidewire serve' is running with the data directory {data.path}. "
            "Start it, or name its directory with --data-dir."
        )
    sys.stdout.write(f"{url}\n")
    return 0
