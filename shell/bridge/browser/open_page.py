"""Opens the page in the desktop's browser."""

from typing import TYPE_CHECKING

from shell.support.event_loop import LoopThread
from shell.support.open_url import RedirectPage, browser_reads_files, open_link

if TYPE_CHECKING:  # loads the server's libraries
    from shell.bridge.browser.server import BrowserServer


def open_page(thread: LoopThread, server: "BrowserServer", redirect_page: RedirectPage) -> bool:
    """Open the page in the desktop's browser. False if no program can open it.

    The browser's command line reveals no secret to other users: it names a file that only the owner
    can read, or a link that works for the same user only. Only Linux knows whose a connection is.
    """
    if browser_reads_files():
        return redirect_page.open(thread.call(lambda: server.link(on_used=redirect_page.remove)))
    return open_link(thread.call(lambda: server.link(owner_only=True)))
