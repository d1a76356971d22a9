"""`tidewire keys`: sets, lists and removes the keys of providers. It never prints a key."""

import asyncio
import getpass
import json
import sys
from collections.abc import Callable, Mapping

from shell.contract import KeyStatus
from shell.errors import NotFound, ShellError, ValidationFailed
from shell.providers.keys import Keychain, Keys, system_keychain
from shell.providers.registry import Providers
from shell.support.data_directory import DataDirectory

MAX_KEY_CHARACTERS = 10_000


class KeyCommands:
    """The `keys` commands, one method each."""

    def __init__(
        self,
        base_urls: Mapping[str, str],
        environment: Callable[[str], str | None],
        keychain: Callable[[], Keychain | None] = system_keychain,
    ) -> None:
        self._base_urls = base_urls
        self._keys = Keys(keychain, environment)

    def set(self, provider_id: str, *, as_json: bool) -> int:
        """Store the key that is read from standard input."""
        url = self._url(provider_id)
        key = read_key()
        status = asyncio.run(self._keys.set(provider_id, key, url))
        if status.source != "keychain":
            reason = "" if status.remark is None else status.remark.text.partition(":")[0]
            raise ShellError(
                f"{reason}. The key was not saved. Set it in an environment variable, or enter it "
                "in the window for one session."
            )
        _print(status, as_json=as_json)
        return 0

    def list(self, *, as_json: bool) -> int:
        """Print the state of each provider's key."""
        asyncio.run(self._keys.load(self._base_urls))
        for provider_id, url in self._base_urls.items():
            _print(self._keys.status(provider_id, url), as_json=as_json)
        return 0

    def remove(self, provider_id: str, *, as_json: bool) -> int:
        """Remove the key of a provider."""
        url = self._url(provider_id)

        async def remove() -> KeyStatus:
            await self._keys.load({provider_id: url})
            return await self._keys.remove(provider_id, url)

        _print(asyncio.run(remove()), as_json=as_json)
        return 0

    def _url(self, provider_id: str) -> str:
        url = self._base_urls.get(provider_id)
        if url is None:
            known = ", ".join(self._base_urls)
            raise NotFound(
                f"There is no provider {provider_id!r} that uses a key. Available: {known}"
            )
        return url


def commands(data: DataDirectory) -> KeyCommands:
    """Make the commands for the providers of a data directory."""
    providers = Providers(data.path)
    return KeyCommands(providers.base_urls, providers.environment_key)


def read_key(asked: str = "Key: ") -> str:
    """Read a key from the terminal without showing it, or the first line of piped input.

    Raises:
        ValidationFailed: there is none.
    """
    typed = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
    key = typed.strip()
    sensible = key.isascii() and key.isprintable() and " " not in key
    if not key or not sensible or len(key) > MAX_KEY_CHARACTERS:
        text = "Standard input must contain the key on one line"
        raise ValidationFailed([("key", text)])
    return key


def _print(status: KeyStatus, *, as_json: bool) -> None:
    note = None if status.remark is None else status.remark.text
    if as_json:
        line = {**status.model_dump(mode="json", exclude={"remark"}), "note": note}
        print(json.dumps(line), flush=True)
        return
    if status.source is None:
        text = "no key"
    else:
        hint = f" …{status.hint}" if status.hint else ""
        text = f"{status.source}{hint}, for {status.host}"
    print(f"{status.provider_id:<12} {text}{f'. {note}' if note else ''}", flush=True)
