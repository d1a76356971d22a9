"""Which user of this machine a loopback connection belongs to, as far as the system says.

Linux lists the owner of every socket in /proc/net/tcp. Other systems have no such list that is
cheap to read, and there every connection is UNKNOWN.
"""

import os
import socket
import sys
from enum import Enum
from pathlib import Path

_TABLES = (
    ("/proc/net/tcp", ""),
    # Clients that call 127.0.0.1 by its IPv6 name, ::ffff:127.0.0.1.
    ("/proc/net/tcp6", f"{'0' * 16}{'FFFF0000' if sys.byteorder == 'little' else '0000FFFF'}"),
)
_UID, _INODE = 4, 6
"""Columns, counted from behind both addresses."""
_ROOT = 0

Address = tuple[str, int]


class Peer(Enum):
    """Who is at the other end of a connection."""

    OWNER = "owner"
    UNKNOWN = "unknown"
    """Not listed, or root, which can read everything anyway."""
    FOREIGN = "foreign"


def peer_of(client: Address, server: Address) -> Peer:
    """Who opened the connection from `client` to `server`. Blocks for some 5 ms on Linux."""
    if sys.platform != "linux":
        return Peer.UNKNOWN
    found = _socket(client, server)
    if found is None:
        return Peer.UNKNOWN
    uid, inode = found
    if inode == 0:  # its program has closed it, and then it is listed as root's
        return Peer.FOREIGN
    if uid == os.getuid():
        return Peer.OWNER
    return Peer.UNKNOWN if uid == _ROOT else Peer.FOREIGN


def _socket(client: Address, server: Address) -> tuple[int, int] | None:
    """User id and inode of the client's socket; None when it is not listed."""
    for table, prefix in _TABLES:
        ends = (f"{prefix}{_hex(host)}:{port:04X}" for host, port in (client, server))
        try:
            _, found, rest = Path(table).read_text("ascii").partition(f" {' '.join(ends)} ")
        except OSError:  # there is no such table here
            continue
        if found:
            columns = rest.split(maxsplit=_INODE + 1)
            return int(columns[_UID]), int(columns[_INODE])
    return None


def _hex(host: str) -> str:
    """An IPv4 address as the kernel prints it: its bytes, read as a number of this machine."""
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}"
