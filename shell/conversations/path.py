"""Reads the messages that a model is to answer."""

import asyncio
from functools import partial

from shell.store.messages import turns
from shell.store.messages.content import StoredContent, read_unchecked
from shell.store.store import Store


async def read_path(
    store: Store, place: turns.TurnPlace, question: StoredContent | None
) -> list[turns.PathMessage]:
    """The messages to answer. Attachments are read one at a time, so that others can read in
    between, and are checked and encoded on a thread.
    """
    blobs: dict[str, bytes | None] = {}
    for found in turns.attachment_hashes(place):
        blobs[found] = await store.read(
            place.conversation_id, partial(read_unchecked, blob_hash=found)
        )
    if blobs or (question is not None and question.blobs):
        return await asyncio.to_thread(turns.path_messages, place, question, blobs)
    return turns.path_messages(place, question, {})
