"""Searches all conversations within a time limit; a page has one search at a time."""

from shell.contract import SearchReply, SearchRequest, SearchRest
from shell.store.connection_thread import ReadLimit
from shell.store.database import Connection
from shell.store.search.search import START, Found, search
from shell.store.store import Store
from shell.support.ids import TEMPORARY

SEARCH_S = 0.2
"""Time limit of a search: soon enough to be seen between two letters."""
MORE_S = 2.0
"""Time limit of a search that continues where another one stopped."""
TEMPORARY_S = 0.1
"""The part of it for temporary conversations, whose one thread also writes them."""


class Searches:
    """Loop thread only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: dict[str, ReadLimit] = {}
        """The search that each page waits for."""

    async def search(self, owner: str, request: SearchRequest) -> SearchReply:
        """Return the best hits, those of temporary conversations last.

        Stops an earlier search of the same owner, which returns what it has found.
        """
        limit = ReadLimit(SEARCH_S if request.more is None else MORE_S)
        earlier = self._running.get(owner)
        if earlier is not None:
            earlier.stop()
        self._running[owner] = limit
        start = request.more or SearchRest(kept=START, temporary=START)
        try:
            kept = await self._find("", request, limit, start.kept)
            briefly = ReadLimit(TEMPORARY_S)
            temporary = await self._find(TEMPORARY, request, briefly, start.temporary)
        finally:
            if self._running.get(owner) is limit:
                del self._running[owner]
        more = None
        if kept.rest is not None or temporary.rest is not None:
            more = SearchRest(kept=kept.rest, temporary=temporary.rest)
        return SearchReply(hits=(kept.hits + temporary.hits)[: request.limit], more=more)

    async def _find(
        self, place: str, request: SearchRequest, limit: ReadLimit, start: int | None
    ) -> Found:
        if start is None:
            return Found()

        def find(connection: Connection) -> Found:
            return search(connection, request.query, request.limit, limit, start)

        return await self._store.search(place, find, limit)
