"""Lets pages read and change the settings: the `settings` namespace."""

import asyncio
from collections.abc import Awaitable, Callable

from shell.bridge.caller import Caller
from shell.contract import DataPaths, PreferencesChange, SettingsView
from shell.settings import SettingsFile


class SettingsApi:
    """The `settings` namespace. Loop thread only. `on_change` is called after each change."""

    def __init__(
        self,
        settings: SettingsFile,
        forget_requests: Callable[[], Awaitable[None]],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._forget_requests = forget_requests
        self._on_change = on_change
        self._writing = asyncio.Lock()

    def get(self, caller: Caller) -> SettingsView:
        """Get the settings, and the problems of their file."""
        return self._settings.view()

    def place(self, caller: Caller) -> DataPaths:
        """Get the paths of settings, data, backups and exports, to show to the person."""
        folder = self._settings.path.parent
        return DataPaths(
            data=str(folder),
            settings=str(self._settings.path),
            backups=str(folder / "backups"),
            exports=str(folder / "exports"),
        )

    async def update(self, caller: Caller, params: PreferencesChange) -> SettingsView:
        """Change the given settings; null resets one."""
        async with self._writing:
            # In a thread: it waits for the disk, and perhaps for another process.
            await asyncio.to_thread(self._settings.change, params)
            self._on_change()
            if params.record_requests is False:
                await self._forget_requests()
            return self._settings.view()
