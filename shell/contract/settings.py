"""The settings that a person chooses."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import (
    SAID,
    MaxTokens,
    ModelId,
    ProviderId,
    StallMs,
    Temperature,
    TimeoutMs,
    Value,
)
from shell.contract.envelopes import Remark
from shell.contract.messages import SystemPrompt

Theme = Literal["system", "light", "dark"]
TextSize = Literal["small", "standard", "large", "larger"]
Language = Annotated[str, Field(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4})?$")]
Shortcuts = dict[
    Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")], Annotated[str, Field(max_length=60)]
]
"""What a shortcut does, and the keys for it."""


class Favourite(Value):
    """A model that somebody likes to have at hand."""

    provider_id: ProviderId
    model_id: ModelId


Favourites = Annotated[list[Favourite], Field(max_length=200)]


class LimitSettings(Value):
    """How much one window may do at a time."""

    inferences: Annotated[int, Field(ge=1, le=100)]
    sessions: Annotated[int, Field(ge=1, le=1_000)]


class DeadlineSettings(Value):
    """Longest waits, in milliseconds, where a request sets none of its own."""

    overall_ms: TimeoutMs
    first_ms: StallMs
    first_silent_ms: StallMs
    between_ms: StallMs


class Preferences(Value):
    """What a person has chosen."""

    theme: Theme
    text_size: TextSize
    language: Language
    """A language tag; empty for the system's."""
    shortcuts: Shortcuts
    default_provider: ProviderId | None
    default_model: ModelId | None
    default_temperature: Temperature | None
    """Of answers in conversations, where nothing else is said; null for the model's own."""
    default_max_tokens: MaxTokens | None
    default_system_prompt: SystemPrompt | None
    """What new conversations begin with."""
    favourites: Favourites
    title_provider: ProviderId | None
    """Who makes titles out of first messages; null for nobody."""
    title_model: ModelId | None
    limits: LimitSettings
    deadlines: DeadlineSettings
    """Limits and deadlines count from the next start."""


class PreferencesChange(Value):
    """New values for what is given; everything else stays."""

    theme: Theme | None = None
    text_size: TextSize | None = None
    language: Language | None = None
    shortcuts: Shortcuts | None = None
    default_provider: ProviderId | None = None
    default_model: ModelId | None = None
    default_temperature: Temperature | None = None
    default_max_tokens: MaxTokens | None = None
    default_system_prompt: SystemPrompt | None = None
    favourites: Favourites | None = None
    title_provider: ProviderId | None = None
    title_model: ModelId | None = None
    limits: LimitSettings | None = None
    deadlines: DeadlineSettings | None = None


class Place(Value):
    """Where on this machine things lie, to be shown to a person; nothing is opened by it."""

    data: str
    settings: str
    backups: str
    exports: str


class SettingsView(Value):
    """The settings, and what was wrong with their file."""

    preferences: Preferences
    notices: list[str]
    remarks: Annotated[list[Remark], SAID] = []
    """The notices again, for a page in another language."""
