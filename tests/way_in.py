"""Links and the handshake of a page, for tests that connect to the door without a browser."""

import http.client
import json
import secrets
import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection

from shell.bridge.browser.tokens import is_proof, prove
from shell.contract import CONTRACT_VERSION


def ticket_of(url: object) -> str:
    """The ticket in a link, as `ID.SECRET`."""
    name, _, ticket = urlsplit(str(url)).fragment.partition("=")
    assert name == "ticket"
    return ticket


def new_link(ready: Mapping[str, object]) -> str:
    """Request another link, with the address and token that the program prints when ready."""
    connection = http.client.HTTPConnection(urlsplit(str(ready["url"])).netloc, timeout=30)
    connection.request("POST", "/link", headers={"Authorization": f"Bearer {ready['token']}"})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    link = str(json.loads(response.read())["url"])
    connection.close()
    return link


class Entry:
    """The messages of a page on a new connection.

    Args:
        tab: the tab's id; a random one by default.
        load: the page load's id; a random one by default.
        ticket: the ticket of a link; without one the page proves that it has the tab's `key`.
        key: the key from an earlier welcome.
        fields: further or different fields of the greeting.
    """

    def __init__(
        self,
        *,
        tab: str | None = None,
        load: str | None = None,
        ticket: str | None = None,
        key: str = "",
        **fields: object,
    ) -> None:
        name, _, self._secret = (ticket or f".{key}").partition(".")
        self._greeting: dict[str, object] = {
            "tab": tab or str(uuid.uuid4()),
            "load": load or str(uuid.uuid4()),
            "nonce": secrets.token_hex(16),
            "version": CONTRACT_VERSION,
            **({"ticket": name} if name else {}),
            **fields,
        }

    def greeting(self) -> str:
        """The first message."""
        return json.dumps(self._greeting)

    def proof(self, message: str | bytes) -> str:
        """The second message, after checking the host's challenge."""
        challenge = json.loads(message)["challenge"]
        ours = (str(self._greeting[name]) for name in ("tab", "load", "nonce"))
        facts = (*ours, challenge["nonce"])
        assert is_proof(challenge["proof"], self._secret, "host", *facts), "this is not the host"
        return json.dumps({"proof": prove(self._secret, "page", *facts)})


async def handshake(socket: ClientConnection, entry: Entry) -> dict[str, object]:
    """Send the greeting and the proof; returns the host's welcome."""
    await socket.send(entry.greeting())
    await socket.send(entry.proof(await socket.recv()))
    welcome: dict[str, object] = json.loads(await socket.recv())["welcome"]
    return welcome
