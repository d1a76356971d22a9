"""Sends a command to the host that runs with a data directory."""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from shell.bridge.browser.tokens import is_proof, prove
from shell.bridge.owner import ACTIVATION, DONE, OPEN_WINDOW, SHOW_WINDOW
from shell.errors import ShellError
from shell.support.data_directory import DataDirectory, DataDirectoryHeld

ANSWER_S = 5.0
START_S = 5.0
"""Longest wait for a host that is starting or ending."""
PAUSE_S = 0.1
WINDOW, SERVE = "tidewire", "tidewire serve"
"""The commands in `lock.json` that run a host. There are others, such as `tidewire restore`."""


def ask_host(data: DataDirectory, path: str) -> str | None:
    """Return the result of a command in the running host; None when there is no such host.

    An answer from another program on the host's port fails the proof and counts as none.
    """
    holder = data.read_holder()
    address, key = str(holder.get("address", "")), str(holder.get("key", ""))
    if not address or not key:
        return None
    nonce = secrets.token_hex(16)
    proof = prove(key, "page", path, nonce)
    # On Linux a desktop gives this token to each program that a person starts.
    activation = os.environ.get("XDG_ACTIVATION_TOKEN", "")
    headers = {"Authorization": f"Owner {nonce}.{proof}"}
    if activation.isascii() and activation.isprintable():
        headers[ACTIVATION] = activation
    if sys.platform == "win32" and isinstance(holder.get("pid"), int):
        import ctypes

        # Without it, Windows lets the window only blink, not come to the front.
        ctypes.windll.user32.AllowSetForegroundWindow(holder["pid"])
    answer = _post(urlsplit(address).netloc, path, headers)
    result = str(answer.get("result"))
    is_host = is_proof(str(answer.get("proof")), key, "host", path, nonce, result)
    return result if is_host else None


def show_or_start(data: DataDirectory, *, new_window: bool, start: Callable[[], int]) -> int | None:
    """Show the window of the running host, or start a host. Returns the exit status of the started
    one; None when a running host shows its window.

    Args:
        data: the data directory that both use.
        new_window: open another window instead of showing the one that is there.
        start: starts the program.

    Raises:
        ShellError: the host that runs has no window.
        DataDirectoryHeld: another command uses the data directory.
    """
    until = time.monotonic() + START_S
    while ask_host(data, OPEN_WINDOW if new_window else SHOW_WINDOW) != DONE:
        try:
            return start()
        except DataDirectoryHeld as held:
            command = data.read_holder().get("command")
            if command == SERVE:
                raise ShellError(
                    f"Tidewire is already running without a window, with the data directory "
                    f"{data.path}. `tidewire link` prints a link to its page. End it to open "
                    "a window."
                ) from held
            # A host that is starting does not answer yet; one that is ending frees the directory.
            if command not in (None, WINDOW) or time.monotonic() > until:
                raise
            time.sleep(PAUSE_S)
    return None


def _post(host: str, path: str, headers: dict[str, str]) -> dict[str, object]:
    import http.client

    connection = http.client.HTTPConnection(host, timeout=ANSWER_S)
    try:
        connection.request("POST", path, headers=headers)
        response = connection.getresponse()
        answer = json.loads(response.read(100_000))
        return answer if isinstance(answer, dict) else {}
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()
