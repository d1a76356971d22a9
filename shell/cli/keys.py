"""`tidewire keys`: sets, lists and removes the keys of providers. It never prints a key."""

import asyncio
import getpass
import os
import sys

from shell.cli.output import print_line
from shell.contract import KeyStatus
from shell.errors import NotFound, ShellError, ValidationFailed
from shell.providers.keys import Keys, system_keychain
from shell.providers.registry import Providers
from shell.support.data_directory import DataDirectory

MAX_KEY_CHARACTERS = 10_000


def set_(data: DataDirectory, *, provider_id: str, as_json: bool) -> None:
    """Store a key, read from standard input."""
    providers, keys = open_providers(data)
    url = _url(providers, provider_id)
    status = asyncio.run(keys.set(provider_id, read_key(), url))
    if status.source != "keychain":
        reason = "" if status.remark is None else status.remark.text.partition(":")[0]
        raise ShellError(
            f"{reason}. The key was not saved. Set it in an environment variable, or enter it "
            "in the window for one session."
        )
    _print(status, as_json=as_json)


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print the state of each provider's key."""
    providers, keys = open_providers(data)
    urls = providers.base_urls
    asyncio.run(keys.load(urls))
    for provider_id, url in urls.items():
        _print(keys.status(provider_id, url), as_json=as_json)


def remove(data: DataDirectory, *, provider_id: str, as_json: bool) -> None:
    """Remove the key of a provider."""
    providers, keys = open_providers(data)
    url = _url(providers, provider_id)

    async def remove() -> KeyStatus:
        await keys.load({provider_id: url})
        return await keys.remove(provider_id, url)

    _print(asyncio.run(remove()), as_json=as_json)


def open_providers(data: DataDirectory) -> tuple[Providers, Keys]:
    """Make the providers of a data directory, with their keys."""
    keys = Keys(system_keychain, lambda each: providers.environment_key(each))
    providers = Providers(data.path, os.environ, keys.find)
    return providers, keys


def read_key(prompt: str = "Key: ") -> str:
    """Read a key from the terminal without showing it, or the first line of piped input.

    Raises:
        ValidationFailed: the input is not a key.
    """
    key = (_type_key(prompt) if sys.stdin.isatty() else sys.stdin.readline()).strip()
    sensible = key.isascii() and key.isprintable() and " " not in key
    if not key or not sensible or len(key) > MAX_KEY_CHARACTERS:
        raise ValidationFailed([("key", "Standard input must contain the key on one line")])
    return key


def _type_key(prompt: str) -> str:
    try:
        return getpass.getpass(prompt)
    except EOFError:  # Ctrl-D; `getpass` has not ended the line
        print(file=sys.stderr)
        return ""


def _url(providers: Providers, provider_id: str) -> str:
    urls = providers.base_urls
    if provider_id not in urls:
        known = ", ".join(urls)
        raise NotFound(f"There is no provider {provider_id!r} that uses a key. Available: {known}")
    return urls[provider_id]


def _print(status: KeyStatus, *, as_json: bool) -> None:
    note = None if status.remark is None else status.remark.text
    fields = {**status.model_dump(mode="json", exclude={"remark"}), "note": note}
    if status.source is None:
        text = "no key"
    else:
        hint = f" …{status.hint}" if status.hint else ""
        text = f"{status.source}{hint}, for {status.host}"
    text = f"{status.provider_id:<12} {text}{f'. {note}' if note else ''}"
    print_line(fields, text, as_json=as_json)
