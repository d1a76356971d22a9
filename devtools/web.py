"""Development with hot reload."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from pathlib import Path

from devtools.console import Failure, print_note
from devtools.setup import Setup, prepare
from devtools.stamps import tree


def web(setup: Setup, arguments: list[str]) -> int:
    """Development with hot reload, in the browser, or with --window in the window."""
    window = "--window" in arguments
    prepare(setup, "run", setup.modules, weights=True)
    vite = [setup.modules(), setup.script("vite/bin/vite.js"), "--config", "web/vite.config.ts"]
    page_port, host_port = free_ports(2)
    address = f"http://127.0.0.1:{page_port}"
    place = ["--host", "127.0.0.1", "--port", str(page_port), "--strictPort"]
    # A page from Vite connects to the door at its own address, and Vite forwards it to the host.
    door = {"TIDEWIRE_HOST": f"http://127.0.0.1:{host_port}"}
    page = setup.children.start(*vite, "--clearScreen", "false", *place, env=door)
    host = [setup.python, "-P", "-m", "shell", *([] if window else ["serve"])]
    host += [argument for argument in arguments if argument != "--window"]
    host += ["--dev-url", address, *([] if window else ["--port", str(host_port)])]
    # Every host of this session derives its tabs' keys from it, so tabs survive a restart.
    secret = {"TIDEWIRE_DEV_SECRET": secrets.token_urlsafe(32)}

    def times() -> dict[Path, int]:
        files = [path for path in tree(setup.root / "shell") if path.suffix == ".py"]
        return {path: path.stat().st_mtime_ns for path in files}

    while page.poll() is None and not listening(page_port):
        time.sleep(0.05)
    seen, program = times(), setup.children.start(*host, env=secret)
    host += [] if window else ["--no-open"]  # the tab is open already
    while page.poll() is None:
        time.sleep(0.3)
        if times() != seen:
            print_note("A Python file changed: starting the host again ...")
            setup.children.stop(program)
            seen, program = times(), setup.children.start(*host, env=secret)
        elif window and program.poll() == 0:
            return 0  # the person closed the window
    raise Failure(f"Vite ended (exit {page.returncode}).")


def free_ports(count: int) -> list[int]:
    """Find free ports on the loopback address."""
    import socket

    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def listening(port: int) -> bool:
    """Whether a program listens on a port of the loopback address."""
    import socket

    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
