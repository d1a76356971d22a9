"""Reads and writes the settings: one JSON file that a person can read and edit.

The names are those that the page uses. Unknown keys stay as they are. An invalid value is ignored
and reported. A file that is not JSON is renamed, never overwritten. A file that cannot be read now
is left alone, and nothing is changed.
"""

import contextlib
import json
import time
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType

from pydantic import JsonValue, ValidationError

from shell.contract import (
    NO_BUDGETS,
    Budgets,
    DeadlineSettings,
    LimitSettings,
    Preferences,
    PreferencesChange,
    Remark,
    RemarkCode,
    SettingsView,
)
from shell.errors import StorageFailed
from shell.inference.limits import Deadlines, Limits, Settings
from shell.support.file_lock import file_lock
from shell.support.files import reason, replace_file

FILE = "settings.json"
RESTORED = (
    "theme",
    "textSize",
    "language",
    "shortcuts",
    "defaultTemperature",
    "defaultMaxTokens",
    "defaultEffort",
    "defaultSystemPrompt",
    "favourites",
    "limits",
    "deadlines",
)
"""What a restore takes from a backup without asking. None of it says where questions go."""
CHOICES: Mapping[str, str] = MappingProxyType(
    {"defaultProvider": "defaultModel", "titleProvider": "titleModel"}
)
"""The settings that say where questions go, each with the one that names the model."""
MOST_WRONG = 100
"""A file with more invalid values than this is ignored as a whole."""

DEFAULTS = Preferences(
    theme="system",
    text_size="standard",
    language="",
    shortcuts={},
    default_provider=None,
    default_model=None,
    default_temperature=None,
    default_max_tokens=None,
    default_effort=None,
    default_system_prompt=None,
    favourites=[],
    title_provider=None,
    title_model=None,
    budgets=NO_BUDGETS,
    record_requests=True,
    limits=LimitSettings(inferences=Limits().inferences, sessions=Limits().sessions),
    deadlines=DeadlineSettings(**asdict(Deadlines())),
)
_STANDARD: dict[str, JsonValue] = DEFAULTS.model_dump(mode="json", by_alias=True)


class SettingsFile:
    """Reads the file when it is made, and before every change: another process may have changed it.

    Args:
        folder: the data directory; nothing is written there before the first change.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.remarks: list[Remark] = []
        """Problems of the file, for its owner."""
        self._raw: dict[str, JsonValue] = {}
        self.preferences = DEFAULTS
        """What the page is told of it."""
        self.reload()

    # --- what it says -----------------------------------------------------------------------

    @property
    def engine(self) -> Settings:
        """Limits and deadlines for the engine."""
        return Settings(
            limits=replace(Limits(), **self.preferences.limits.model_dump(by_alias=False)),
            deadlines=Deadlines(**self.preferences.deadlines.model_dump(by_alias=False)),
        )

    def view(self) -> SettingsView:
        """The settings and the problems of their file, for a page."""
        return SettingsView(preferences=self.preferences, remarks=list(self.remarks))

    # --- changing it ------------------------------------------------------------------------

    def change(self, change: PreferencesChange) -> None:
        """Write the given settings; null resets one. Waits while another process changes the file.

        Raises:
            StorageFailed: it cannot be written; nothing has changed.
            StorageUnavailable: another process holds its lock; nothing has changed.
        """
        given = change.model_dump(mode="json", by_alias=True, include=change.model_fields_set)
        with self._writing() as raw:
            for name, value in given.items():
                old = raw.get(name)
                if isinstance(old, dict) and isinstance(value, dict) and name != "shortcuts":
                    raw[name] = {**old, **value}
                elif value is None:
                    raw.pop(name, None)
                else:
                    raw[name] = value

    def take_over(self, backup: Mapping[str, JsonValue], choices: Collection[str]) -> None:
        """Write the `RESTORED` settings of a backup, and the `CHOICES` that a person agreed to.
        All others stay. Blocks while another process changes the file.

        Raises:
            StorageFailed, StorageUnavailable: as `change`.
        """
        models = [CHOICES[name] for name in choices]
        with self._writing() as raw:
            for name in (*RESTORED, *choices, *models):
                raw.pop(name, None)
                if name in backup:
                    raw[name] = backup[name]

    def reload(self) -> None:
        """Read the file. If that fails, the known settings stay, and a remark says so."""
        try:
            self._read()
        except OSError as error:
            text = (
                f"{self.path.name} cannot be read now ({reason(error)}). It is left unchanged; "
                "the last known or default settings apply."
            )
            self._say(RemarkCode.SETTINGS_NOT_READ, text, file=self.path.name)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[dict[str, JsonValue]]:
        try:
            with file_lock(self.path):
                self._read_to_change()
                raw = deepcopy(self._raw)
                yield raw
                self._write(raw)
        except OSError as error:
            raise StorageFailed(f"{self.path} cannot be written: {reason(error)}") from error

    def _read_to_change(self) -> None:
        try:
            self._read()
        except OSError as error:
            text = f"{self.path} cannot be read: {reason(error)}. Nothing was changed; try again."
            raise StorageFailed(text) from error

    def _read(self) -> None:
        try:
            raw = json.loads(self.path.read_text("utf-8"))
            if not isinstance(raw, dict):
                raise ValueError("it is not a JSON object")
            self.preferences, wrong = _understood(raw)
        except FileNotFoundError:
            self._raw, self.preferences = {}, DEFAULTS
        except (ValueError, RecursionError) as error:
            self._set_aside(str(error)[:200])
        else:
            self._raw = raw
            for path in wrong:
                text = f"{self.path.name}: '{path}' has no usable value and is ignored"
                self._say(RemarkCode.SETTING_IGNORED, text, file=self.path.name, name=path)

    def _set_aside(self, why: str) -> None:
        aside = self.path.with_name(f"settings.broken-{time.strftime('%Y%m%d-%H%M%S')}.json")
        self.path.replace(aside)
        self._raw, self.preferences = {}, DEFAULTS
        text = (
            f"The settings could not be read ({why}), so all settings were reset. "
            f"The file is kept as {aside.name}."
        )
        self._say(RemarkCode.SETTINGS_UNREADABLE, text, file=aside.name)

    def _say(self, code: RemarkCode, text: str, **facts: str | int) -> None:
        remark = Remark(code=code, text=text, facts=facts)
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _write(self, raw: dict[str, JsonValue]) -> None:
        text = json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
        replace_file(self.path, text.encode())
        self._raw = raw
        self.preferences, _ = _understood(raw)


def read_records(folder: Path) -> bool:
    """Whether requests are to be kept, by the settings file, which stays as it is."""
    try:
        raw = json.loads((folder / FILE).read_text("utf-8"))
        return raw.get("recordRequests") is not False
    except FileNotFoundError:
        return True
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def read_budgets(folder: Path) -> Budgets:
    """The budgets in the settings file, which stays as it is. None where it cannot be read."""
    try:
        raw = json.loads((folder / FILE).read_text("utf-8"))
        return Budgets.model_validate(raw.get("budgets") or {})
    except (OSError, ValueError, AttributeError, RecursionError):
        return NO_BUDGETS


def read_choices(raw: Mapping[str, JsonValue]) -> dict[str, tuple[str, str | None]]:
    """The provider and model for each of `CHOICES` that the content of a file sets."""
    known, _ = _understood(dict(raw))
    found = {
        "defaultProvider": (known.default_provider, known.default_model),
        "titleProvider": (known.title_provider, known.title_model),
    }
    return {name: (who, model) for name, (who, model) in found.items() if who is not None}


def _understood(raw: Mapping[str, JsonValue]) -> tuple[Preferences, list[str]]:
    """Validate the content of a file; returns it, and the names of the invalid values."""
    sensible, wrong = deepcopy(dict(raw)), list[str]()
    for _ in range(MOST_WRONG):
        try:
            return Preferences.model_validate(_completed(sensible)), wrong
        except ValidationError as error:
            for found in error.errors(include_url=False, include_input=False):
                keys = [str(step) for step in found["loc"]][:2]
                outer = sensible.get(keys[0])
                if len(keys) > 1 and isinstance(outer, dict):
                    removed = outer.pop(keys[1], None)
                else:
                    removed = sensible.pop(keys[0], None)
                if removed is not None:
                    wrong.append(".".join(keys))
    return DEFAULTS, ["everything"]


def _completed(raw: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Add the standard values that are not given; leave out what this version does not know."""
    whole = {name: raw.get(name, value) for name, value in _STANDARD.items()}
    for name in ("limits", "deadlines", "budgets"):
        given, standard = whole[name], _STANDARD[name]
        if isinstance(given, dict) and isinstance(standard, dict):
            whole[name] = {key: given.get(key, value) for key, value in standard.items()}
    return whole
