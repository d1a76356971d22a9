"""Reads and writes the settings: one JSON file that a person can read and edit.

The names are those that the page uses. Unknown keys stay as they are. An invalid value is ignored
and reported. A file that is not JSON is renamed, never overwritten. A file that cannot be read now
stays unchanged.
"""

import contextlib
import json
import logging
import time
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType

from pydantic import JsonValue, ValidationError

from shell.contract import (
    NO_BUDGETS,
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
from shell.support.files import file_errors, reason, replace_file
from shell.support.json_values import is_within_depth
from shell.support.text import clean

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
"""The settings that a restore takes from a backup without consent. None of them chooses where
questions are sent."""
CHOICES: Mapping[str, str] = MappingProxyType(
    {"defaultProvider": "defaultModel", "titleProvider": "titleModel"}
)
"""The settings that choose where questions are sent, each with the setting of its model."""
IGNORED = "%s: '%s' has no usable value and is ignored"
"""The remark on an invalid value, for the names of the file and of the setting."""
MAX_DEPTH = 64
"""Most levels of objects and lists in a file."""
MAX_PASSES = 100
"""Most passes to remove invalid values. If some are left then, the whole file is ignored."""

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
_log = logging.getLogger(__name__)
_DEFAULT_VALUES: dict[str, JsonValue] = DEFAULTS.model_dump(mode="json", by_alias=True)


class SettingsFile:
    """Reads the settings file on creation and before every change, because another process may have
    changed it.

    Args:
        folder: the data directory; nothing is written there before the first change.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.remarks: list[Remark] = []
        """The problems of the file, as the page shows them."""
        self._raw: dict[str, JsonValue] = {}
        self.preferences = DEFAULTS
        """The settings as the page gets them."""
        self.reload()

    # --- reading ----------------------------------------------------------------------------

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

    # --- changing ---------------------------------------------------------------------------

    def change(self, change: PreferencesChange) -> None:
        """Write the given settings; null resets one. Waits while another process changes the file.

        Raises:
            StorageFailed: the file cannot be written; nothing has changed.
            StorageUnavailable: another process holds its lock; nothing has changed.
        """
        changes = change.model_dump(mode="json", by_alias=True, include=change.model_fields_set)
        with self._edit() as raw:
            for name, value in changes.items():
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
        with self._edit() as raw:
            for name in (*RESTORED, *choices, *models):
                raw.pop(name, None)
                if name in backup:
                    raw[name] = backup[name]

    def reload(self) -> None:
        """Read the file. If that fails, keep the known settings and add a remark."""
        try:
            self._read()
        except OSError as error:
            text = (
                f"{self.path.name} cannot be read now ({reason(error)}). It is left unchanged; "
                "the last known or default settings apply."
            )
            self._add_remark(RemarkCode.SETTINGS_NOT_READ, text, file=self.path.name)

    @contextlib.contextmanager
    def _edit(self) -> Iterator[dict[str, JsonValue]]:
        with file_errors(f"{self.path} cannot be written"), file_lock(self.path):
            with file_errors(f"Nothing was changed; try again: {self.path} cannot be read"):
                self._read()
            raw = deepcopy(self._raw)
            yield raw
            self._write(raw)

    def _read(self) -> None:
        try:
            raw, self.preferences, invalid = _read_file(self.path)
        except FileNotFoundError:
            self._raw, self.preferences = {}, DEFAULTS
            self._remark_ignored([])
        except (ValueError, RecursionError) as error:
            self._rename_unreadable(str(error)[:200])
        else:
            self._raw = raw
            self._remark_ignored(invalid)

    def _rename_unreadable(self, cause: str) -> None:
        target = self.path.with_name(f"settings.broken-{time.strftime('%Y%m%d-%H%M%S')}.json")
        self.path.replace(target)
        self._raw, self.preferences = {}, DEFAULTS
        text = (
            f"The settings could not be read ({cause}), so all settings were reset. "
            f"The file is kept as {target.name}."
        )
        self._add_remark(RemarkCode.SETTINGS_UNREADABLE, text, file=target.name)

    def _remark_ignored(self, names: Collection[str]) -> None:
        """Replace the remarks on invalid values by those on these settings."""
        ignored = RemarkCode.SETTING_IGNORED
        self.remarks = [remark for remark in self.remarks if remark.code is not ignored]
        for name in names:
            self._add_remark(ignored, IGNORED % (FILE, name), file=FILE, name=name)

    def _add_remark(self, code: RemarkCode, text: str, **facts: str | int) -> None:
        remark = Remark(code=code, text=text, facts=facts)
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _write(self, raw: dict[str, JsonValue]) -> None:
        text = json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
        replace_file(self.path, text.encode())
        self._raw = raw
        self.preferences, invalid = _validate(raw)
        self._remark_ignored(invalid)


def read_preferences(folder: Path) -> Preferences:
    """Read the settings for a command that calls models. The file is not changed.

    Raises:
        StorageFailed: the file cannot be read. A call could exceed a budget in it.
    """
    path = folder / FILE
    try:
        _, preferences, invalid = _read_file(path)
    except FileNotFoundError:
        return DEFAULTS
    except (OSError, ValueError, RecursionError) as error:
        cause = reason(error) if isinstance(error, OSError) else str(error)[:200]
        text = f"{path} cannot be read ({cause}), so its budgets are unknown and no model is called"
        raise StorageFailed(f"{text}. Correct or remove the file.") from None
    for name in invalid:
        _log.warning(IGNORED, FILE, name)
    return preferences


def parse_settings(content: str) -> dict[str, JsonValue]:
    """Parse the content of a file, with valid Unicode in every text.

    Raises:
        ValueError, RecursionError: it is no JSON object, or has too many levels.
    """
    raw = json.loads(content)
    if not isinstance(raw, dict) or not is_within_depth(raw, MAX_DEPTH):
        raise ValueError(f"it is not a JSON object of at most {MAX_DEPTH} levels")
    cleaned: dict[str, JsonValue] = json.loads(clean(json.dumps(raw, ensure_ascii=False)))
    return cleaned


def read_choices(raw: Mapping[str, JsonValue]) -> dict[str, tuple[str, str | None]]:
    """The provider and model of each setting of `CHOICES` in the content of a file."""
    preferences, _ = _validate(dict(raw))
    choices = {
        "defaultProvider": (preferences.default_provider, preferences.default_model),
        "titleProvider": (preferences.title_provider, preferences.title_model),
    }
    return {
        name: (provider_id, model_id)
        for name, (provider_id, model_id) in choices.items()
        if provider_id is not None
    }


def _read_file(path: Path) -> tuple[dict[str, JsonValue], Preferences, list[str]]:
    """Read a file. Returns its content, the settings in it, and the names of invalid values.

    Raises:
        ValueError, RecursionError: as `parse_settings`.
        OSError: it cannot be read.
    """
    raw = parse_settings(path.read_text("utf-8"))
    return raw, *_validate(raw)


def _validate(raw: Mapping[str, JsonValue]) -> tuple[Preferences, list[str]]:
    """Validate the content of a file. Returns the settings, and the names of invalid values."""
    values, invalid = deepcopy(dict(raw)), list[str]()
    for _ in range(MAX_PASSES):
        try:
            return Preferences.model_validate(_with_defaults(values)), invalid
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                keys = [str(step) for step in problem["loc"]][:2]
                outer = values.get(keys[0])
                if len(keys) > 1 and isinstance(outer, dict):
                    removed = outer.pop(keys[1], None)
                else:
                    removed = values.pop(keys[0], None)
                if removed is not None:
                    invalid.append(".".join(keys))
    return DEFAULTS, ["everything"]


def _with_defaults(raw: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Add the defaults of missing values, and leave out keys that this version does not know."""
    values = {name: raw.get(name, value) for name, value in _DEFAULT_VALUES.items()}
    for name in ("limits", "deadlines", "budgets"):
        group, defaults = values[name], _DEFAULT_VALUES[name]
        if isinstance(group, dict) and isinstance(defaults, dict):
            values[name] = {key: group.get(key, value) for key, value in defaults.items()}
    return values
