"""Clients: an SDK's clients for one endpoint, one for each key that it has had."""

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from shell.providers.http.endpoint import Endpoint


class Closable(Protocol):
    """What every SDK's client can do."""

    async def close(self) -> None:
        """Close the connections."""


Client = TypeVar("Client", bound=Closable)


class Clients(Generic[Client]):
    """Makes clients as they are needed.

    Args:
        endpoint: whose they are.
        make: makes one, given the key ("" for none); slow, so it runs in a worker thread.
    """

    def __init__(self, endpoint: Endpoint, make: Callable[[Endpoint, str], Client]) -> None:
        self._endpoint = endpoint
        self._make = make
        self._clients: dict[str, Client] = {}
        self._making = asyncio.Lock()

    async def current(self) -> Client:
        """The client of the present key. A new key gets a new one; streams keep theirs.

        Raises:
            ProviderError: API_KEY_ERROR, or INVALID_REQUEST for an address that will not do.
        """
        key = self._endpoint.check()
        async with self._making:
            client = self._clients.get(key)
            if client is None:
                client = await asyncio.to_thread(self._make, self._endpoint, key)
                self._clients[key] = client
            return client

    async def close(self) -> None:
        """Close every client's connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
