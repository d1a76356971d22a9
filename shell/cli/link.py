"""`tidewire link`: prints a link to the page of the running `tidewire serve`."""

from shell.bridge.owner import LINK
from shell.cli.running import ask_host
from shell.errors import NotFound
from shell.support.data_directory import DataDirectory


def link(data: DataDirectory) -> None:
    """Ask the running host for a link, and print it.

    Raises:
        NotFound: no host is running, or it serves no browsers.
    """
    url = ask_host(data, LINK)
    if url is None:
        raise NotFound(
            f"No 'tidewire serve' is running with the data directory {data.path}. "
            "Start it, or name its directory with --data-dir."
        )
    print(url)
