"""Counts the runs and tokens of each window."""

from dataclasses import dataclass

from shell.contract import DoneEvent, ErrorEvent, ServiceStatus, Usage


@dataclass(slots=True)
class Totals:
    """The counts of one owner since it opened."""

    runs: int = 0
    """Including those that are reserved or running."""
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    tokens: int = 0
    estimated_tokens: int = 0
    closed: bool = False
    """The window has closed. Its counts are dropped with its last run, unless it reopens before."""

    @property
    def live(self) -> int:
        """The runs that have not ended."""
        return self.runs - self.completed - self.failed - self.cancelled

    def status(self, total_sessions: int, active_sessions: int) -> ServiceStatus:
        """These counts with those of the owner's sessions."""
        return ServiceStatus(
            total_sessions=total_sessions,
            active_sessions=active_sessions,
            active_inferences=self.live,
            total_inferences=self.runs,
            completed_inferences=self.completed,
            failed_inferences=self.failed,
            cancelled_inferences=self.cancelled,
            total_tokens=self.tokens,
            estimated_tokens=self.estimated_tokens,
        )

    def add(self, ending: DoneEvent | ErrorEvent | None, usage: Usage) -> None:
        """Count a run that has ended."""
        self.tokens += usage.output_tokens
        self.estimated_tokens += usage.output_tokens if usage.estimated else 0
        if not isinstance(ending, DoneEvent):
            self.failed += 1
        elif ending.cancelled:
            self.cancelled += 1
        else:
            self.completed += 1
