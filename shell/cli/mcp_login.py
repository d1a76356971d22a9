"""`tidewire mcp login`: signs a person in to a server in the browser. It prints no token."""

import asyncio
import json
import sys
from collections.abc import Callable

from shell.cli.keys import read_key
from shell.errors import ShellError
from shell.providers.keys import Keychain, Keys, system_keychain
from shell.support.data_directory import DataDirectory
from shell.support.open_url import Lead
from shell.support.text import CONTROLS
from shell.tools.mcp.transports import FOLDER
from shell.tools.registry import Tools


class McpLogin:
    """The command.

    Args:
        data: the data directory.
        keychain: keeps the tokens.
    """

    def __init__(
        self, data: DataDirectory, keychain: Callable[[], Keychain | None] = system_keychain
    ) -> None:
        self._data = data
        self._keychain = keychain

    def login(self, name: str, *, client_secret: bool, as_json: bool) -> int:
        """Sign in to a server, and keep the tokens in the keychain.

        Raises:
            ShellError: there is no such server or no keychain, or the sign-in has failed.
        """
        secret = read_key("Client secret: ") if client_secret else None
        asyncio.run(self._login(name, secret))
        signed_in = {"name": name, "signedIn": True}
        print(json.dumps(signed_in) if as_json else f"signed in to {name}")
        return 0

    async def _login(self, name: str, secret: str | None) -> None:
        tools = Tools(self._data.path, keys=Keys(self._keychain))
        try:
            tools.servers.spec(name)
            if await asyncio.to_thread(self._keychain) is None:
                text = (
                    "There is no keychain to keep the sign-in, so nothing was done. Sign in from "
                    "the window, for one session."
                )
                raise ShellError(text)
            with Lead(self._data.path / FOLDER) as lead:

                async def show(address: str) -> None:
                    told = f"The browser opens. If it does not, open this address:\n{address}"
                    print(told.translate(CONTROLS), file=sys.stderr, flush=True)
                    await asyncio.to_thread(lead.show, address)

                if not await tools.servers.sign_in(name, show, secret):
                    raise ShellError("The keychain did not keep the sign-in. Try again.")
        finally:
            await tools.close()
