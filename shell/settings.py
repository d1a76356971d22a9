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
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from shell.contract import (
    DeadlineSettings,
    Favourites,
    Language,
    LimitSettings,
    MaxTokens,
    ModelId,
    Preferences,
    PreferencesChange,
    ProviderId,
    Remark,
    RemarkCode,
    SettingsView,
    Shortcuts,
    StallMs,
    SystemPrompt,
    Temperature,
    TextSize,
    Theme,
    TimeoutMs,
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

_LIMITS, _DEADLINES = Limits(), Deadlines()


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        allow_inf_nan=False,
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )


class _Limits(_Part):
    inferences: Annotated[int, Field(ge=1, le=100)] = _LIMITS.inferences
    sessions: Annotated[int, Field(ge=1, le=1_000)] = _LIMITS.sessions


class _Deadlines(_Part):
    overall_ms: TimeoutMs = _DEADLINES.overall_ms
    first_ms: StallMs = _DEADLINES.first_ms
    first_silent_ms: StallMs = _DEADLINES.first_silent_ms
    between_ms: StallMs = _DEADLINES.between_ms


class _Content(_Part):
    """The settings that this version knows."""

    theme: Theme = "system"
    text_size: TextSize = "standard"
    language: Language = ""
    shortcuts: Shortcuts = {}
    default_provider: ProviderId | None = None
    default_model: ModelId | None = None
    default_temperature: Temperature | None = None
    default_max_tokens: MaxTokens | None = None
    default_system_prompt: SystemPrompt | None = None
    favourites: Favourites = []
    title_provider: ProviderId | None = None
    title_model: ModelId | None = None
    limits: _Limits = _Limits()
    deadlines: _Deadlines = _Deadlines()


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
        self._content = _Content()
        self.reload()

    @property
    def notices(self) -> list[str]:
        """The remarks in English."""
        return [remark.text for remark in self.remarks]

    # --- what it says -----------------------------------------------------------------------

    @property
    def engine(self) -> Settings:
        """Limits and deadlines for the engine."""
        limits, deadlines = self._content.limits, self._content.deadlines
        return Settings(
            limits=replace(_LIMITS, **limits.model_dump()),
            deadlines=Deadlines(**deadlines.model_dump()),
        )

    @property
    def preferences(self) -> Preferences:
        """What the page is told of it."""
        known = self._content
        return Preferences(
            theme=known.theme,
            text_size=known.text_size,
            language=known.language,
            shortcuts=known.shortcuts,
            default_provider=known.default_provider,
            default_model=known.default_model,
            default_temperature=known.default_temperature,
            default_max_tokens=known.default_max_tokens,
            default_system_prompt=known.default_system_prompt,
            favourites=known.favourites,
            title_provider=known.title_provider,
            title_model=known.title_model,
            limits=LimitSettings(**known.limits.model_dump()),
            deadlines=DeadlineSettings(**known.deadlines.model_dump()),
        )

    def view(self) -> SettingsView:
        """The settings and the problems of their file, for a page."""
        return SettingsView(
            preferences=self.preferences, notices=self.notices, remarks=list(self.remarks)
        )

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
                f"{self.path.name} cannot be read now ({reason(error)}). It is left as it is; "
                "the settings are those of the last time, or the standard ones."
            )
            facts = {"file": self.path.name}
            self._say(Remark(code=RemarkCode.SETTINGS_NOT_READ, text=text, facts=facts))

    # --- inside -----------------------------------------------------------------------------

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
            self._content, wrong = _understood(raw)
        except FileNotFoundError:
            self._raw, self._content = {}, _Content()
        except (ValueError, RecursionError) as error:
            self._set_aside(str(error)[:200])
        else:
            self._raw = raw
            for path in wrong:
                text = f"{self.path.name}: '{path}' makes no sense and was left out of account"
                facts = {"file": self.path.name, "name": path}
                self._say(Remark(code=RemarkCode.SETTING_IGNORED, text=text, facts=facts))

    def _set_aside(self, why: str) -> None:
        aside = self.path.with_name(f"settings.broken-{time.strftime('%Y%m%d-%H%M%S')}.json")
        self.path.replace(aside)
        self._raw, self._content = {}, _Content()
        text = (
            f"The settings could not be read ({why}): every setting is as it was at first. "
            f"The file is kept as {aside.name}."
        )
        facts = {"file": aside.name}
        self._say(Remark(code=RemarkCode.SETTINGS_UNREADABLE, text=text, facts=facts))

    def _say(self, remark: Remark) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _write(self, raw: dict[str, JsonValue]) -> None:
        text = json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
        replace_file(self.path, text.encode())
        self._raw = raw
        self._content, _ = _understood(raw)


def read_choices(raw: Mapping[str, JsonValue]) -> dict[str, tuple[str, str | None]]:
    """The provider and model for each of `CHOICES` that the content of a file sets."""
    known, _ = _understood(dict(raw))
    found = {
        "defaultProvider": (known.default_provider, known.default_model),
        "titleProvider": (known.title_provider, known.title_model),
    }
    return {name: (who, model) for name, (who, model) in found.items() if who is not None}


def _understood(raw: dict[str, JsonValue]) -> tuple[_Content, list[str]]:
    """Validate the content of a file; returns it, and the names of the invalid values."""
    sensible, wrong = deepcopy(raw), list[str]()
    for _ in range(MOST_WRONG):
        try:
            return _Content.model_validate(sensible), wrong
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
    return _Content(), ["everything"]
