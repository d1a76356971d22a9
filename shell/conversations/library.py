"""Lists, shows, searches, renames, moves and deletes the stored conversations."""

import asyncio
import base64
from collections.abc import Callable

from shell.contract import (
    AttachmentData,
    ConversationSummary,
    ConversationView,
    FolderChange,
    NewConversation,
    Note,
    PinChange,
    SearchReply,
    SearchRequest,
    SearchRest,
    Spent,
    TitleChange,
    ViewRequest,
)
from shell.conversations.answers import Answers
from shell.errors import NotFound
from shell.store.database import Connection
from shell.store.messages import notes, queries, tree
from shell.store.messages.content import read_blob
from shell.store.messages.prompts import prompts
from shell.store.messages.usage import spent
from shell.store.reader import ReadLimit
from shell.store.search.search import START, Found, search
from shell.store.store import Store
from shell.support.ids import TEMPORARY, epoch_ms, new_id

SEARCH_S = 0.2
"""Time limit of a search, short enough for a result after each letter that is typed."""
MORE_S = 2.0
"""Time limit of a search that continues an earlier one."""
TEMPORARY_S = 0.1
"""The share for temporary conversations, whose only thread also writes them."""


class Conversations:
    """Loop thread only.

    Args:
        store: opened.
        answers: gives them; told when there is nothing left to be answered.
    """

    def __init__(self, store: Store, answers: Answers) -> None:
        self.store = store
        self._answers = answers
        self._searches: dict[str, ReadLimit] = {}
        """The running search of each page."""

    async def create(self, new: NewConversation) -> ConversationSummary:
        """Begin a conversation."""
        conversation_id, now = new_id(temporary=new.temporary), epoch_ms()
        if new.system_prompt is None:
            new = new.model_copy(update={"system_prompt": self._answers.parameters().system_prompt})

        def write(connection: Connection) -> ConversationSummary:
            tree.create(connection, conversation_id, new, now)
            return queries.summary(connection, conversation_id)

        return await self.store.write(conversation_id, write)

    async def listed(self) -> list[ConversationSummary]:
        """Every conversation that is not deleted, including the temporary ones."""
        listed = await self.store.read("", queries.summaries)
        listed += await self.store.read(TEMPORARY, queries.summaries)
        return sorted(listed, key=lambda one: (not one.pinned, -one.updated_at))

    async def view(self, request: ViewRequest) -> ConversationView:
        """A conversation along its chosen path.

        Raises:
            NotFound: there is none, or no such message on its path.
        """
        return await self.store.read(request.conversation_id, lambda c: queries.view(c, request))

    async def search(self, owner: str, request: SearchRequest) -> SearchReply:
        """Return the best hits, those of temporary conversations last.

        Stops an earlier search of the same owner, which returns what it has found.
        """
        limit = ReadLimit(SEARCH_S if request.more is None else MORE_S)
        earlier = self._searches.get(owner)
        if earlier is not None:
            earlier.stop()
        self._searches[owner] = limit
        start = request.more or SearchRest(kept=START, temporary=START)
        try:
            kept = await self._find("", request, limit, start.kept)
            briefly = ReadLimit(TEMPORARY_S)
            temporary = await self._find(TEMPORARY, request, briefly, start.temporary)
        finally:
            if self._searches.get(owner) is limit:
                del self._searches[owner]
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

        return await self.store.search(place, find, limit)

    async def spent(self, conversation_id: str) -> Spent:
        """The tokens and the cost of a conversation so far.

        Raises:
            NotFound: there is none.
        """
        # A page hears of an answer's end a moment before it is on the disk.
        await self._answers.settled(conversation_id)
        return await self.store.read(conversation_id, lambda c: spent(c, conversation_id))

    async def prompts(self) -> list[str]:
        """The latest questions, newest first, without those of temporary conversations."""
        return await self.store.read("", prompts)

    async def recall(self) -> dict[str, str]:
        """The notes of pages by their names."""
        return await self.store.read("", notes.every)

    async def remember(self, note: Note) -> None:
        """Store a note of a page. This does not change the list of conversations.

        Raises:
            SessionBusy: a backup is being restored, with other notes.
            ShellError: it cannot be written now.
        """
        self.store.refuse_while_restoring()
        await asyncio.wrap_future(self.store.database.write(lambda c: notes.put(c, note)))

    async def attachment(self, blob_hash: str) -> AttachmentData:
        """The bytes of a picture or a file in base64, for a page.

        Raises:
            NotFound: there is none with this hash.
        """
        data = await self.attachment_bytes(blob_hash)
        return AttachmentData(data=base64.b64encode(data).decode("ascii"))

    async def attachment_bytes(self, blob_hash: str) -> bytes:
        """The bytes of a picture or a file.

        Raises:
            NotFound: there is none with this hash.
        """
        for place in ("", TEMPORARY):
            data = await self.store.read(place, lambda c: read_blob(c, blob_hash))
            if data is not None:
                return data
        raise NotFound("There is no such attachment")

    # --- putting in order -------------------------------------------------------------------

    async def choose(self, message_id: str) -> ConversationView:
        """Make the path lead through this message.

        Raises:
            NotFound: there is none.
        """

        def write(connection: Connection) -> ConversationView:
            row = queries.row_of(connection, message_id)
            tree.choose(connection, row.number)
            conversation_id = queries.conversation_of(connection, message_id)
            return queries.view(connection, ViewRequest(conversation_id=conversation_id))

        return await self.store.write(message_id, write)

    async def rename(self, change: TitleChange) -> ConversationSummary:
        """Name a conversation."""
        return await self._change(
            change.conversation_id, lambda c, n: tree.set_title(c, n, change.title, "person")
        )

    async def pin(self, change: PinChange) -> ConversationSummary:
        """Pin or unpin a conversation."""
        return await self._change(
            change.conversation_id, lambda c, n: tree.set_pinned(c, n, change.pinned)
        )

    async def move(self, change: FolderChange) -> ConversationSummary:
        """Move a conversation into a folder, or out of its folder."""
        return await self._change(
            change.conversation_id, lambda c, n: tree.set_folder(c, n, change.folder)
        )

    async def undelete(self, conversation_id: str) -> ConversationSummary:
        """Restore a deleted conversation.

        Raises:
            NotFound: there is none, or it has been purged.
        """

        def write(connection: Connection) -> ConversationSummary:
            tree.undelete(connection, conversation_id)
            return queries.summary(connection, conversation_id)

        return await self.store.write(conversation_id, write)

    async def _change(
        self, conversation_id: str, change: Callable[[Connection, int], None]
    ) -> ConversationSummary:
        def write(connection: Connection) -> ConversationSummary:
            change(connection, tree.conversation(connection, conversation_id))
            return queries.summary(connection, conversation_id)

        return await self.store.write(conversation_id, write)

    async def delete(self, owner: str, conversation_id: str) -> bool:
        """Delete a conversation, which can be undone, and stop its running answer."""

        def write(connection: Connection) -> None:
            tree.delete(connection, tree.conversation(connection, conversation_id), epoch_ms())

        await self.store.write(conversation_id, write)
        self._answers.stop(owner, conversation_id)
        return True
