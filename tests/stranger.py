"""Another user of the machine who wants to come in: `python -m tests.stranger FOLDER`, as root.

Gives up root, reads the process list until it sees what a browser is started with, and tries all
that it can make of it. Prints one line of JSON: `uid`, `seen` on command lines, the files that it
`read` below the folder, and what it `got`.
"""

import contextlib
import encodings.idna  # noqa: F401 - it cannot be loaded any more when root is given up
import http.client
import json
import os
import re
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.way_in import Entry

NOBODY = 65_534
LEAD = re.compile(rb"(?:file:///|http://127\.0\.0\.1:)[^\0]+")
LINK = re.compile(r"http://(127\.0\.0\.1:\d+)/#ticket=([\w.-]+)")
WAIT_S = 10
PATIENCE_S = 120


def attack(folder: Path) -> dict[str, object]:
    """Wait for a browser's command line, and try everything."""
    seen: set[str] = set()
    late = time.monotonic() + PATIENCE_S  # whoever started us may have been killed
    while not seen and time.monotonic() < late:
        seen = set(_command_lines(str(folder).encode()))
    texts, read = list(seen), []
    for path in _files(folder):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            texts.append(path.read_text("utf-8"))
            read.append(path.name)
    for argument in seen:
        with contextlib.suppress(OSError):
            texts.append(Path(urlsplit(argument).path).read_text("utf-8"))
            read.append(argument)
    got: list[object] = []
    for text in texts:
        for host, ticket in LINK.findall(text):
            got += [*_come_in(host, ticket), *_ask_for_link(host, ticket)]
    return {"uid": os.getuid(), "seen": sorted(seen), "read": read, "got": got}


def _command_lines(folder: bytes) -> list[str]:
    """What the opener is given that lies in this folder: it names itself on its command line."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes()
            if folder + b"/bin/xdg-open" in line:
                found += [match.decode() for match in LEAD.findall(line)]
    return found


def _files(folder: Path) -> list[Path]:
    """Every file that can be seen; folders that cannot be read are left out."""
    return [Path(place, name) for place, _, names in os.walk(folder / "data") for name in names]


def _come_in(host: str, ticket: str) -> list[object]:
    with contextlib.suppress(OSError, WebSocketException):
        origin = Origin(f"http://{host}")
        with connect(f"ws://{host}/door", origin=origin, open_timeout=WAIT_S) as socket:
            entry = Entry(ticket=ticket)
            socket.send(entry.greeting())
            socket.send(entry.proof(socket.recv(WAIT_S)))
            return [json.loads(socket.recv(WAIT_S))]
    return []


def _ask_for_link(host: str, ticket: str) -> list[object]:
    connection = http.client.HTTPConnection(host, timeout=WAIT_S)
    connection.request("POST", "/link", headers={"Authorization": f"Bearer {ticket}"})
    response = connection.getresponse()
    return [response.read().decode()] if response.status == 200 else []


if __name__ == "__main__":
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    sys.stdout.write(f"{json.dumps(attack(Path(sys.argv[1])))}\n")
