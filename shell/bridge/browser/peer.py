"""Which user of this machine a loopback connection belongs to, as far as the system says.

Linux tells the owner of every socket (sock_diag(7)). Where a system has no such question that is
cheap, or forbids it, every connection is UNKNOWN.
"""

import os
import socket
import struct
import sys
from enum import Enum

_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
"""The netlink family, its one kind of message, and the flag of a question."""
_HEADER = struct.Struct("=IHHII")
_ASKED = struct.Struct("=BBBxI")
_ENDS = struct.Struct("!HH16s16s")
_ANY = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
"""Any network interface, and a socket whose cookie is not known."""
_TOLD = struct.Struct("=IIIII")
"""Timer and both queues, then the user's id and the inode."""
_ROOT = 0
WAIT_S = 1.0

Address = tuple[str, int]


class Peer(Enum):
    """Who is at the other end of a connection."""

    OWNER = "owner"
    UNKNOWN = "unknown"
    """Not listed, or root, which can read everything anyway."""
    FOREIGN = "foreign"


def peer_of(client: Address, server: Address) -> Peer:
    """Who opened the connection from `client` to `server`. Takes less than 0.1 ms."""
    try:
        found = _socket(client, server)
    except (OSError, struct.error):  # the question is forbidden here
        found = None
    if found is None:
        return Peer.UNKNOWN
    uid, inode = found
    if inode == 0:  # its program has closed it, and then it is listed as root's
        return Peer.FOREIGN
    if uid == os.getuid():
        return Peer.OWNER
    return Peer.UNKNOWN if uid == _ROOT else Peer.FOREIGN


def _socket(client: Address, server: Address) -> tuple[int, int] | None:
    """User id and inode of the client's socket; None when there is none, or no way to ask."""
    if sys.platform != "linux":
        return None
    addresses = (socket.inet_aton(host).ljust(16, b"\0") for host in (client[0], server[0]))
    ends = _ENDS.pack(client[1], server[1], *addresses)
    # Clients that call 127.0.0.1 by its IPv6 name are found among those of IPv4, too.
    asked = _ASKED.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + ends + _ANY
    header = _HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
        netlink.settimeout(WAIT_S)
        netlink.sendto(header + asked, (0, 0))
        told = netlink.recv(8192)
    if _HEADER.unpack_from(told)[1] != _BY_FAMILY:
        return None
    begin = _HEADER.size + 4
    # A program that listens on the client's old port is another socket.
    if told[begin : begin + _ENDS.size][:4] != ends[:4]:
        return None
    *_, uid, inode = _TOLD.unpack_from(told, begin + _ENDS.size + len(_ANY))
    return uid, inode
