"""Reads the path of messages up to the one that a model answers."""

import asyncio
from functools import partial

from shell.store.messages import turns
from shell.store.messages.content import StoredContent, read_unchecked
from shell.store.store import Store


async def read_path(
    store: Store, place: turns.TurnPlace, question: StoredContent | None
) -> list[turns.PathMessage]:
    """The messages of the path. Attachments are read one at a time, so that other readers get their
    turn in between. A thread checks and encodes them.
    """
    blobs: dict[str, bytes | None] = {}
    for blob_hash in turns.attachment_hashes(place):
        read = partial(read_unchecked, blob_hash=blob_hash)
        blobs[blob_hash] = await store.read(place.conversation_id, read)
    if blobs or (question is not None and question.blobs):
        return await asyncio.to_thread(turns.path_messages, place, question, blobs)
    return turns.path_messages(place, question, {})
