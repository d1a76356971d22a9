"""Searches all conversations within a time limit. Each page has one search at a time."""

from shell.contract import SearchReply, SearchRequest, SearchRest
from shell.store.connection_thread import ReadLimit
from shell.store.database import Connection
from shell.store.search.search import START, Found, search
from shell.store.store import Store
from shell.support.ids import TEMPORARY

SEARCH_S = 0.2
"""Time limit of a search, short enough to show hits between two keystrokes."""
MORE_S = 2.0
"""Time limit of a search that continues where another one stopped."""
TEMPORARY_S = 0.1
"""Time limit for temporary conversations, whose only thread also writes them."""


class Searches:
    """The running searches of all pages. Loop thread only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: dict[str, ReadLimit] = {}
        """The limit of the running search, by page."""

    async def search(self, owner: str, request: SearchRequest) -> SearchReply:
        """Return the best hits, those of temporary conversations last.

        An earlier search of the same owner stops and returns its hits so far.
        """
        limit = ReadLimit(SEARCH_S if request.more is None else MORE_S)
        earlier = self._running.get(owner)
        if earlier is not None:
            earlier.stop()
        self._running[owner] = limit
        start = request.more or SearchRest(kept=START, temporary=START)
        try:
            stored = await self._find("", request, limit, start.kept)
            temporary_limit = ReadLimit(TEMPORARY_S)
            temporary = await self._find(TEMPORARY, request, temporary_limit, start.temporary)
        finally:
            if self._running.get(owner) is limit:
                del self._running[owner]
        more = None
        if stored.rest is not None or temporary.rest is not None:
            more = SearchRest(kept=stored.rest, temporary=temporary.rest)
        return SearchReply(hits=(stored.hits + temporary.hits)[: request.limit], more=more)

    async def _find(
        self, place: str, request: SearchRequest, limit: ReadLimit, start: int | None
    ) -> Found:
        if start is None:
            return Found()

        def find(connection: Connection) -> Found:
            return search(connection, request.query, request.limit, limit, start)

        return await self._store.search(place, find, limit)
