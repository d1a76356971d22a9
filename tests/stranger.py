"""Attacks a host as another user of the machine: `python -m tests.stranger FOLDER`, as root.

Gives up root, reads the process list until it sees the argument with which a browser is started,
and tries to use it. Prints one line of JSON: `uid`, the arguments `seen` on command lines, the
files that it `read` below the folder, and the responses that it `got` from the host.
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
    """Wait for a browser's command line, and try every ticket that can be found."""
    arguments: set[str] = set()
    late = time.monotonic() + PATIENCE_S  # the process that started us may have been killed
    while not arguments and time.monotonic() < late:
        arguments = set(_command_lines(str(folder).encode()))
    texts, read_files = list(arguments), []
    for path in _files(folder):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            texts.append(path.read_text("utf-8"))
            read_files.append(path.name)
    for argument in arguments:
        with contextlib.suppress(OSError):
            texts.append(Path(urlsplit(argument).path).read_text("utf-8"))
            read_files.append(argument)
    responses: list[object] = []
    for text in texts:
        for host, ticket in LINK.findall(text):
            responses += [*_try_handshake(host, ticket), *_try_link_request(host, ticket)]
    return {"uid": os.getuid(), "seen": sorted(arguments), "read": read_files, "got": responses}


def _command_lines(folder: bytes) -> list[str]:
    """Arguments of the `xdg-open` in this folder, from the command lines of all processes."""
    arguments: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes()
            if folder + b"/bin/xdg-open" in line:
                arguments += [match.decode() for match in LEAD.findall(line)]
    return arguments


def _files(folder: Path) -> list[Path]:
    """Every file below the folder's `data`, without those in unreadable folders."""
    return [
        Path(directory, name) for directory, _, names in os.walk(folder / "data") for name in names
    ]


def _try_handshake(host: str, ticket: str) -> list[object]:
    with contextlib.suppress(OSError, WebSocketException):
        origin = Origin(f"http://{host}")
        with connect(f"ws://{host}/door", origin=origin, open_timeout=WAIT_S) as socket:
            entry = Entry(ticket=ticket)
            socket.send(entry.greeting())
            socket.send(entry.proof(socket.recv(WAIT_S)))
            return [json.loads(socket.recv(WAIT_S))]
    return []


def _try_link_request(host: str, ticket: str) -> list[object]:
    connection = http.client.HTTPConnection(host, timeout=WAIT_S)
    connection.request("POST", "/link", headers={"Authorization": f"Bearer {ticket}"})
    response = connection.getresponse()
    return [response.read().decode()] if response.status == 200 else []


if __name__ == "__main__":
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    sys.stdout.write(f"{json.dumps(attack(Path(sys.argv[1])))}\n")
