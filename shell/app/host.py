"""Assembles everything a page needs except a window: providers, engine, store and door."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shell.api.shell import ShellApi, WindowAction, choose_nothing, control_nothing
from shell.app.runtime import Runtime
from shell.bridge.door import Door
from shell.bridge.topics import Topics
from shell.contract import Defaults
from shell.errors import ShellError
from shell.providers.registry import RECORDING
from shell.settings import SettingsFile
from shell.support.open_url import open_link

if TYPE_CHECKING:  # loaded when a page first uses conversations or servers
    from shell.api.mcp import Confirm
    from shell.conversations.answers import Answers
    from shell.conversations.compactions import Compactions
    from shell.conversations.exports import Exports
    from shell.conversations.imports import Imports
    from shell.conversations.parameters import Parameters
    from shell.store.store import Store

WARM_UP_AFTER_S = 0.5
"""Time for the page to draw itself before the model takes the processor."""


@dataclass(frozen=True, slots=True)
class _ConversationServices:
    """The parts that the host makes when a page first uses conversations."""

    store: "Store"
    answers: "Answers"
    compactions: "Compactions"
    imports: "Imports"
    exports: "Exports"

    async def close(self) -> None:
        """Store the rest of the answers, after the engine has ended them; then close the file."""
        try:
            await self.imports.close()
            await self.compactions.close()
            await self.answers.close()
        finally:
            await asyncio.to_thread(self.store.close)


class Host:
    """Made, used and closed on the loop's thread, under the lock of the data directory.

    Args:
        data: the data directory.
        environ: has keys, base URLs and the path of the weights.
        provider: for new conversations; None for the one in the settings.
        model: for new conversations; None for the one in the settings.
        open_window: opens another window; returns whether it could.
        choose_file: asks for a file in a dialog over the window of a caller.
        control_window: closes the window of a caller, quits, or toggles full screen; returns
            whether it could.
        open_path: shows a file or a folder for the window of a caller; returns whether it could.
        confirm: asks the person at the window of a caller for a yes or no.

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
        choose_file: Callable[[str], Awaitable[str | None]] = choose_nothing,
        control_window: Callable[[str, WindowAction], bool] = control_nothing,
        open_path: Callable[[str, Path], bool] = lambda caller_id, path: False,
        confirm: "Confirm | None" = None,
    ) -> None:
        self._data = data
        self._environ = environ
        self._chosen_model = (provider, model)
        self._confirm = confirm
        self._settings = SettingsFile(data)
        self._core = Runtime(
            data,
            environ,
            self._settings.engine,
            lambda: self._settings.preferences.budgets,
            records=lambda: self._settings.preferences.record_requests,
        )
        self._open_path = open_path
        self._topics = Topics()
        self._services: _ConversationServices | None = None
        self._opening_lock = asyncio.Lock()
        self._warming_up: asyncio.Task[None] | None = None
        if provider == RECORDING:
            self._chosen_model = self._core.providers.play(model), None
        self._core.defaults(*self._chosen_model)
        shell = ShellApi(
            sys.platform, self._greet, open_window, open_link, choose_file, control_window
        )
        self.door = Door(
            {"shell": shell},
            lazy={
                "llm": self._llm,
                "conversations": self._conversations,
                "keys": self._keys,
                "mcp": self._mcp,
                "model": self._model,
                "providers": self._providers,
                "settings": self._settings_api,
                "templates": self._templates,
                "tools": self._tools_api,
                "wire": self._wire_api,
            },
            topics=self._topics,
        )

    def forget_caller(self, caller_id: str) -> None:
        """End what belongs to a window or tab that is gone for good."""
        self._core.close_owner(caller_id)
        if self._services is not None:
            self._services.imports.forget_caller(caller_id)

    async def end_runs(self) -> None:
        """End all runs while the pages can still receive how they ended."""
        if self._warming_up is not None:
            self._warming_up.cancel()
        await self._core.end_runs()

    async def close(self) -> None:
        """Store all pending data, and close everything. Call it after `end_runs`."""
        await self.door.close()
        if self._services is not None:
            await self._services.close()
        await self._core.close()

    # --- warm-up ----------------------------------------------------------------------------

    def _greet(self) -> Defaults:
        """Return the defaults of new conversations, and start the warm-up at the first call."""
        defaults = self._defaults()
        if self._warming_up is None:
            work = self._warm_up(defaults.provider_id)
            self._warming_up = asyncio.get_running_loop().create_task(work, name="warm up")
        return defaults

    async def _warm_up(self, provider_id: str) -> None:
        """Read the keys, and load the default model if it is local."""
        await asyncio.sleep(WARM_UP_AFTER_S)
        from shell.providers.local.provider import LocalProvider

        provider = self._core.providers.resolve(provider_id)
        work = [self._core.load_keys()]
        if isinstance(provider, LocalProvider):
            work.append(provider.warm())
        await asyncio.gather(*work, return_exceptions=True)

    # --- settings ---------------------------------------------------------------------------

    def _defaults(self) -> Defaults:
        # A provider may have been removed since it was chosen. Then the next choice counts.
        provider, model = self._chosen_model
        if provider is not None:
            with contextlib.suppress(ShellError):
                return self._core.defaults(provider, model)
            model = None
        chosen = self._settings.preferences
        with contextlib.suppress(ShellError):
            return self._core.defaults(chosen.default_provider, model or chosen.default_model)
        return self._core.defaults(None, model)

    def _publish_defaults(self) -> None:
        from shell.contract import DefaultsTopic

        self._topics.publish(DefaultsTopic(value=self._defaults()))

    def _title_model(self) -> tuple[str, str | None] | None:
        chosen = self._settings.preferences
        if chosen.title_provider is None:
            return None
        return chosen.title_provider, chosen.title_model

    def _parameters(self) -> "Parameters":
        from shell.conversations.parameters import Parameters

        chosen = self._settings.preferences
        return Parameters(
            chosen.default_temperature,
            chosen.default_max_tokens,
            chosen.default_system_prompt,
            chosen.default_effort,
        )

    # --- namespaces, made when a page first calls them --------------------------------------

    async def _llm(self) -> object:
        from shell.api.llm import LlmApi

        return LlmApi(self._core.engine, lambda: self._core.tools)

    async def _conversations(self) -> object:
        from shell.api.conversations import ConversationsApi

        services = await self._open()
        return ConversationsApi(
            services.store,
            services.answers,
            services.imports,
            services.exports,
            services.compactions,
            lambda conversation_id: self._core.wire.forget(conversation_id),
        )

    async def _open(self) -> _ConversationServices:
        """Open the store at its first use."""
        async with self._opening_lock:
            if self._services is None:
                self._services = await self._open_store()
            return self._services

    async def _open_store(self) -> _ConversationServices:
        from shell.contract import CompactionTopic, StoreTopic, WaitingTopic
        from shell.conversations.answers import Answers
        from shell.conversations.authors import Authors
        from shell.conversations.compactions import Compactions
        from shell.conversations.exports import Exports
        from shell.conversations.imports import Imports
        from shell.store.store import Store

        core, topics = self._core, self._topics
        store = Store(self._data, on_change=lambda state: topics.publish(StoreTopic(value=state)))
        await asyncio.to_thread(store.open)
        store.begin()
        authors = Authors(core.providers.resolve, self._defaults)
        compactions = Compactions(
            store,
            core.engine,
            authors,
            self._parameters,
            lambda states: topics.publish(CompactionTopic(value=states)),
        )
        answers = Answers(
            store,
            core.engine,
            authors,
            self._title_model,
            self._parameters,
            lambda: core.tools,
            ledger=core.ledger,
            on_waiting=lambda waiting: topics.publish(WaitingTopic(value=waiting)),
            on_stored=compactions.consider,
        )
        imports = Imports(store, self._data, topics)
        exports = Exports(
            store, self._settings, lambda: answers.idle and imports.idle, self._on_restored
        )
        return _ConversationServices(store, answers, compactions, imports, exports)

    async def _on_restored(self) -> None:
        if self._services is not None:
            self._services.answers.forget_stored()
            self._services.compactions.forget_stored()
        await self._core.wire.forget_stored()
        await self._core.reload_providers()
        self._publish_defaults()

    async def _keys(self) -> object:
        from shell.api.keys import KeysApi

        await self._core.load_keys()
        return KeysApi(self._core.keys, lambda: self._core.providers.base_urls)

    async def _mcp(self) -> object:
        from shell.api.mcp import McpApi

        return McpApi(self._core.tools.servers, self._topics, self._confirm)

    async def _model(self) -> object:
        from shell.api.model import ModelApi
        from shell.providers.local.model_files import ModelFiles

        return ModelApi(self._data, ModelFiles(self._data, self._environ), self._topics)

    async def _providers(self) -> object:
        from shell.api.providers import ProvidersApi

        await self._core.load_keys()
        return ProvidersApi(
            self._core.providers, self._core.keys, self._data, self._publish_defaults
        )

    async def _settings_api(self) -> object:
        from shell.api.settings import SettingsApi

        return SettingsApi(self._settings, lambda: self._core.wire.clear(), self._publish_defaults)

    async def _templates(self) -> object:
        from shell.api.templates import TemplatesApi

        return TemplatesApi(self._data)

    async def _tools_api(self) -> object:
        from shell.api.tools import ToolsApi

        return ToolsApi(self._core.tools, self._open_path)

    async def _wire_api(self) -> object:
        from shell.api.wire import WireApi

        services = await self._open()
        return WireApi(self._core.wire, services.answers.preview, services.exports.save)
