"""Reads the settings and providers of a backup, and restores those that the user agreed to.

A backup may come from anybody. A provider in it names an address, headers and the environment
variable of a key; a setting in it can send every question there. So a restore brings the
conversations and the harmless settings (`settings.RESTORED`). It brings a provider, or a setting
that chooses one, only after the user agreed to it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pydantic import JsonValue, ValidationError

from shell.contract import BackupChoice, BackupContents, BackupProvider, RoutingSetting
from shell.errors import ShellError, ValidationFailed
from shell.providers import custom
from shell.providers.custom import CustomProvider, parse_added, read_added
from shell.providers.key_variables import FILE as PROVIDERS_FILE
from shell.settings import FILE, SettingsFile, parse_settings, read_choices
from shell.store.store import Choose

_SETTINGS: tuple[RoutingSetting, ...] = ("defaultProvider", "titleProvider")


def contents(extras: Mapping[str, bytes], data: Path) -> BackupContents:
    """The providers and settings in a backup that differ from the current ones and need consent."""
    current = _current_providers(data)
    choices = read_choices(_settings(extras) or {})
    current_choices = read_choices(_current_settings(data))
    return BackupContents(
        providers=[
            _describe(provider, missing, replaces=provider.id in current)
            for provider, missing in _completed(extras, data).values()
            if current.get(provider.id) != provider
        ],
        choices=[
            BackupChoice(setting=name, provider_id=choices[name][0], model_id=choices[name][1])
            for name in _SETTINGS
            if name in choices and choices[name] != current_choices.get(name)
        ],
    )


def chooser(data: Path, providers: Collection[str], settings: Collection[str]) -> Choose:
    """Make the function that checks and restores the chosen settings; for `Store.restore`."""

    def choose(extras: Mapping[str, bytes]) -> Callable[[], None]:
        known = _completed(extras, data)
        raw = _settings(extras)
        if unknown := [name for name in providers if name not in known]:
            text = f"The backup has no provider {unknown[0][:64]!r}"
            raise ValidationFailed([("providers", text)])
        if unknown := [name for name in settings if name not in read_choices(raw or {})]:
            text = f"The backup does not set {unknown[0][:64]!r}"
            raise ValidationFailed([("settings", text)])
        selected = [known[name][0] for name in dict.fromkeys(providers)]
        for provider in selected:
            provider.check()
        return partial(_take_over, data, selected, raw, settings)

    return choose


def _take_over(
    data: Path,
    providers: Sequence[CustomProvider],
    raw: Mapping[str, JsonValue] | None,
    settings: Collection[str],
) -> None:
    if raw is not None:
        SettingsFile(data).take_over(raw, settings)
    if providers:
        custom.put(data, providers)


def missing_headers(extras: Mapping[str, bytes], data: Path) -> dict[str, list[str]]:
    """The names of the headers that each provider of a backup has without a value, by its id, where
    the present provider has none either.
    """
    return {name: missing for name, (_, missing) in _completed(extras, data).items()}


def _describe(
    provider: CustomProvider, missing: Sequence[str], *, replaces: bool
) -> BackupProvider:
    return BackupProvider(
        id=provider.id,
        name=provider.label or provider.id,
        kind=provider.kind,
        address=provider.file if provider.base_url is None else _without_secrets(provider.base_url),
        key_env=provider.key_env,
        headers=sorted(provider.headers),
        missing_headers=list(missing),
        replaces=replaces,
    )


def _without_secrets(url: str) -> str:
    """An address without user name, password and query, which may hold a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _completed(
    extras: Mapping[str, bytes], data: Path
) -> dict[str, tuple[CustomProvider, list[str]]]:
    """The providers of a backup by their ids, with the values of headers that the backup leaves out
    from the present ones, and the names of the headers that have no value there either.
    """
    current = _current_providers(data)
    completed = {}
    for provider_id, added in _providers(extras).items():
        provider = added.with_values_of(current.get(provider_id))
        missing = sorted(added.headers.keys() - provider.headers.keys())
        completed[provider_id] = provider, missing
    return completed


def _providers(extras: Mapping[str, bytes]) -> dict[str, CustomProvider]:
    """The providers of a backup by their ids; empty if they cannot be read."""
    try:
        return {provider.id: provider for provider in parse_added(extras[PROVIDERS_FILE])}
    except (KeyError, ValidationError):
        return {}


def _current_providers(data: Path) -> dict[str, CustomProvider]:
    try:
        return {provider.id: provider for provider in read_added(data)}
    except ShellError:
        return {}


def _settings(extras: Mapping[str, bytes]) -> dict[str, JsonValue] | None:
    """The settings of a backup; None if it has none that can be read."""
    try:
        return parse_settings(extras[FILE].decode())
    except (KeyError, ValueError, RecursionError):
        return None


def _current_settings(data: Path) -> dict[str, JsonValue]:
    try:
        return _settings({FILE: (data / FILE).read_bytes()}) or {}
    except OSError:
        return {}
