"""Finds and stores the keys of providers: in the keychain, in memory, or from the environment.

A key is stored in the operating system's keychain, through backends that are known to protect
secrets. It counts as stored only after it was read back. Without such a keychain a key lasts for
this session only, and its status says so. Every key is bound to one host: when a provider's address
changes to another host, the key is not sent there.

A keychain may hang, for example while it asks for a password. So it is called in a thread of its
own, and callers wait for it at most `KEYCHAIN_TIMEOUT_S`.
"""

import asyncio
import importlib
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from shell.contract import KeyStatus, Remark, RemarkCode
from shell.support.logs import SHORTEST
from shell.support.worker import Worker

T = TypeVar("T")
SERVICE = "tidewire"
KEYCHAIN_TIMEOUT_S = 5.0
HINT_CHARACTERS = 4
"""Characters of a key that a hint shows. A key shorter than four times as many gets no hint."""

BACKENDS = {
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}
"""Backends that protect secrets. Others write plain text, or accept a key and store nothing."""
FREE_DESKTOPS = (
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
)
"""Backends that protect secrets on every other system."""

NO_KEYCHAIN = "No keychain is available: the key is kept for this session only."
NO_ANSWER = "The keychain is not responding: the key is kept for this session only."
NOT_SAVED = "The keychain did not save the key: it is kept for this session only."
_log = logging.getLogger(__name__)


class Keychain(Protocol):
    """The methods of a keyring backend. They may block and raise anything."""

    def get_password(self, service: str, username: str) -> str | None:
        """Read a password."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store a password."""

    def delete_password(self, service: str, username: str) -> None:
        """Delete a password."""


class KeychainTimeout(Exception):
    """The keychain has not responded in time."""


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    value: str
    host: str
    source: Literal["keychain", "session", "environment"]
    note: Remark | None = None


def system_keychain() -> Keychain | None:
    """Choose the best backend that works here, or None. May block.

    Imports known backends only. Others may be malicious, and those of other systems take long to
    find out that they do not work here.
    """
    kinds = []
    for name in BACKENDS.get(sys.platform, FREE_DESKTOPS):
        module, _, kind = name.rpartition(".")
        kinds.append(getattr(importlib.import_module(module), kind))
    found: list[Any] = [kind() for kind in kinds if kind.viable]
    return max(found, key=lambda backend: float(backend.priority), default=None)


class Keys:
    """Stores keys. Only `find`, `secrets` and `note_environment` may be called outside the loop's
    thread.
    """

    def __init__(
        self,
        keychain: Callable[[], Keychain | None] = system_keychain,
        environment: Callable[[str], str | None] = lambda _: None,
        timeout_s: float = KEYCHAIN_TIMEOUT_S,
    ) -> None:
        self._find_keychain = keychain
        self._environment = environment
        self._timeout_s = timeout_s
        self._worker = Worker("keychain")
        self._is_hanging = False
        self._keys: dict[str, _Key] = {}
        self._known: set[str] = set()

    def close(self) -> None:
        """Stop calling the keychain. Does not wait for running calls."""
        self._worker.close(0)

    # --- using them -------------------------------------------------------------------------

    def find(self, provider_id: str, base_url: str) -> str | None:
        """Find the key for this address, or None. Never blocks."""
        key = self._keys.get(provider_id)
        if key is not None:
            return key.value if key.host == host_of(base_url) else None
        return self._from_environment(provider_id)

    def secrets(self) -> set[str]:
        """List every key that this process has seen, to redact it in logs and errors."""
        return set(self._known)

    def note_environment(self, provider_ids: Iterable[str]) -> None:
        """Redact the keys that these providers have in the environment, used or not."""
        for provider_id in provider_ids:
            self._from_environment(provider_id)

    # --- keeping them -----------------------------------------------------------------------

    async def load(self, base_urls: Mapping[str, str], *, again: bool = False) -> None:
        """Read the keys of these providers from the keychain, unless it hangs.

        Args:
            base_urls: the address of each.
            again: replace loaded keys by those that another process has written since.
        """
        self.note_environment(base_urls)

        def read() -> dict[str, _Key]:
            chain = self._find_keychain()
            found = {} if chain is None else {p: _read(chain, p) for p in base_urls}
            return {provider_id: key for provider_id, key in found.items() if key is not None}

        def add_keys(found: dict[str, _Key]) -> None:
            for provider_id, key in found.items():
                if again or provider_id not in self._keys:
                    self._keys[provider_id] = key
                self._known.add(key.value)

        try:
            add_keys(await self._call_keychain(read, add_keys))
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
            is_saved = _read(chain, provider_id)
            return is_saved is not None and (is_saved.value, is_saved.host) == (key, host)

        def on_late_answer(is_saved: bool | None) -> None:
            current = self._keys.get(provider_id)
            if is_saved and current is not None and (current.value, current.host) == (key, host):
                self._keys[provider_id] = _Key(key, host, "keychain")

        not_saved = _remark(RemarkCode.KEY_NOT_KEPT, NOT_SAVED)
        try:
            is_saved = await self._call_keychain(write, on_late_answer)
            no_keychain = _remark(RemarkCode.NO_KEYCHAIN, NO_KEYCHAIN)
            note = None if is_saved else no_keychain if is_saved is None else not_saved
        except KeychainTimeout:
            is_saved, note = None, _remark(RemarkCode.KEYCHAIN_SILENT, NO_ANSWER)
        except Exception as error:
            _log.warning("The keychain refused a key: %s", type(error).__name__)
            is_saved, note = False, not_saved
        source: Literal["keychain", "session"] = "keychain" if is_saved else "session"
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
            await self._call_keychain(delete, lambda _: None)
        except Exception as error:
            _log.warning("The keychain did not delete a key: %s", type(error).__name__)
            text = "The keychain did not delete the key: remove it there."
            note = _remark(RemarkCode.KEY_NOT_DELETED, text)
        return self.status(provider_id, base_url, note)

    def status(self, provider_id: str, base_url: str, note: Remark | None = None) -> KeyStatus:
        """Describe a provider's key without showing it."""
        host = host_of(base_url)
        key = self._keys.get(provider_id)
        if key is None and (value := self._from_environment(provider_id)):
            key = _Key(value, host, "environment")
        if key is not None and key.host != host:
            text = f"The key is for {key.host}. Enter one for {host}."
            note = _remark(RemarkCode.KEY_OF_OTHER_HOST, text, host=key.host, wanted=host)
        elif key is not None:
            note = note or key.note
        secret = "" if key is None else key.value
        return KeyStatus(
            provider_id=provider_id,
            configured=key is not None and key.host == host,
            hint=secret[-HINT_CHARACTERS:] if len(secret) >= 4 * HINT_CHARACTERS else None,
            source=None if key is None else key.source,
            host=None if key is None else key.host,
            remark=note,
        )

    def _from_environment(self, provider_id: str) -> str | None:
        key = self._environment(provider_id)
        if key and len(key) >= SHORTEST:  # local servers are often given a word such as `none`
            self._known.add(key)
        return key

    async def _call_keychain(self, work: Callable[[], T], on_late_answer: Callable[[T], None]) -> T:
        """Call the keychain with a time limit.

        Args:
            work: called in the keychain's thread.
            on_late_answer: called with a result that came after the caller stopped waiting.

        Raises:
            KeychainTimeout: it has not answered in time, or an earlier call still hangs.
        """
        if self._is_hanging:
            raise KeychainTimeout
        answer = asyncio.wrap_future(self._worker.submit(work))
        done, _ = await asyncio.wait([answer], timeout=self._timeout_s)
        if done:
            return answer.result()
        self._is_hanging = True

        def finish(future: "asyncio.Future[T]") -> None:
            self._is_hanging = False
            if not future.cancelled() and future.exception() is None:
                on_late_answer(future.result())

        answer.add_done_callback(finish)
        raise KeychainTimeout


def host_of(base_url: str) -> str:
    """The host that a key belongs to, with the port if the address has one.

    An address that is not valid has the host "". `Endpoint.check` refuses it.
    """
    try:
        parts = urlsplit(base_url)
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2].lower()


def _read(chain: Keychain, provider_id: str) -> _Key | None:
    stored = chain.get_password(SERVICE, provider_id)
    if stored is None:
        return None
    try:
        fields = json.loads(stored)
        return _Key(str(fields["key"]), str(fields["host"]), "keychain")
    except (ValueError, KeyError, TypeError):
        return None  # stored by another program under our name


def _remark(code: RemarkCode, text: str, **facts: str) -> Remark:
    return Remark(code=code, text=text, facts=facts)
