"""Starts and ends the program, with a window or as a server.

It makes, in this order: the settings, the runtime and the door (`host.py`); the server of the page;
the windows (`run_window`), or the tabs and their sockets (`serve`).

The main thread belongs to the window. Everything else runs on one event loop, in a thread of its
own. The host is made while the window appears, because the web view's own processes take longest.
The program ends in this order: cancel runs, push their ends to the pages, stop the server, store
pending data, close the providers, end the loop.
"""

import asyncio
import importlib
import json
import logging
import os
import secrets
import sys
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

from shell.app.startup import Startup, close
from shell.bridge.appearance import Appearance, read_appearance
from shell.bridge.browser.open_page import open_page
from shell.bridge.browser.tokens import AccessTokens
from shell.bridge.desktop.window_state import FILE as PLACEMENT
from shell.bridge.listener import address_of, listen
from shell.bridge.owner import DONE, OPEN_WINDOW, SHOW_WINDOW, OwnerCommands
from shell.bridge.page import Page, load_page
from shell.support.data_directory import DataDirectory
from shell.support.event_loop import LoopThread, event_loop_thread, run_within
from shell.support.open_url import RedirectPage, has_desktop
from shell.support.signals import shutdown_signals

if TYPE_CHECKING:  # loaded while the window appears
    from shell.app.host import Host
    from shell.bridge.browser.server import BrowserServer
    from shell.bridge.desktop.page_server import PageServer
    from shell.bridge.desktop.windows import Windows

PAGE = Path(__file__).parents[1] / "page"
SETTINGS = "settings.json"
"""Repeated here, because importing `shell.settings` loads pydantic's models."""
NAME = "tidewire"
"""Name of the desktop file, `packaging/linux/tidewire.desktop`."""
DEV_SECRET = "TIDEWIRE_DEV_SECRET"  # noqa: S105 - the name of a variable
"""Set by `dev.py web`, which restarts the host after a change: with it the tabs stay valid."""
CLOSE_S = 2.5
"""Time limit for closing: the process ends within 3 s, even if a page, disk or provider hangs."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    data: DataDirectory
    environ: Mapping[str, str]
    provider: str | None = None
    """For new conversations; None for the one in the settings."""
    model: str | None = None
    port: int = 0
    """Of the server, under `serve`; 0 for any free port."""
    open_browser: bool = True
    dev_url: str | None = None
    """The address of a Vite server that serves the page instead."""
    page: Path | None = None
    """The folder of a page that replaces Tidewire's."""
    debug_port: int | None = None
    grace_s: float | None = None
    """How long the runs of a tab that lost its connection go on and wait for it."""


def serve(options: Options) -> int:
    """Run `tidewire serve` until Ctrl-C or SIGTERM. Returns the exit status."""
    tokens = AccessTokens(root=options.environ.get(DEV_SECRET) if options.dev_url else None)
    options.data.prepare()
    with (
        shutdown_signals() as signals,
        options.data.locked("tidewire serve") as write_holder,
        event_loop_thread() as thread,
    ):
        host, server = thread.run(_make_for_tabs(options, listen(options.port), tokens))
        redirect_page = RedirectPage(options.data.path)
        try:
            write_holder({"address": server.address, "key": tokens.owners_key})
            ready = {"url": thread.call(lambda: server.link(lasting=True)), "token": tokens.token}
            print(json.dumps(ready), flush=True)
            opens = options.open_browser and has_desktop()
            is_open = opens and open_page(thread, server, redirect_page)
            if not is_open and sys.stderr.isatty():  # for a person; the line above is for programs
                print(
                    "Tidewire is running. Open the printed `url` in a browser of this computer; "
                    "`tidewire link` prints another one.",
                    file=sys.stderr,
                    flush=True,
                )
            signals.wait()
        finally:
            redirect_page.remove()
            _close(thread, close(host, server))
    return 0


def run_window(options: Options, problem: "Future[str | None]") -> int:
    """Run `tidewire` in a window, or in the browser without a display. Returns the exit status.

    Args:
        options: of the command line.
        problem: resolves with the reason why no window can open, or None.
    """
    from shell.bridge.desktop.windows import Windows

    if (why := problem.result()) is not None:
        print(f"{why} Serving the page to a browser instead:", file=sys.stderr, flush=True)
        return serve(options)
    options.data.prepare()
    with (
        shutdown_signals() as signals,
        options.data.locked("tidewire") as write_holder,
        event_loop_thread() as thread,
    ):
        listener = listen(options.port)
        key = secrets.token_urlsafe(32)
        write_holder({"address": address_of(listener), "key": key})
        owner = OwnerCommands(
            key,
            {
                SHOW_WINDOW: lambda token: DONE if windows.show(token) else "",
                OPEN_WINDOW: lambda _: DONE if windows.open() else "",
            },
        )
        startup = Startup(
            thread,
            lambda: _make_for_windows(options, listener, owner, windows),
            lambda: windows.close(),
        )
        windows = Windows(
            thread.loop,
            startup.receive,
            options.dev_url or f"{address_of(listener)}/",
            name=NAME,
            placement=options.data.path / PLACEMENT,
            theme=_appearance(options).theme,
            debug_port=options.debug_port,
            on_closed=startup.forget_caller,
        )
        try:
            if not signals.is_set():
                windows.run(startup.begin)
        finally:
            _close(thread, startup.close())
    return 0


async def _make_for_windows(
    options: Options, listener: socket, owner: OwnerCommands, windows: "Windows"
) -> "tuple[Host, PageServer]":
    """Start the server, then make the host: a window loads its page before its first call."""
    from shell.bridge.desktop.page_server import PageServer

    server = PageServer(listener, _page(options), lambda: _appearance(options), owner)
    server.start()
    # In a thread, so that the loop can serve the page in the meantime.
    await asyncio.to_thread(importlib.import_module, "shell.app.host")
    from shell.app.host import Host

    host = Host(
        options.data.path,
        options.environ,
        options.provider,
        options.model,
        windows.open,
        windows.dialogs.choose_file,
        windows.control,
        windows.open_path,
        windows.dialogs.confirm,
    )
    return host, server


async def _make_for_tabs(
    options: Options, listener: socket, tokens: AccessTokens
) -> "tuple[Host, BrowserServer]":
    """Make the host, then start the server."""
    from shell.app.host import Host
    from shell.bridge.browser.server import BrowserServer
    from shell.bridge.browser.tabs import GRACE_S, Tabs

    host = Host(options.data.path, options.environ, options.provider, options.model, lambda: False)
    grace_s = GRACE_S if options.grace_s is None else options.grace_s
    tabs = Tabs(host.door, tokens, host.forget_caller, grace_s)
    page = _page(options)
    server = BrowserServer(
        listener, page, tabs, tokens, lambda: _appearance(options), options.dev_url
    )
    server.start()
    return host, server


def _close(thread: LoopThread, work: Coroutine[None, None, None]) -> None:
    """Close host and server; end the process at once if they take too long.

    A host that is still closing may have the data directory open, so the directory's lock must not
    be released before the process ends.
    """
    if not run_within(CLOSE_S, thread, work):
        sys.stdout.flush()
        logging.shutdown()
        os._exit(0 if sys.exception() is None else 1)


def _page(options: Options) -> Page | None:
    if options.dev_url:
        return None
    if options.page is None:
        return load_page(PAGE)
    from shell.bridge.own_page import load_own_page

    return load_own_page(options.page)


def _appearance(options: Options) -> Appearance:
    return read_appearance(options.data.path / SETTINGS)
