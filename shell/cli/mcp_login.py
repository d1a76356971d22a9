"""`tidewire mcp login`: signs a person in to a server in the browser. It prints no token."""

import asyncio
import sys
from collections.abc import Callable

from shell.cli.keys import read_key
from shell.cli.output import print_line
from shell.cli.tools import with_tools
from shell.errors import ShellError
from shell.providers.keys import Keychain, Keys, system_keychain
from shell.support.data_directory import DataDirectory
from shell.support.text import CONTROLS
from shell.tools.registry import Tools


def login(
    data: DataDirectory,
    *,
    name: str,
    client_secret: bool,
    as_json: bool,
    keychain: Callable[[], Keychain | None] = system_keychain,
) -> None:
    """Sign in to a server, and store the tokens in the keychain.

    Raises:
        ShellError: there is no such server or no keychain, or the sign-in has failed.
    """
    secret = read_key("Client secret: ") if client_secret else None

    async def sign_in(tools: Tools) -> None:
        tools.servers.spec(name)
        if await asyncio.to_thread(keychain) is None:
            text = (
                "There is no keychain to keep the sign-in, so nothing was done. Sign in from "
                "the window, for one session."
            )
            raise ShellError(text)
        with tools.servers.redirect_page(name) as redirect_page:

            async def show(address: str) -> None:
                text = f"The browser opens. If it does not, open this address:\n{address}"
                print(text.translate(CONTROLS), file=sys.stderr, flush=True)
                await asyncio.to_thread(redirect_page.show, address)

            if not await tools.servers.sign_in(name, show, secret):
                raise ShellError("The keychain did not keep the sign-in. Try again.")

    with_tools(data, sign_in, Keys(keychain))
    print_line({"name": name, "signedIn": True}, f"signed in to {name}", as_json=as_json)
