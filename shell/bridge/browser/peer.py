"""Finds out which user of this machine a loopback connection belongs to.

Linux lists the owner of every socket (sock_diag(7)). On a system that has no cheap query of this
kind, or forbids it, every connection is UNKNOWN.
"""

import os
import socket
import struct
import sys
from enum import Enum

_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
"""The netlink family, its one kind of message, and the flag of a request."""
_HEADER = struct.Struct("=IHHII")
_DIAG_REQUEST = struct.Struct("=BBBxI")
_SOCKET_ID = struct.Struct("!HH16s16s")
"""Both ports, then both addresses."""
_ANY = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
"""Any network interface, and a socket whose cookie is not known."""
_DIAG_REPLY = struct.Struct("=IIIII")
"""Timer and both queues, then the user's id and the inode."""
_ROOT = 0
WAIT_S = 1.0

Address = tuple[str, int]


class Peer(Enum):
    """The user at the other end of a connection."""

    OWNER = "owner"
    UNKNOWN = "unknown"
    """Not listed, or root, which can read everything anyway."""
    FOREIGN = "foreign"


def peer_of(client: Address, server: Address) -> Peer:
    """Find the user who opened the connection from `client` to `server`; takes up to 0.1 ms."""
    try:
        found = _socket(client, server)
    except (OSError, struct.error):  # the query is forbidden here
        found = None
    if found is None:
        return Peer.UNKNOWN
    uid, inode = found
    if inode == 0:  # its program has closed it, so the list has it as root's
        return Peer.FOREIGN
    if uid == os.getuid():
        return Peer.OWNER
    return Peer.UNKNOWN if uid == _ROOT else Peer.FOREIGN


def _socket(client: Address, server: Address) -> tuple[int, int] | None:
    """User id and inode of the client's socket; None when it is not listed or cannot be queried."""
    if sys.platform != "linux":
        return None
    addresses = (socket.inet_aton(host).ljust(16, b"\0") for host in (client[0], server[0]))
    socket_id = _SOCKET_ID.pack(client[1], server[1], *addresses)
    # Clients that call 127.0.0.1 by its IPv6 name are found among those of IPv4, too.
    query = _DIAG_REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + socket_id + _ANY
    header = _HEADER.pack(_HEADER.size + len(query), _BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
        netlink.settimeout(WAIT_S)
        netlink.sendto(header + query, (0, 0))
        reply = netlink.recv(8192)
    if _HEADER.unpack_from(reply)[1] != _BY_FAMILY:
        return None
    begin = _HEADER.size + 4
    # A program that listens on the client's old port is another socket.
    if reply[begin : begin + _SOCKET_ID.size][:4] != socket_id[:4]:
        return None
    *_, uid, inode = _DIAG_REPLY.unpack_from(reply, begin + _SOCKET_ID.size + len(_ANY))
    return uid, inode
