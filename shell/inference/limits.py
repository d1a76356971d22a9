"""Settings: the numbers that a person may change, with the defaults that are promised."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one window may do at a time, and how long the host remembers."""

    inferences: int = 5
    sessions: int = 20
    session_idle_s: float = 1_800.0
    """After this long without a run a session is unloaded."""
    log_kept_s: float = 600.0
    """How long a finished log can still be attached to."""
    log_kept_bytes: int = 32 * 1024 * 1024
    """Finished logs are released, oldest first, while they are larger than this together."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Longest waits, in milliseconds on the monotonic clock; a request may set its own."""

    overall_ms: int = 120_000
    """A whole run. Conversations and `ask` have no such limit: they go on while content comes."""
    first_ms: int = 60_000
    """From the start of an attempt to its first content."""
    first_silent_ms: int = 300_000
    """The same for local models and models that reason without saying so."""
    between_ms: int = 30_000
    """From one piece of content to the next; pings are not content."""


@dataclass(frozen=True, slots=True)
class Retries:
    """When a request that failed before its first content is made again."""

    requests: int = 4
    """Requests in all, the first included."""
    first_delay_s: float = 0.5
    """Doubles with every retry."""
    longest_delay_s: float = 8.0
    longest_retry_after_s: float = 30.0
    """A server that asks for more patience than this makes the run fail at once."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything of the engine that can be set."""

    limits: Limits = field(default_factory=Limits)
    deadlines: Deadlines = field(default_factory=Deadlines)
    retries: Retries = field(default_factory=Retries)
