"""Catches every packet that would leave the machine, in its own network namespace.

    unshare --net python -m tests.packaging.trap PROGRAM

Prints one line of JSON: the targets of packets before a request to a remote provider, and after
it. Needs root, and a new network namespace around it.
"""

import contextlib
import fcntl
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from tests.chromium import driver
from tests.host_process import HostProcess
from tests.packaging.installed import Installed, xvfb

TUNSETIFF = 0x400454CA
TUN, NO_INFORMATION = 0x0001, 0x1000
PROTOCOLS = {6: "tcp", 17: "udp"}
"""Other protocols belong to the system, which looks for routers."""
ELSEWHERE = "https://192.0.2.1:9/v1"
"""An address that is reserved for documentation."""
SET_UP = """
ip link set lo up
ip address add 10.99.0.1/24 dev caught
ip -6 address add fd99::1/64 dev caught nodad
ip link set caught up
ip route add default dev caught
ip -6 route add default dev caught
"""


class Trap:
    """The only network route. `packets` grows while the context lasts."""

    def __init__(self) -> None:
        self.packets: list[str] = []

    @contextlib.contextmanager
    def set(self) -> Iterator[None]:
        """Open the device. The thread that reads packets ends with the process."""
        device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"caught", TUN | NO_INFORMATION))
        subprocess.run(["sh", "-e", "-c", SET_UP], check=True)
        threading.Thread(target=self._read, args=(device,), daemon=True).start()
        yield

    def _read(self, device: int) -> None:
        while packet := os.read(device, 65_536):
            six = packet[0] >> 4 == 6
            protocol = PROTOCOLS.get(packet[6] if six else packet[9])
            target = ip_address(packet[24:40] if six else packet[16:20])
            if protocol is not None and not target.is_multicast:
                self.packets.append(f"{protocol} {target}")


def main(command: tuple[str, ...]) -> int:
    """Get a local answer in the window, and serve the page. Then ask a remote provider."""
    trap = Trap()
    elsewhere = {"OPENAI_BASE_URL": ELSEWHERE, "OPENAI_API_KEY": "sk-nobody"}
    with trap.set(), xvfb() as display, tempfile.TemporaryDirectory() as place:
        program = Installed(command, {"DISPLAY": display, **elsewhere})
        data = Path(place) / "data"
        with driver() as playwright:
            answered = program.answers(playwright, data)
        served = serves(program, data)
        before_request = list(trap.packets)
        program.run("ask", "hello", "--provider", "openai", "--timeout-ms", "3000")
        after_request = trap.packets[len(before_request) :]
    report = {"answersInAWindow": answered, "serves": served}
    print(
        json.dumps(
            {**report, "unasked": sorted(set(before_request)), "asked": sorted(set(after_request))}
        )
    )
    return 0


def serves(program: Installed, data: Path) -> bool:
    """Whether the page can be fetched. The end of the context checks how the program ends."""
    host = HostProcess(
        *("shell", "serve", "--no-open", "--data-dir", str(data)),
        env=program.environment,
        installed=program.command,
    )
    with host as running:
        address = str(running.json_line()["url"])
        with urllib.request.urlopen(address) as page:  # noqa: S310 - the program's own address
            return b"/assets/index-" in page.read()


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
