"""The user's defaults for answers."""

from dataclasses import dataclass

from shell.contract import Effort


@dataclass(frozen=True, slots=True)
class Parameters:
    """The user's defaults for all answers; None leaves a value to the model."""

    temperature: float | None = None
    max_tokens: int | None = None
    system_prompt: str | None = None
    """For new conversations."""
    effort: Effort | None = None
    """For models that take it."""
