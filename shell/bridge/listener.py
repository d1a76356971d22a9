"""Opens the socket of the loopback server, before the server itself is loaded."""

import errno
import socket

from shell.errors import ErrorCode, ShellError

HOST = "127.0.0.1"
LAST_PORT = 65_535


class PortTaken(ShellError):
    """The requested port is not available."""

    code = ErrorCode.VALIDATION


def check_port(port: int) -> None:
    """Refuse a number that no port has.

    Raises:
        PortTaken: there is no port of this number.
    """
    if not 0 <= port <= LAST_PORT:
        raise PortTaken(f"There is no port {port}. Choose one from 0 to {LAST_PORT}.")


def listen(port: int) -> socket.socket:
    """Open a listening socket on loopback. Connections wait in its queue until a server answers.

    Args:
        port: 0 for any free port.

    Raises:
        PortTaken: another program has the port, this process may not use it, or there is no such
            port.
    """
    check_port(port)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where two may share a port otherwise
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        why = "is in use by another program"
        if error.errno != errno.EADDRINUSE:
            why = f"cannot be opened ({error.strerror})"
        raise PortTaken(
            f"Port {port} on {HOST} {why}. Choose another one with --port, "
            "or omit --port to use any free port."
        ) from error
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """The origin of a listener: `http://127.0.0.1:PORT`."""
    return f"http://{HOST}:{listener.getsockname()[1]}"
