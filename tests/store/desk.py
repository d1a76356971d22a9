"""A store, an engine with the echo provider, and conversations over both, for tests."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from shell.api.conversations import ConversationsApi
from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.contract import (
    NO_BUDGETS,
    AnswerRequest,
    Budgets,
    CompactionTopic,
    Content,
    ConversationView,
    Defaults,
    EditRequest,
    NewConversation,
    SendReply,
    SendRequest,
    StoredMessage,
    StoreTopic,
    ViewRequest,
)
from shell.conversations.answers import Answers, StartedAnswer
from shell.conversations.authors import Authors
from shell.conversations.compactions import Compactions
from shell.conversations.exports import Exports
from shell.conversations.imports import Imports
from shell.errors import ValidationFailed
from shell.inference.engine import Engine
from shell.inference.limits import Settings
from shell.providers.base import Chunk, Provider, ProviderRequest
from shell.providers.testing.echo import EchoProvider
from shell.settings import SettingsFile
from shell.store.ledger import Ledger
from shell.store.messages import queries
from shell.store.store import Store
from shell.store.wire_log import WireLog

OWNER = "window-1"


class RecordingEcho(EchoProvider):
    """The echo provider, which records the requests that it receives."""

    def __init__(self, id: str = "echo") -> None:  # noqa: A002
        super().__init__(rate=None, id=id)
        self.received: list[ProviderRequest] = []

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        self.received.append(request)
        return super().stream(request)


class Desk:
    """Made on the loop. Answers come without delay unless their script sets a rate."""

    def __init__(
        self,
        folder: Path,
        *,
        vfs: str | None = None,
        busy_s: float = 5.0,
        settings: Settings | None = None,
    ) -> None:
        self.topics = Topics()
        self.store = Store(
            folder,
            vfs=vfs,
            busy_s=busy_s,
            on_change=lambda state: self.topics.publish(StoreTopic(value=state)),
        )
        self.store.open()
        self.echo = RecordingEcho()
        self.other = RecordingEcho("other")
        self.budgets: Budgets = NO_BUDGETS
        self.ledger = Ledger(folder, lambda: self.budgets)
        self.engine = Engine(self.resolve, settings, self.ledger)
        self.authors = Authors(self.resolve, self.defaults)
        self.answers = Answers(
            self.store,
            self.engine,
            self.authors,
            self.titles,
            ledger=self.ledger,
        )
        self.compactions = Compactions(
            self.store,
            self.engine,
            self.authors,
            publish=lambda states: self.topics.publish(CompactionTopic(value=states)),
        )
        self.caller = Caller(OWNER)
        self.conversations = self.api(folder)

    def api(self, folder: Path) -> ConversationsApi:
        """Return the `conversations` namespace over the parts of this desk."""
        imports = Imports(self.store, folder, self.topics)
        exports = Exports(self.store, SettingsFile(folder), lambda: True, reload_nothing)
        forget = WireLog(folder, lambda: True, list).forget
        return ConversationsApi(
            self.store, self.answers, imports, exports, self.compactions, forget
        )

    def defaults(self) -> Defaults:
        """The model of a conversation that has no answer yet."""
        return Defaults(provider_id="echo", model_id="echo")

    def titles(self) -> tuple[str, str | None] | None:
        """Return None, because no model makes titles."""
        return None

    def resolve(self, provider_id: str) -> Provider:
        for provider in (self.echo, self.other):
            if provider.id == provider_id:
                return provider
        raise ValidationFailed([("providerId", f"Invalid provider ID: {provider_id}")])

    async def close(self) -> None:
        await self.engine.close()
        await self.compactions.close()
        await self.answers.close()
        await self.ledger.close()
        await asyncio.to_thread(self.store.close)

    async def begin(self, *, temporary: bool = False, system_prompt: str | None = None) -> str:
        new = NewConversation(temporary=temporary, system_prompt=system_prompt)
        return (await self.conversations.create(self.caller, new)).id

    async def send(self, conversation_id: str, content: Content) -> SendReply:
        """Send a message and wait until its whole answer is stored."""
        request = SendRequest(conversation_id=conversation_id, content=content)
        return await self.done(await self.answers.send(OWNER, request))

    async def edit(self, message_id: str, content: Content) -> SendReply:
        request = EditRequest(message_id=message_id, content=content)
        return await self.done(await self.answers.edit(OWNER, request))

    async def regenerate(self, message_id: str, provider_id: str | None = None) -> SendReply:
        request = AnswerRequest(message_id=message_id, provider_id=provider_id)
        return await self.done(await self.answers.regenerate(OWNER, request))

    async def go_on(self, message_id: str) -> SendReply:
        request = AnswerRequest(message_id=message_id)
        return await self.done(await self.answers.continue_answer(OWNER, request))

    async def done(self, begun: StartedAnswer) -> SendReply:
        async for _ in begun.log.follow():
            pass
        await self.wait_until_stored(begun.reply.conversation_id)
        return begun.reply

    async def wait_until_stored(self, conversation_id: str) -> None:
        """Wait until the recorder has written the conversation to disk."""
        await self.answers._recorder_of(conversation_id).wait_until_stored(conversation_id)

    async def view(self, conversation_id: str, limit: int = 20_000) -> ConversationView:
        request = ViewRequest(conversation_id=conversation_id, limit=limit)
        return await self.store.read(conversation_id, lambda c: queries.view(c, request))

    async def texts(self, conversation_id: str) -> list[str]:
        """Return the texts of the messages on the chosen path."""
        return [text_of(message) for message in (await self.view(conversation_id)).messages]


def text_of(message: StoredMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    return "".join(getattr(part, "text", "") for part in message.content)


async def reload_nothing() -> None:
    """Stand in for the reload of providers, because a desk has no file of them."""
