"""Makes a large store, and measures how long it takes to open it and to search it.

    python -m tests.store.scale FOLDER

prints one line of JSON. It measures in its own process, which has done nothing else before.
"""

import json
import random
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from shell.contract import NewConversation, Role, ViewRequest
from shell.store.connection_thread import ReadLimit
from shell.store.database import Connection
from shell.store.messages import queries, tree
from shell.store.messages.content import take_apart
from shell.store.search.search import search
from shell.store.store import Store
from shell.support.ids import new_id

CONVERSATIONS, MESSAGES_EACH = 2_000, 50
WORDS_EACH = 80
LONG_MESSAGES = 10_000
LARGE_TOKENS = 291_000
COMMON = ("the", "and", "of", "database", "streaming", "python")
QUERIES = ("the", "database", "python streaming", "atabas", "ing", "w12", "zzzz", "the and of")


def build(folder: Path) -> None:
    """Write 2,000 conversations of 50 messages, one of 10,000 messages, one of 291,000 tokens."""
    chance = random.Random(1)  # noqa: S311
    rare = [f"w{chance.randrange(65_536):04x}" for _ in range(20_000)]
    words = rare + [word for word in COMMON for _ in range(500)]

    def text(count: int) -> str:
        return " ".join(chance.choices(words, k=count))

    store = Store(folder)
    store.open()

    def add(conversation_id: str, count: int, length: int, now: int) -> None:
        def write(connection: Connection) -> None:
            number = tree.create(connection, conversation_id, NewConversation(), now)
            parent = None
            for place in range(count):
                role: Role = "assistant" if place % 2 else "user"
                message = tree.NewMessage(new_id(), role, take_apart(text(length)), now)
                parent = tree.add(connection, number, parent, message)
            tree.touch(connection, number, now)

        store.database.write(write).result()

    add("long", LONG_MESSAGES, 20, 1)
    add("large", 40, LARGE_TOKENS // 40, 2)  # a word is at least a token
    for number in range(CONVERSATIONS):
        add(new_id(), MESSAGES_EACH, WORDS_EACH, 1_000 + number)
    store.close()


def measure(folder: Path) -> dict[str, float]:
    """Measure milliseconds, and the memory that the process takes for it in megabytes."""
    before = memory_mb()
    figures: dict[str, float] = {}

    def timed(name: str, run: Callable[[], object]) -> None:
        began = time.perf_counter()
        run()
        figures[name] = round((time.perf_counter() - began) * 1000, 1)

    store = Store(folder)
    timed("openMs", store.open)
    listed = store.database.read(queries.summaries).result()
    timed("listMs", lambda: store.database.read(queries.summaries).result())

    def show(conversation_id: str, limit: int) -> None:
        request = ViewRequest(conversation_id=conversation_id, limit=limit)
        view = store.database.read(lambda c: queries.view(c, request)).result()
        json.loads(view.model_dump_json())

    timed("lastConversationMs", lambda: show(listed[0].id, 200))
    timed("longConversationMs", lambda: show("long", 20_000))
    timed("longConversationPageMs", lambda: show("long", 200))
    timed("largeConversationMs", lambda: show("large", 20_000))
    for query in QUERIES:
        timed(query, partial(find, store, query))
    figures["searchMs"] = max(figures.pop(query) for query in QUERIES)
    figures["memoryMb"] = round(memory_mb() - before, 1)
    store.close()
    figures["megabytes"] = round(store.path.stat().st_size / 1e6, 1)
    return figures


def find(store: Store, query: str) -> None:
    """Search as a page does."""
    limit = ReadLimit()
    store.database.search(lambda c: search(c, query, 50, limit), limit).result()


def memory_mb() -> float:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
