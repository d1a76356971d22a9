"""Another user of the machine, quicker than the browser, cannot connect or read a secret."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from shell.bridge.browser.peer import Peer, peer_of
from tests.command import LONGEST_S, environment, started
from tests.stranger import NOBODY
from tests.way_in import Entry, handshake, ticket_of

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="becomes another user, which root can"
)
ROUNDS = 2
"""For each kind of browser; `python -m tests.soak other_users` does a hundred."""
BROWSERS = {"file": "a.desktop", "snap": "firefox_firefox.desktop"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@contextmanager
def public_folder(browser: str) -> Iterator[Path]:
    """A folder and data directory that every user can read, with a browser that waits.

    The browser continues when a line is written to the FIFO `go`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (folder, folder / "data", folder / "bin"):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        os.mkfifo(folder / "go")
        scripts = {"xdg-open": f'read go < "{folder}/go"', "xdg-mime": f"echo {browser}"}
        for script, line in scripts.items():
            file = folder / "bin" / script
            file.write_text(f"#!/bin/sh\n{line}\n", "utf-8")
            file.chmod(0o755)
        yield folder


def race_the_browser(browser: str) -> dict[str, Any]:
    """Start the program and let the stranger attack before the browser does anything.

    Then the owner connects with the browser's argument. Returns the stranger's report.
    """
    with public_folder(browser) as folder:
        path = f"{folder}/bin{os.pathsep}{os.environ['PATH']}"
        common = ("serve", "--data-dir", f"{folder}/data", "--provider", "echo")
        with (
            subprocess.Popen(
                [sys.executable, "-m", "tests.stranger", str(folder)],
                stdout=subprocess.PIPE,
                env=environment(),
            ) as stranger,
            started(*common, PATH=path, DISPLAY=":1") as program,
        ):
            program.line()
            out, _ = stranger.communicate(timeout=LONGEST_S)
            report: dict[str, Any] = json.loads(out)
            (argument,) = report["seen"]
            asyncio.run(connect_as_owner(link_of(argument)))
            (folder / "go").write_text("go\n", "utf-8")
            program.stop()
    return report


def link_of(argument: str) -> str:
    """The link that the browser opens for this argument."""
    if not argument.startswith("file:"):
        return argument
    match = re.search(r'url=([^"]+)"', Path(urlsplit(argument).path).read_text("utf-8"))
    assert match is not None
    return match[1]


async def connect_as_owner(link: str) -> None:
    """Connect like the browser, with the ticket, which must not be used up."""
    host = urlsplit(link).netloc
    async with connect(f"ws://{host}/door", origin=Origin(f"http://{host}")) as socket:
        assert "key" in await handshake(socket, Entry(ticket=ticket_of(link)))


@pytest.mark.parametrize("kind", BROWSERS)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_another_user_does_not_come_in_before_the_browser(kind: str, number: int) -> None:
    report = race_the_browser(BROWSERS[kind])
    assert report["uid"] == NOBODY
    assert report["got"] == []
    assert "lock.json" not in report["read"]
    assert not [name for name in report["read"] if "tidewire.html" in str(name)]


def test_a_connection_belongs_to_who_opened_it() -> None:
    """With an IPv4 and an IPv6 address. A closed connection belongs to nobody."""
    code = """
import os, socket, sys
os.setresuid(int(sys.argv[1]), int(sys.argv[1]), int(sys.argv[1]))
family, host = (socket.AF_INET6, "::ffff:127.0.0.1") if sys.argv[3] == "6" else (
    socket.AF_INET, "127.0.0.1")
line = socket.socket(family)
line.connect((host, int(sys.argv[2])))
print("connected", flush=True)
sys.stdin.read()
line.close()
print("closed", flush=True)
sys.stdin.close()
"""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        for uid, expected in ((0, Peer.OWNER), (NOBODY, Peer.FOREIGN)):
            for family in "46":
                with subprocess.Popen(
                    [sys.executable, "-c", code, str(uid), str(address[1]), family],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                ) as other_user:
                    line, client = server.accept()
                    assert peer_of(client, address) is expected
                    other_user.communicate()
                    # Our end is still open, so the other end is orphaned or closed.
                    assert peer_of(client, address) in (Peer.FOREIGN, Peer.UNKNOWN)
                    line.close()
    assert peer_of(("127.0.0.1", 1), address) is Peer.UNKNOWN
