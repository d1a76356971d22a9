"""Another user of the machine, quicker than the browser, comes in nowhere and reads no secret."""

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
from tests.way_in import Entry, come_in, ticket_of

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
    """A folder that everybody can read, with a data directory of the same kind, and a browser that
    waits until it is let go.
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


def race(browser: str) -> dict[str, Any]:
    """Start the program, let the stranger try before the browser does anything, then let the owner
    come in by what the browser was given. Returns what the stranger says.
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
            told: dict[str, Any] = json.loads(out)
            (argument,) = told["seen"]
            asyncio.run(come_in_as_owner(link_in(argument)))
            (folder / "go").write_text("go\n", "utf-8")
            program.stop()
    return told


def link_in(argument: str) -> str:
    """Where the browser is led by what it was given."""
    if not argument.startswith("file:"):
        return argument
    found = re.search(r'url=([^"]+)"', Path(urlsplit(argument).path).read_text("utf-8"))
    assert found is not None
    return found[1]


async def come_in_as_owner(link: str) -> None:
    """As the browser does: the ticket was not used up."""
    host = urlsplit(link).netloc
    async with connect(f"ws://{host}/door", origin=Origin(f"http://{host}")) as socket:
        assert "key" in await come_in(socket, Entry(ticket=ticket_of(link)))


@pytest.mark.parametrize("kind", BROWSERS)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_another_user_does_not_come_in_before_the_browser(kind: str, number: int) -> None:
    told = race(BROWSERS[kind])
    assert told["uid"] == NOBODY
    assert told["got"] == []
    assert "lock.json" not in told["read"]
    assert not [name for name in told["read"] if "tidewire.html" in str(name)]


def test_a_connection_belongs_to_who_opened_it() -> None:
    """By either name of the address; and one that its program has closed to nobody."""
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
                ) as other:
                    line, client = server.accept()
                    assert peer_of(client, address) is expected
                    other.communicate()
                    # Ours is still open, so the other half is an orphan, or gone.
                    assert peer_of(client, address) in (Peer.FOREIGN, Peer.UNKNOWN)
                    line.close()
    assert peer_of(("127.0.0.1", 1), address) is Peer.UNKNOWN
