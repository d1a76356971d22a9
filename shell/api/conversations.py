"""Lets pages read, change, search, import and export conversations: `conversations`."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVarTuple

from pydantic import Field

from shell.bridge.caller import Caller
from shell.contract import (
    AnswerRequest,
    AttachmentCopy,
    AttachmentData,
    BackupContents,
    BackupInfo,
    BackupName,
    BudgetState,
    CallDecision,
    CompactionEstimate,
    CompactRequest,
    ContinueRequest,
    ConversationBudget,
    ConversationSummary,
    ConversationView,
    DecisionReply,
    EarlierCalls,
    EarlierCallsRequest,
    EditRequest,
    Estimate,
    EstimateRequest,
    ExportReply,
    ExportRequest,
    FolderChange,
    ImportBegin,
    ImportPiece,
    NewConversation,
    NewFile,
    Note,
    PinChange,
    RestoreRequest,
    SearchReply,
    SearchRequest,
    SendReply,
    SendRequest,
    Spent,
    StoredId,
    StoreState,
    SummaryChange,
    SummaryUse,
    SystemPromptChange,
    TitleChange,
    UsageGroup,
    UsageRow,
    ViewRequest,
)
from shell.conversations.answers import Answers, StartedAnswer
from shell.conversations.compactions import Compactions
from shell.conversations.exports import Exports
from shell.conversations.imports import Imports
from shell.conversations.searches import Searches
from shell.conversations.usage_table import as_csv
from shell.errors import NotFound
from shell.store.connection_thread import Job
from shell.store.database import Connection
from shell.store.messages import compactions, decisions, notes, queries, tree, usage
from shell.store.messages.content import read_blob
from shell.store.messages.prompts import prompts
from shell.store.store import Store
from shell.support.ids import TEMPORARY, epoch_ms, new_id

Ts = TypeVarTuple("Ts")
BlobHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ConversationsApi:
    """The `conversations` namespace. Every window sees all conversations."""

    def __init__(
        self,
        store: Store,
        answers: Answers,
        imports: Imports,
        exports: Exports,
        compactions: Compactions,
        forget_requests: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._searches = Searches(store)
        self._answers = answers
        self._compactions = compactions
        self._imports = imports
        self._exports = exports
        self._forget_requests = forget_requests

    # --- the list and one of them -----------------------------------------------------------

    async def create(self, caller: Caller, params: NewConversation) -> ConversationSummary:
        """Create a conversation, on the disk or only in memory."""
        created_id, now = new_id(temporary=params.temporary), epoch_ms()
        if params.system_prompt is None:
            prompt = self._answers.parameters().system_prompt
            params = params.model_copy(update={"system_prompt": prompt})
        return await self._write(created_id, lambda c: tree.create(c, created_id, params, now))

    async def list(self, caller: Caller) -> "list[ConversationSummary]":
        """List the conversations that are not deleted: pinned ones first, then the last used."""
        summaries = await self._store.read("", queries.summaries)
        summaries += await self._store.read(TEMPORARY, queries.summaries)
        return sorted(summaries, key=lambda summary: (not summary.pinned, -summary.updated_at))

    async def get(self, caller: Caller, params: ViewRequest) -> ConversationView:
        """Get a conversation along its chosen path."""
        return await self._store.read(params.conversation_id, lambda c: queries.view(c, params))

    async def spent(self, caller: Caller, params: StoredId) -> Spent:
        """Get the usage of a conversation so far: answers, tokens, money."""
        # A page receives the end of an answer a moment before the answer is on the disk.
        await self._answers.wait_until_stored(params)
        return await self._store.read(params, lambda c: usage.spent(c, params))

    async def budgets(self, caller: Caller, params: StoredId | None) -> Sequence[BudgetState]:
        """Get the budgets of the day, the month and a conversation, with the spent amounts."""
        return await self._answers.ledger.states(params)

    async def set_budget(self, caller: Caller, params: ConversationBudget) -> Sequence[BudgetState]:
        """Set the budget of a conversation. Resolves with the new result of `budgets`."""
        await self._answers.ledger.set_budget(params.conversation_id, params.budget)
        return await self._answers.ledger.states(params.conversation_id)

    async def usage(self, caller: Caller, params: UsageGroup) -> Sequence[UsageRow]:
        """Get the usage of all model calls so far, by day, model or conversation."""
        rows = await self._answers.ledger.usage(params)
        if params != "conversation":
            return rows
        titles = {each.id: each.title for each in await self.list(caller)}
        return [row.model_copy(update={"title": titles.get(row.key)}) for row in rows]

    async def save_usage(self, caller: Caller, params: UsageGroup) -> str:
        """Write the usage as CSV to the data directory's `exports`. Resolves with its path."""
        text = as_csv(await self.usage(caller, params), params)
        name = f"usage-by-{params}.csv"
        return await asyncio.to_thread(self._exports.save, name, text.encode())

    async def prompts(self, caller: Caller) -> Sequence[str]:
        """List the latest questions of all conversations, the newest first, each once."""
        return await self._store.read("", prompts)

    async def attachment(self, caller: Caller, params: BlobHash) -> AttachmentData:
        """Get the bytes of a picture or a file in a message or a result."""
        data = await self._attachment(params)
        return AttachmentData(data=base64.b64encode(data).decode("ascii"))

    # --- messages and answers ---------------------------------------------------------------

    async def send(self, caller: Caller, params: SendRequest) -> SendReply:
        """Send a message at the end of the chosen path. It is on the disk before it is sent."""
        return await _follow(caller, self._answers.send(caller.id, params))

    async def estimate(self, caller: Caller, params: EstimateRequest) -> Estimate:
        """Estimate the tokens and cost of a message. Nothing leaves this computer."""
        return await self._answers.estimate(params)

    async def edit(self, caller: Caller, params: EditRequest) -> SendReply:
        """Send an edited message in the place of another, which stays as a branch beside it."""
        return await _follow(caller, self._answers.edit(caller.id, params))

    async def regenerate(self, caller: Caller, params: AnswerRequest) -> SendReply:
        """Answer again beside the present answers; perhaps with another model."""
        return await _follow(caller, self._answers.regenerate(caller.id, params))

    async def continue_answer(self, caller: Caller, params: ContinueRequest) -> SendReply:
        """Continue an answer that was cut short. The new text is added to it."""
        return await _follow(caller, self._answers.continue_answer(caller.id, params))

    async def decide(self, caller: Caller, params: CallDecision) -> DecisionReply:
        """Allow or deny a tool call of an answer, also after the run that asked has ended."""
        load = caller.load
        taken, started = await self._answers.decide(caller.id, params)
        answer = None if started is None else _reply(caller, load, started)
        return DecisionReply(taken=taken, answer=answer)

    async def earlier_calls(self, caller: Caller, params: EarlierCallsRequest) -> EarlierCalls:
        """Count the latest calls of a tool that a permission would have allowed."""
        return await self._store.read("", lambda c: decisions.earlier_calls(c, params))

    async def choose(self, caller: Caller, params: StoredId) -> ConversationView:
        """Choose the path through this message; returns the conversation along it."""

        def write(connection: Connection) -> ConversationView:
            tree.choose(connection, queries.row_of(connection, params).number)
            conversation_id = queries.conversation_of(connection, params)
            return queries.view(connection, ViewRequest(conversation_id=conversation_id))

        return await self._store.write(params, write)

    # --- summaries of earlier messages ------------------------------------------------------

    async def compaction_estimate(
        self, caller: Caller, params: CompactRequest
    ) -> CompactionEstimate:
        """Estimate the cost of a summary of the earlier messages. Nothing leaves this computer."""
        return await self._compactions.estimate(params)

    async def compact(self, caller: Caller, params: CompactRequest) -> bool:
        """Begin to summarize the earlier messages. The topic `compaction` has the progress."""
        await self._compactions.begin(params)
        return True

    def stop_compaction(self, caller: Caller, params: StoredId) -> bool:
        """Stop a summary, or dismiss its state in the topic. False if there is neither."""
        return self._compactions.stop(params)

    async def edit_summary(self, caller: Caller, params: SummaryChange) -> ConversationView:
        """Change the text of a summary."""
        return await self._resummarize(params.message_id, lambda c: compactions.change(c, params))

    async def use_summary(self, caller: Caller, params: SummaryUse) -> ConversationView:
        """Undo a summary, so that its messages are sent again, or redo it."""
        return await self._resummarize(params.message_id, lambda c: compactions.use(c, params))

    # --- titles, folders, deletion, search --------------------------------------------------

    async def rename(self, caller: Caller, params: TitleChange) -> ConversationSummary:
        """Rename a conversation."""
        return await self._change(params.conversation_id, tree.set_title, params.title, "person")

    async def pin(self, caller: Caller, params: PinChange) -> ConversationSummary:
        """Pin a conversation to the top of the list, or unpin it."""
        return await self._change(params.conversation_id, tree.set_pinned, params.pinned)

    async def move(self, caller: Caller, params: FolderChange) -> ConversationSummary:
        """Put a conversation into a folder, or take it out of its folder."""
        return await self._change(params.conversation_id, tree.set_folder, params.folder)

    async def instruct(self, caller: Caller, params: SystemPromptChange) -> ConversationSummary:
        """Set the system prompt for the next answers of a conversation."""
        prompt = params.system_prompt
        return await self._change(params.conversation_id, tree.set_system_prompt, prompt)

    async def delete(self, caller: Caller, params: StoredId) -> bool:
        """Delete a conversation and its recorded requests, and cancel its running answers."""
        await self._store.write(
            params, lambda c: tree.delete(c, tree.conversation(c, params), epoch_ms())
        )
        self._answers.stop(caller.id, params)
        self._answers.forget(params)
        self._compactions.forget(params)
        await self._forget_requests(params)
        return True

    async def undelete(self, caller: Caller, params: StoredId) -> ConversationSummary:
        """Restore a deleted conversation. This is possible for 30 days."""
        return await self._write(params, lambda c: tree.undelete(c, params))

    async def search(self, caller: Caller, params: SearchRequest) -> SearchReply:
        """Find messages and titles with these words, best first, within 0.3 s, or about 2 s with
        `more`. Ends an earlier search of this page. `choose` jumps to a message.
        """
        return await self._searches.search(caller.id, params)

    # --- exports, imports, backups ----------------------------------------------------------

    async def export(self, caller: Caller, params: ExportRequest) -> ExportReply:
        """Export conversations as the text of a file."""
        return await asyncio.to_thread(self._exports.export, params)

    async def export_file(self, caller: Caller, params: ExportRequest) -> str:
        """Export conversations to the data directory's `exports`. Resolves with the file's path."""
        return await asyncio.to_thread(self._exports.export_file, params)

    def import_begin(self, caller: Caller, params: ImportBegin) -> str:
        """Announce a file to be imported. Resolves with the import's id. The topic `import` with
        this key has its progress.
        """
        return self._imports.begin(caller.id, params.size)

    def import_write(self, caller: Caller, params: ImportPiece) -> int:
        """Upload the next piece. Resolves with the bytes so far; the last one starts the import."""
        return self._imports.write(caller.id, params.import_id, params.data)

    def import_cancel(self, caller: Caller, params: StoredId) -> bool:
        """Stop an import; what it has imported stays. False if it has ended already."""
        return self._imports.cancel(caller.id, params)

    async def backup(self, caller: Caller) -> BackupInfo:
        """Make a backup of everything but keys, as one file in the data directory's `backups`."""
        return await self._exports.backup()

    async def backups(self, caller: Caller) -> Sequence[BackupInfo]:
        """List the backups in the data directory, the newest first."""
        return await asyncio.to_thread(self._store.backups.list_all)

    async def backup_contents(self, caller: Caller, params: BackupName) -> BackupContents:
        """List what `restore` leaves out of a backup unless a person agrees to each: providers, and
        the settings that choose where questions go.
        """
        return await asyncio.to_thread(self._exports.backup_contents, params)

    async def restore(self, caller: Caller, params: BackupName | RestoreRequest) -> StoreState:
        """Replace the conversations and the appearance with those of a backup. The present ones are
        backed up before. A name alone restores no provider.
        """
        if isinstance(params, str):
            params = RestoreRequest(name=params)
        return await self._exports.restore(params)

    async def save_attachment(self, caller: Caller, params: AttachmentCopy) -> str:
        """Write an attachment to the data directory's `exports`. Resolves with the file's path."""
        data = await self._attachment(params.hash)
        return await asyncio.to_thread(self._exports.save, params.name, data)

    async def save_text(self, caller: Caller, params: NewFile) -> str:
        """Write a text to the data directory's `exports`. Resolves with the file's path."""
        return await asyncio.to_thread(self._exports.save, params.name, params.text.encode())

    # --- notes of pages ---------------------------------------------------------------------

    async def recall(self, caller: Caller) -> dict[str, str]:
        """Get every note by its name."""
        return await self._store.read("", notes.every)

    async def remember(self, caller: Caller, params: Note) -> bool:
        """Store a note, such as a draft, for later pages; it is on the disk when this resolves. Not
        for anything that belongs to a temporary conversation.
        """
        self._store.refuse_while_restoring()
        # Not `Store.write`, which would make every page list the conversations again.
        await asyncio.wrap_future(self._store.database.write(lambda c: notes.put(c, params)))
        return True

    async def _attachment(self, blob_hash: str) -> bytes:
        # A page receives a result a moment before it is on the disk. Memory comes first: a result
        # that is no longer in it is on the disk.
        for recorder in self._answers.recorders:
            if (data := recorder.media(blob_hash)) is not None:
                return data
        for prefix in ("", TEMPORARY):
            data = await self._store.read(prefix, lambda c: read_blob(c, blob_hash))
            if data is not None:
                return data
        raise NotFound("There is no such attachment")

    async def _resummarize(self, message_id: str, job: Job[ConversationView]) -> ConversationView:
        view = await self._store.write(message_id, job)
        self._store.notify_summary_change()
        return view

    async def _change(
        self, conversation_id: str, change: Callable[[Connection, int, *Ts], None], *values: *Ts
    ) -> ConversationSummary:
        return await self._write(
            conversation_id, lambda c: change(c, tree.conversation(c, conversation_id), *values)
        )

    async def _write(self, conversation_id: str, change: Job[object]) -> ConversationSummary:
        def write(connection: Connection) -> ConversationSummary:
            change(connection)
            return queries.summary(connection, conversation_id)

        return await self._store.write(conversation_id, write)


async def _follow(caller: Caller, start: Awaitable[StartedAnswer]) -> SendReply:
    load = caller.load
    return _reply(caller, load, await start)


def _reply(caller: Caller, load: str, started: StartedAnswer) -> SendReply:
    """Push all events of the answer to the page, unless it was reloaded since its call."""
    caller.feed.follow(load, started.log, -1)
    return started.reply
