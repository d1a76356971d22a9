"""SettingsApi: the `settings` namespace: what a person has chosen."""

import asyncio

from shell.bridge.caller import Caller
from shell.contract import Place, PreferencesChange, SettingsView
from shell.settings import SettingsFile


class SettingsApi:
    """Reads and changes the settings' file. Loop thread only."""

    def __init__(self, settings: SettingsFile) -> None:
        self._settings = settings
        self._writing = asyncio.Lock()

    def get(self, caller: Caller) -> SettingsView:
        """The settings, and what was wrong with their file."""
        return self._settings.view()

    def place(self, caller: Caller) -> Place:
        """Where settings, conversations and exports lie, for a person to read."""
        folder = self._settings.path.parent
        return Place(
            data=str(folder),
            settings=str(self._settings.path),
            backups=str(folder / "backups"),
            exports=str(folder / "exports"),
        )

    async def update(self, caller: Caller, params: PreferencesChange) -> SettingsView:
        """Change what is given; null takes a choice back."""
        async with self._writing:
            # It may have to wait for another process, and it waits for the disk.
            await asyncio.to_thread(self._settings.change, params)
            return self._settings.view()
