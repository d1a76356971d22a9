"""Kept: the conversations of a host, opened together with their imports and exports."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from shell.api.conversations import ConversationsApi
from shell.bridge.topics import Topics
from shell.contract import Defaults, StoreTopic
from shell.conversations.answers import Answers, Parameters
from shell.conversations.exports import Exports
from shell.conversations.imports import Imports
from shell.conversations.library import Conversations
from shell.inference.engine import Engine
from shell.providers.registry import Providers
from shell.settings import SettingsFile
from shell.store.store import Store


class ConversationServices:
    """Made by `open`, on the loop thread."""

    namespace: ConversationsApi
    """What the door takes."""

    def __init__(
        self,
        store: Store,
        data: Path,
        engine: Engine,
        providers: Providers,
        settings: SettingsFile,
        defaults: Callable[[], Defaults],
        reload_providers: Callable[[], Awaitable[None]],
        topics: Topics,
    ) -> None:
        def titles() -> tuple[str, str | None] | None:
            chosen = settings.preferences
            if chosen.title_provider is None:
                return None
            return chosen.title_provider, chosen.title_model

        def parameters() -> Parameters:
            chosen = settings.preferences
            return Parameters(
                chosen.default_temperature, chosen.default_max_tokens, chosen.default_system_prompt
            )

        self._store = store
        self._answers = Answers(store, engine, providers.resolve, defaults, titles, parameters)
        conversations = Conversations(store, self._answers)
        self._imports = Imports(store, data, topics)
        exports = Exports(
            store,
            settings,
            lambda: self._answers.idle and self._imports.idle,
            reload_providers,
        )
        self.namespace = ConversationsApi(conversations, self._answers, self._imports, exports)

    @classmethod
    async def open(
        cls,
        data: Path,
        engine: Engine,
        providers: Providers,
        settings: SettingsFile,
        defaults: Callable[[], Defaults],
        reload_providers: Callable[[], Awaitable[None]],
        topics: Topics,
    ) -> "ConversationServices":
        """Open what is kept, under the lock of the data directory.

        Args:
            data: the data directory.
            engine: answers.
            providers: who can.
            settings: what a person has chosen.
            defaults: who answers where nobody was named and nobody has answered yet.
            reload_providers: reads what a restore may have added, with its keys.
            topics: where the state of the store and of imports is published.

        Raises:
            ShellError: the conversations cannot be used, with a sentence that says why.
        """
        store = Store(data, on_change=lambda state: topics.publish(StoreTopic(value=state)))
        await asyncio.to_thread(store.open)
        store.begin()
        return cls(store, data, engine, providers, settings, defaults, reload_providers, topics)

    def forget_caller(self, caller_id: str) -> None:
        """A window or a tab is gone for good."""
        self._imports.forget_caller(caller_id)

    async def close(self) -> None:
        """Keep what running answers have, once the engine has ended them; then close the file."""
        await self._imports.close()
        await self._answers.close()
        await asyncio.to_thread(self._store.close)
