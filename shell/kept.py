"""Kept: everything of a host that outlives it, opened together and closed together."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from shell.api.conversations import ConversationsApi
from shell.api.keys import KeysApi
from shell.api.settings import SettingsApi
from shell.contract import Defaults
from shell.conversations import Conversations
from shell.engine import Engine
from shell.exports import Exports
from shell.imports import Imports
from shell.keys import Keys
from shell.providers.registry import Providers
from shell.settings_file import SettingsFile
from shell.store.store import Store


class Kept:
    """Made on the loop thread, under the lock of the data directory; blocks while it opens.

    Args:
        data: the data directory.
        engine: answers.
        providers: who can.
        keys: of those providers.
        settings: what a person has chosen.
        defaults: who answers where nobody was named and nobody has answered yet.

    Raises:
        ShellError: the conversations cannot be used, with a sentence that says why.
    """

    def __init__(
        self,
        data: Path,
        engine: Engine,
        providers: Providers,
        keys: Keys,
        settings: SettingsFile,
        defaults: Callable[[], Defaults],
    ) -> None:
        self.store = Store(data)
        self.store.open()
        self.store.begin()

        def titles() -> tuple[str, str | None] | None:
            chosen = settings.preferences
            if chosen.title_provider is None:
                return None
            return chosen.title_provider, chosen.title_model

        self.conversations = Conversations(self.store, engine, providers.resolve, defaults, titles)
        self._imports = Imports(self.store.database, data, self.store.changed)
        exports = Exports(self.store, settings, lambda: self.conversations.idle)
        self.namespaces: Mapping[str, object] = {
            "conversations": ConversationsApi(self.conversations, self._imports, exports),
            "keys": KeysApi(keys, lambda: providers.base_urls),
            "settings": SettingsApi(settings),
        }
        """What the door takes beside its own."""

    async def close(self) -> None:
        """Keep what running answers have, once the engine has ended them; then close the file."""
        await self._imports.close()
        await self.conversations.close()
        await asyncio.to_thread(self.store.close)
