"""Finds and stores the keys of providers: in the keychain, in memory, or from the environment.

A key is kept in the operating system's keychain, through backends that are known to keep secrets;
what was written is read back before it counts as kept. Where there is no such keychain, a key is
for this session only, and that is said. Every key is bound to one host: when a provider's address
changes to another, the key is not sent there.

A keychain may hang (it may be asking for a password), so it is talked to in a thread of its own,
and callers wait for it at most `PATIENCE_S`.
"""

import asyncio
import importlib
import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from shell.contract import KeyStatus, Remark, RemarkCode
from shell.support.worker import Worker

T = TypeVar("T")
SERVICE = "tidewire"
PATIENCE_S = 5.0
SHOWN = 4
"""Characters of a hint; a key of less than four times as many has none to spare."""

BACKENDS = {
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}
"""What keeps secrets as secrets. Others write plain text, or take a key and keep nothing."""
FREE_DESKTOPS = (
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
)
"""The same on every other system."""

NO_KEYCHAIN = "No keychain is available: the key is kept for this session only."
SILENT = "The keychain is not responding: the key is kept for this session only."
FORGETFUL = "The keychain did not save the key: it is kept for this session only."
_log = logging.getLogger(__name__)


class Keychain(Protocol):
    """The methods of a keyring backend. They may block and raise anything."""

    def get_password(self, service: str, username: str) -> str | None:
        """Read a password."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store a password."""

    def delete_password(self, service: str, username: str) -> None:
        """Delete a password."""


class KeychainSilent(Exception):
    """The keychain has not responded in time."""


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    value: str
    host: str
    source: Literal["keychain", "session", "environment"]
    note: Remark | None = None


def system_keychain() -> Keychain | None:
    """Choose the best backend that works here, or None. May block.

    Only known backends are imported: others may be from anybody, and those of other systems take
    longer to say that they do not work here.
    """
    kinds = []
    for name in BACKENDS.get(sys.platform, FREE_DESKTOPS):
        module, _, kind = name.rpartition(".")
        kinds.append(getattr(importlib.import_module(module), kind))
    found: list[Any] = [kind() for kind in kinds if kind.viable]
    return max(found, key=lambda backend: float(backend.priority), default=None)


class Keys:
    """Stores keys. Only `find` and `secrets` may be called outside the loop's thread."""

    def __init__(
        self,
        keychain: Callable[[], Keychain | None] = system_keychain,
        environment: Callable[[str], str | None] = lambda _: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._find_keychain = keychain
        self._environment = environment
        self._patience_s = patience_s
        self._worker = Worker("keychain")
        self._hanging = False
        self._keys: dict[str, _Key] = {}
        self._known: set[str] = set()

    def close(self) -> None:
        """Ask the keychain nothing any more. Waits for no answer."""
        self._worker.close(0)

    # --- using them -------------------------------------------------------------------------

    def find(self, provider_id: str, base_url: str) -> str | None:
        """Find the key for this address, or None. Never blocks."""
        key = self._keys.get(provider_id)
        if key is not None:
            return key.value if key.host == host_of(base_url) else None
        return self._environment(provider_id)

    def secrets(self) -> set[str]:
        """List every key that this process has seen, to redact it in logs and errors."""
        return set(self._known)

    # --- keeping them -----------------------------------------------------------------------

    async def load(self, base_urls: Mapping[str, str], *, again: bool = False) -> None:
        """Read the keys of these providers from the keychain, unless it hangs.

        Args:
            base_urls: the address of each.
            again: take what another process has written since.
        """

        def read() -> dict[str, _Key]:
            chain = self._find_keychain()
            found = {} if chain is None else {p: _read(chain, p) for p in base_urls}
            return {provider_id: key for provider_id, key in found.items() if key is not None}

        def take(found: dict[str, _Key]) -> None:
            for provider_id, key in found.items():
                if again or provider_id not in self._keys:
                    self._keys[provider_id] = key
                self._known.add(key.value)

        try:
            take(await self._ask(read, take))
        except Exception as error:
            _log.warning("The keychain cannot be read: %s", type(error).__name__)

    async def set(self, provider_id: str, key: str, base_url: str) -> KeyStatus:
        """Store a key for a provider and the host of this address."""
        host = host_of(base_url)
        self._known.add(key)

        def write() -> bool | None:
            chain = self._find_keychain()
            if chain is None:
                return None
            chain.set_password(SERVICE, provider_id, json.dumps({"key": key, "host": host}))
            kept = _read(chain, provider_id)
            return kept is not None and (kept.value, kept.host) == (key, host)

        def later(kept: bool | None) -> None:
            now = self._keys.get(provider_id)
            if kept and now is not None and (now.value, now.host) == (key, host):
                self._keys[provider_id] = _Key(key, host, "keychain")

        forgetful = _remark(RemarkCode.KEY_NOT_KEPT, FORGETFUL)
        try:
            kept = await self._ask(write, later)
            nowhere = _remark(RemarkCode.NO_KEYCHAIN, NO_KEYCHAIN)
            note = None if kept else nowhere if kept is None else forgetful
        except KeychainSilent:
            kept, note = None, _remark(RemarkCode.KEYCHAIN_SILENT, SILENT)
        except Exception as error:
            _log.warning("The keychain refused a key: %s", type(error).__name__)
            kept, note = False, forgetful
        source: Literal["keychain", "session"] = "keychain" if kept else "session"
        self._keys[provider_id] = _Key(key, host, source, note)
        return self.status(provider_id, base_url)

    async def remove(self, provider_id: str, base_url: str) -> KeyStatus:
        """Delete a provider's key here and in the keychain. One in the environment remains."""
        self._keys.pop(provider_id, None)

        def delete() -> None:
            chain = self._find_keychain()
            if chain is not None and chain.get_password(SERVICE, provider_id) is not None:
                chain.delete_password(SERVICE, provider_id)

        note = None
        try:
            await self._ask(delete, lambda _: None)
        except Exception as error:
            _log.warning("The keychain did not delete a key: %s", type(error).__name__)
            text = "The keychain did not delete the key: remove it there."
            note = _remark(RemarkCode.KEY_NOT_DELETED, text)
        return self.status(provider_id, base_url, note)

    def status(self, provider_id: str, base_url: str, note: Remark | None = None) -> KeyStatus:
        """Describe a provider's key without showing it."""
        host = host_of(base_url)
        key = self._keys.get(provider_id)
        if key is None and (value := self._environment(provider_id)):
            key = _Key(value, host, "environment")
        if key is not None and key.host != host:
            text = f"The key is for {key.host}. Enter one for {host}."
            note = _remark(RemarkCode.KEY_OF_OTHER_HOST, text, host=key.host, wanted=host)
        elif key is not None:
            note = note or key.note
        return KeyStatus(
            provider_id=provider_id,
            configured=key is not None and key.host == host,
            hint=key.value[-SHOWN:] if key is not None and len(key.value) >= 4 * SHOWN else None,
            source=None if key is None else key.source,
            host=None if key is None else key.host,
            remark=note,
        )

    async def _ask(self, question: Callable[[], T], later: Callable[[T], None]) -> T:
        """Call the keychain with a time limit.

        Args:
            question: carried out in the keychain's thread.
            later: called with an answer that came after the caller stopped waiting.

        Raises:
            KeychainSilent: it has not answered, or an earlier question still hangs.
        """
        if self._hanging:
            raise KeychainSilent
        answer = asyncio.wrap_future(self._worker.submit(question))
        done, _ = await asyncio.wait([answer], timeout=self._patience_s)
        if done:
            return answer.result()
        self._hanging = True

        def end(answered: "asyncio.Future[T]") -> None:
            self._hanging = False
            if not answered.cancelled() and answered.exception() is None:
                later(answered.result())

        answer.add_done_callback(end)
        raise KeychainSilent


def host_of(base_url: str) -> str:
    """The host that a key belongs to, with the port if the address has one."""
    parts = urlsplit(base_url)
    return parts.netloc.rpartition("@")[2].lower()


def _read(chain: Keychain, provider_id: str) -> _Key | None:
    kept = chain.get_password(SERVICE, provider_id)
    if kept is None:
        return None
    try:
        fields = json.loads(kept)
        return _Key(str(fields["key"]), str(fields["host"]), "keychain")
    except (ValueError, KeyError, TypeError):
        return None  # stored by another program under our name


def _remark(code: RemarkCode, text: str, **facts: str) -> Remark:
    return Remark(code=code, text=text, facts=facts)
