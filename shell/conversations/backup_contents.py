"""Reads the settings and providers of a backup, and takes over those the user agreed to.

A backup may come from anybody. A provider in it names an address, headers and the environment
variable of a key; a setting in it can send every question there. So a restore brings only data, and
each provider and setting only after the user agreed to it.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pydantic import JsonValue, ValidationError

from shell.contract import BackupChoice, BackupContents, BackupProvider, RoutingSetting
from shell.errors import ShellError, ValidationFailed
from shell.providers import custom
from shell.providers.custom import CustomProvider, parse_added, read_added
from shell.settings import FILE, SettingsFile, read_choices
from shell.store.store import Choose

_SETTINGS: tuple[RoutingSetting, ...] = ("defaultProvider", "titleProvider")


def contents(extras: Mapping[str, bytes], data: Path) -> BackupContents:
    """Everything in a backup that differs from the current state and so needs consent."""
    here = _here(data)
    offered = [one for one in _providers(extras).values() if here.get(one.id) != one]
    chosen, present = read_choices(_settings(extras)), read_choices(_present(data))
    return BackupContents(
        providers=[_described(one, replaces=one.id in here) for one in offered],
        choices=[
            BackupChoice(setting=name, provider_id=chosen[name][0], model_id=chosen[name][1])
            for name in _SETTINGS
            if name in chosen and chosen[name] != present.get(name)
        ],
    )


def chooser(data: Path, providers: Collection[str], settings: Collection[str]) -> Choose:
    """Takes over what the user agreed to, for `Store.restore`."""

    def choose(extras: Mapping[str, bytes]) -> Callable[[], None]:
        found = _providers(extras)
        raw = _settings(extras)
        if unknown := [name for name in providers if name not in found]:
            raise ValidationFailed(
                [("providers", f"The backup has no provider {unknown[0][:64]!r}")]
            )
        if unknown := [name for name in settings if name not in read_choices(raw)]:
            text = f"The backup does not set {unknown[0][:64]!r}"
            raise ValidationFailed([("settings", text)])
        taken = [found[name] for name in dict.fromkeys(providers)]
        for provider in taken:
            provider.check()
        return partial(_take_over, data, taken, raw if FILE in extras else None, settings)

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


def _described(one: CustomProvider, *, replaces: bool) -> BackupProvider:
    return BackupProvider(
        id=one.id,
        name=one.label or one.id,
        kind=one.kind,
        address=one.file if one.base_url is None else _without_secrets(one.base_url),
        key_env=one.key_env,
        headers=sorted(one.headers),
        replaces=replaces,
    )


def _without_secrets(url: str) -> str:
    """An address without user name, password and query, which may hold a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _providers(extras: Mapping[str, bytes]) -> dict[str, CustomProvider]:
    """The providers of a backup by their ids; none if they cannot be read."""
    try:
        return {one.id: one for one in parse_added(extras[custom.FILE])}
    except (KeyError, ValidationError):
        return {}


def _here(data: Path) -> dict[str, CustomProvider]:
    try:
        return {one.id: one for one in read_added(data)}
    except ShellError:
        return {}


def _settings(extras: Mapping[str, bytes]) -> dict[str, JsonValue]:
    """The settings of a backup; none if they cannot be read."""
    try:
        raw = json.loads(extras[FILE].decode())
    except (KeyError, ValueError, RecursionError):
        return {}
    return raw if isinstance(raw, dict) else {}


def _present(data: Path) -> dict[str, JsonValue]:
    try:
        return _settings({FILE: (data / FILE).read_bytes()})
    except OSError:
        return {}
