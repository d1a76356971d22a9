"""Lets pages set and remove API keys, and never reads one back: the `keys` namespace."""

from collections.abc import Callable, Mapping

from shell.bridge.caller import Caller
from shell.contract import KeyChange, KeyStatus, ProviderId
from shell.errors import NotFound
from shell.providers.keys import Keys


class KeysApi:
    """The keys of this person's providers."""

    def __init__(self, keys: Keys, base_urls: Callable[[], Mapping[str, str]]) -> None:
        self._keys = keys
        self._base_urls = base_urls

    def list(self, caller: Caller) -> "list[KeyStatus]":
        """List the providers' keys: whether there is one, where it is stored, for which host."""
        return [self._keys.status(key, url) for key, url in self._base_urls().items()]

    async def set(self, caller: Caller, params: KeyChange) -> KeyStatus:
        """Store a key for a provider, in at most five seconds. Resolves with where it is stored."""
        return await self._keys.set(params.provider_id, params.key, self._url(params.provider_id))

    async def remove(self, caller: Caller, params: ProviderId) -> KeyStatus:
        """Remove a provider's key. A key in the environment stays there."""
        return await self._keys.remove(params, self._url(params))

    def _url(self, provider_id: str) -> str:
        url = self._base_urls().get(provider_id)
        if url is None:
            raise NotFound(f"There is no provider {provider_id} that uses a key")
        return url
