"""SettingsApi: the `settings` namespace: what a person has chosen, and the providers added."""

from collections.abc import Callable

from shell.api.caller import Caller
from shell.contract import PreferencesChange, ProviderChange, ProviderId, SettingsView
from shell.settings_file import SettingsFile


class SettingsApi:
    """Reads and changes the settings' file.

    Args:
        settings: the file.
        changed: told when the providers are different now.
    """

    def __init__(self, settings: SettingsFile, changed: Callable[[], None]) -> None:
        self._settings = settings
        self._changed = changed

    def get(self, caller: Caller) -> SettingsView:
        """The settings; of the headers of added providers only the names."""
        return self._settings.view()

    def update(self, caller: Caller, params: PreferencesChange) -> SettingsView:
        """Change what is given; null takes a choice back."""
        self._settings.change(params)
        return self._settings.view()

    def set_provider(self, caller: Caller, params: ProviderChange) -> SettingsView:
        """Add a provider, or put it in the place of the one with its id."""
        self._settings.set_provider(params)
        self._changed()
        return self._settings.view()

    def remove_provider(self, caller: Caller, params: ProviderId) -> SettingsView:
        """Forget a provider that was added."""
        self._settings.remove_provider(params)
        self._changed()
        return self._settings.view()
