"""The settings that a person chooses."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import (
    Effort,
    MaxTokens,
    ModelId,
    ProviderId,
    StallMs,
    Temperature,
    TimeoutMs,
    Value,
)
from shell.contract.budgets import Budgets
from shell.contract.envelopes import Remark
from shell.contract.messages import SystemPrompt

Theme = Literal["system", "light", "dark"]
TextSize = Literal["small", "standard", "large", "larger"]
Language = Annotated[str, Field(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4})?$")]
Shortcuts = dict[
    Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")], Annotated[str, Field(max_length=60)]
]
"""The keys of each shortcut, by the command that they run."""


class Favourite(Value):
    """A favorite model."""

    provider_id: ProviderId
    model_id: ModelId


Favourites = Annotated[list[Favourite], Field(max_length=200)]


class LimitSettings(Value):
    """Limits on what one window may run at a time."""

    inferences: Annotated[int, Field(ge=1, le=100)]
    sessions: Annotated[int, Field(ge=1, le=1_000)]


class DeadlineSettings(Value):
    """Deadlines in milliseconds, for requests that set none of their own."""

    overall_ms: TimeoutMs
    first_ms: StallMs
    first_silent_ms: StallMs
    between_ms: StallMs


class Preferences(Value):
    """The settings that a person has chosen."""

    theme: Theme
    text_size: TextSize
    language: Language
    """A language tag. Empty for the language of the system."""
    shortcuts: Shortcuts
    default_provider: ProviderId | None
    default_model: ModelId | None
    default_temperature: Temperature | None
    """For answers in conversations that set none of their own. Null for the model's default."""
    default_max_tokens: MaxTokens | None
    default_effort: Effort | None
    """For models that take it, in conversations that set none of their own."""
    default_system_prompt: SystemPrompt | None
    """The system prompt of new conversations."""
    favourites: Favourites
    title_provider: ProviderId | None
    """The provider that writes titles from first messages. Null for no titles."""
    title_model: ModelId | None
    budgets: Budgets
    record_requests: bool
    """Whether the host records the requests and responses of the latest answers."""
    limits: LimitSettings
    deadlines: DeadlineSettings
    """Changes to limits and deadlines take effect at the next start."""


class PreferencesChange(Value):
    """New values for the given fields. The others do not change."""

    theme: Theme | None = None
    text_size: TextSize | None = None
    language: Language | None = None
    shortcuts: Shortcuts | None = None
    default_provider: ProviderId | None = None
    default_model: ModelId | None = None
    default_temperature: Temperature | None = None
    default_max_tokens: MaxTokens | None = None
    default_effort: Effort | None = None
    default_system_prompt: SystemPrompt | None = None
    favourites: Favourites | None = None
    title_provider: ProviderId | None = None
    title_model: ModelId | None = None
    budgets: Budgets | None = None
    record_requests: bool | None = None
    limits: LimitSettings | None = None
    deadlines: DeadlineSettings | None = None


class DataPaths(Value):
    """Paths on this machine, to be shown to a person."""

    data: str
    settings: str
    backups: str
    exports: str


class SettingsView(Value):
    """The settings, and the problems in their file."""

    preferences: Preferences
    remarks: list[Remark]
