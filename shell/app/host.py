"""Host: everything that a page needs but a window: the core, the door, and what is kept."""

import contextlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shell.api.llm import LlmApi
from shell.api.shell import ShellApi
from shell.app.runtime import Runtime
from shell.app.warmup import Warmup
from shell.bridge.door import Door
from shell.bridge.topics import Topics
from shell.contract import Defaults
from shell.errors import ShellError
from shell.settings import SettingsFile
from shell.support.open_url import open_link

if TYPE_CHECKING:
    from shell.app.conversation_services import ConversationServices


class Host:
    """Made, used and closed on the loop's thread, under the lock of the data directory.

    Args:
        data: the data directory.
        environ: keys, base URLs, and where the weights are.
        provider: for new conversations; None for what the settings say.
        model: the same.
        open_window: opens another window; says whether it could.

    Raises:
        ValidationFailed: there is no such provider.
    """

    def __init__(
        self,
        data: Path,
        environ: Mapping[str, str],
        provider: str | None,
        model: str | None,
        open_window: Callable[[], bool],
    ) -> None:
        self._data = data
        self._environ = environ
        self._named = (provider, model)
        self._settings = SettingsFile(data)
        self._core = Runtime(data, environ, self._settings.engine)
        self._greeter = Warmup(self._core, self._defaults)
        self._kept: ConversationServices | None = None
        self._topics = Topics()
        self._core.defaults(*self._named)
        shell = ShellApi(sys.platform, self._greeter.begin, open_window, open_link)
        self.door = Door(
            {"llm": LlmApi(self._core.engine), "shell": shell},
            later={
                "conversations": self._conversations,
                "keys": self._keys,
                "model": self._model,
                "providers": self._providers,
                "settings": self._settings_api,
            },
            topics=self._topics,
        )

    def forget_caller(self, caller_id: str) -> None:
        """A window or a tab is gone for good."""
        self._core.engine.close_owner(caller_id)
        if self._kept is not None:
            self._kept.forget_caller(caller_id)

    async def end_runs(self) -> None:
        """End what runs, while pages are still there to be told how."""
        self._greeter.close()
        await self._core.engine.close()

    async def close(self) -> None:
        """Keep what there is to keep, and let go of everything. After `end_runs`."""
        await self.door.close()
        if self._kept is not None:
            await self._kept.close()
        await self._core.close()

    # --- inside -----------------------------------------------------------------------------

    def _defaults(self) -> Defaults:
        provider, model = self._named
        if provider is None:
            chosen = self._settings.preferences
            # A provider that was removed since is not there any more; others are.
            with contextlib.suppress(ShellError):
                return self._core.defaults(chosen.default_provider, model or chosen.default_model)
        return self._core.defaults(provider, model)

    async def _conversations(self) -> object:
        from shell.app.conversation_services import ConversationServices

        core = self._core
        self._kept = await ConversationServices.open(
            self._data,
            core.engine,
            core.providers,
            self._settings,
            self._defaults,
            core.reload_providers,
            self._topics,
        )
        return self._kept.namespace

    async def _keys(self) -> object:
        from shell.api.keys import KeysApi

        await self._core.load_keys()
        return KeysApi(self._core.keys, lambda: self._core.providers.base_urls)

    async def _model(self) -> object:
        from shell.api.model import ModelApi
        from shell.providers.local.model_files import ModelFiles

        return ModelApi(self._data, ModelFiles(self._data, self._environ), self._topics)

    async def _providers(self) -> object:
        from shell.api.providers import ProvidersApi

        await self._core.load_keys()
        return ProvidersApi(self._core.providers, self._core.keys, self._data)

    async def _settings_api(self) -> object:
        from shell.api.settings import SettingsApi

        return SettingsApi(self._settings)
