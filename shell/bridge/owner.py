"""Answers the owner's other processes, such as `tidewire link`, in the running host.

A file of the data directory, which only its owner can read, has the host's address and a key.
Command and host prove to each other that they know the key and never send it. If the host was
killed and another program has its port, that program learns nothing.
"""

import json
from collections.abc import Callable, Mapping

from shell.bridge.browser.tokens import is_proof, prove
from shell.bridge.responses import PageResponse, plain

LINK = "/link"
SHOW_WINDOW = "/window/show"
OPEN_WINDOW = "/window/open"
DONE = "done"
"""The result of a command that has nothing else to return."""
ACTIVATION = "tidewire-activation"
"""The header with the token by which a Wayland desktop lets a window come to the front."""


class OwnerCommands:
    """Checks and runs the commands of the owner's other processes. One for each host.

    Args:
        key: the key in the file.
        commands: the function for each path. It takes the activation token, returns the result.
    """

    def __init__(self, key: str, commands: Mapping[str, Callable[[str], str]]) -> None:
        self._key = key
        self._commands = commands

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> PageResponse | None:
        """Run a command and return its response; None for a request that is no command."""
        command = self._commands.get(path)
        if command is None or method != "POST":
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        nonce, _, proof = given.strip().partition(".")
        if scheme.lower() != "owner" or not is_proof(proof, self._key, "page", path, nonce):
            how = {"WWW-Authenticate": "Bearer"}
            return plain(401, "Use the token that the program printed when it started", how)
        result = command(headers.get(ACTIVATION, ""))
        proof = prove(self._key, "host", path, nonce, result)
        return secret({"result": result, "proof": proof})


def secret(answer: Mapping[str, str]) -> PageResponse:
    """Make a JSON response that no cache stores."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return PageResponse(200, headers, json.dumps(answer).encode())
