"""Limits, deadlines and retries of the engine, with their defaults."""

import math
from dataclasses import dataclass, field

from shell.contract import RunParameters


@dataclass(frozen=True, slots=True)
class RunDeadlines:
    """The deadlines of one run, in seconds."""

    overall_s: float
    first_s: float
    between_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the runs and sessions of one owner, and on all finished logs together."""

    inferences: int = 5
    sessions: int = 20
    session_idle_s: float = 1_800.0
    """A session without a run is dropped after this long."""
    log_retention_s: float = 600.0
    """How long clients can attach to a finished log."""
    log_retention_bytes: int = 32 * 1024 * 1024
    """Limit on all finished logs together. Above it the oldest are released."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Deadlines in milliseconds; a request may set its own."""

    overall_ms: int = 120_000
    """For a whole run. Conversations and `ask` have no such limit while content arrives."""
    first_ms: int = 60_000
    """From the start of an attempt to its first content."""
    first_silent_ms: int = 300_000
    """The same for local models and for models that do not stream their reasoning."""
    between_ms: int = 30_000
    """From one piece of content to the next. Pings of a server are not content."""

    def of_run(
        self, parameters: RunParameters, *, silent: bool, no_overall_deadline: bool
    ) -> RunDeadlines:
        """The deadlines of one run.

        Args:
            parameters: its own deadlines win over these defaults.
            silent: whether the model may work for minutes before it writes.
            no_overall_deadline: drop the default for the whole run.
        """
        first_ms = self.first_silent_ms if silent else self.first_ms
        return RunDeadlines(
            _seconds(parameters.timeout_ms, math.inf if no_overall_deadline else self.overall_ms),
            _seconds(parameters.first_timeout_ms, first_ms),
            _seconds(parameters.between_timeout_ms, self.between_ms),
        )


@dataclass(frozen=True, slots=True)
class Retries:
    """When a request that failed before its first content is sent again."""

    requests: int = 4
    """Number of requests, including the first."""
    first_delay_s: float = 0.5
    """Doubles with every retry."""
    longest_delay_s: float = 8.0
    longest_retry_after_s: float = 30.0
    """A run whose server asks for a longer wait fails at once."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the engine."""

    limits: Limits = field(default_factory=Limits)
    deadlines: Deadlines = field(default_factory=Deadlines)
    retries: Retries = field(default_factory=Retries)


def _seconds(requested_ms: int | None, default_ms: float) -> float:
    return (default_ms if requested_ms is None else requested_ms) / 1000
