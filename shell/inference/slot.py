"""Defines the slot of a run: reserved before anything is stored, then begun or released."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

from shell.inference.log import InferenceLog
from shell.inference.run import Run
from shell.inference.run_plan import RunPlan
from shell.inference.sessions import Session, SessionTurn
from shell.support.ids import epoch_ms

_BASE36 = string.digits + string.ascii_lowercase


@dataclass(slots=True, eq=False)
class Slot:
    """Counts against its owner's limit from its reservation to the end of its run, except while the
    run waits for a person.

    Everything that can be refused is refused before there is a slot, so `begin` cannot fail. Call
    `begin` or `release`, once. Loop thread only.
    """

    inference_id: str
    owner: str
    shared: bool
    finish_on_close: bool
    session: Session | None
    turn: SessionTurn | None
    """The place of the run in its session; both are None for a run without a session."""
    plan: RunPlan
    on_begin: Callable[["Slot"], InferenceLog]
    on_release: Callable[["Slot"], None]
    run: Run | None = None
    """None while the slot is only reserved."""
    stop_reason: Exception | None = None
    """Why the run has to end as soon as it begins."""

    @property
    def is_stopped(self) -> bool:
        """Whether the run is being stopped or will stop as soon as it begins."""
        return self.stop_reason is not None if self.run is None else self.run.is_stopped

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits for a person, about a tool call or a server's question."""
        return self.run is not None and self.run.is_waiting

    def begin(self) -> InferenceLog:
        """Start the run and return its log.

        If the run was cancelled or the host was closed since the reservation, it ends at once.
        """
        return self.on_begin(self)

    def release(self) -> None:
        """Release the reservation. The run never existed and is not counted."""
        self.on_release(self)

    def stop(self, reason: Exception) -> bool:
        """End the run for this reason. False if it has ended or is being stopped already."""
        if self.run is not None:
            return self.run.stop(reason)
        if self.stop_reason is not None:
            return False
        self.stop_reason = reason
        return True


def new_inference_id() -> str:
    """An id for a run whose caller chose none."""
    return f"inf-{epoch_ms()}-{''.join(secrets.choice(_BASE36) for _ in range(7))}"
