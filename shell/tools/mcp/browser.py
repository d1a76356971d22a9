"""Shows a person the page of a sign-in in the system's browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shell.support.open_url import Lead, browser_reads_files, open_link

FOLDER = "mcp"


@contextmanager
def browser(data: Path) -> Iterator[Callable[[str], bool]]:
    """What opens an address, as long as the sign-in lasts; False when nothing can open it.

    Command lines can be read by everybody on the machine, and the address has what proves that an
    answer belongs to this sign-in. So the browser is led there by a file, where it can read one.

    Args:
        data: the data directory.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lead = Lead(folder)

    def show(address: str) -> bool:
        return lead.open(address) if browser_reads_files() else open_link(address)

    try:
        yield show
    finally:
        lead.remove()
