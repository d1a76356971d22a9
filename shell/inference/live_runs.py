"""Holds the runs of all owners from their reservation to their end, with their logs and counts."""

import asyncio
import logging
from collections.abc import Callable

from shell.contract import InferenceSummary
from shell.errors import LimitReached, ValidationFailed
from shell.inference.limits import Limits
from shell.inference.log import InferenceLog
from shell.inference.log_registry import LogRegistry
from shell.inference.run import Run, Wire
from shell.inference.slot import Slot
from shell.inference.totals import Totals

CLOSE_S = 2.0
"""How long a closing host waits for providers that do not react to a cancel."""
_log = logging.getLogger(__name__)


class LiveRuns:
    """One per engine. Loop thread only.

    Args:
        limits: how many runs an owner may have, and how long finished logs stay.
        wire: records what runs send and receive; None for a program without recordings.
        on_end: called after a run has ended and its tokens are counted.
    """

    def __init__(
        self, limits: Limits, wire: Wire | None, on_end: Callable[[Slot, Run], None]
    ) -> None:
        self._limits = limits
        self._wire = wire
        self._on_end = on_end
        self._now = asyncio.get_running_loop().time
        self.logs = LogRegistry(limits.log_retention_s, limits.log_retention_bytes, self._now)
        self.slots: dict[str, Slot] = {}
        """The reserved and running slots by their id, oldest first."""
        self._totals: dict[str, Totals] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, owner: str, inference_id: str) -> Slot | None:
        """The slot of a run that has not ended and that this owner may stop."""
        slot = self.slots.get(inference_id)
        return slot if slot is not None and (slot.shared or slot.owner == owner) else None

    def summaries(self, owner: str) -> list[InferenceSummary]:
        """The runs that the owner may attach to, oldest first."""
        return [
            InferenceSummary(
                inference_id=log.inference_id,
                session_id=log.session_id,
                live=log.ending is None,
                last_seq=log.last_seq,
            )
            for log in self.logs.visible(owner)
        ]

    def totals(self, owner: str) -> Totals:
        """The owner's counts."""
        return self._totals.get(owner, Totals())

    def check_room(self, owner: str, inference_id: str | None) -> None:
        """Refuse a run whose id was used before, or that exceeds the owner's limit.

        Raises:
            ValidationFailed, LimitReached: it is refused.
        """
        is_used = inference_id is not None and (
            inference_id in self.slots or self.logs.knows(inference_id)
        )
        if is_used:
            raise ValidationFailed([("inferenceId", f"{inference_id} has already been used")])
        limit = self._limits.inferences
        # A run that waits for a person does no work, so it does not count.
        current = sum(slot.owner == owner and not slot.is_waiting for slot in self.slots.values())
        if current >= limit:
            text = f"Maximum concurrent inferences limit reached ({limit})"
            raise LimitReached(text, limit, current)

    def add(self, slot: Slot) -> None:
        """Add a reserved slot and count it."""
        self.slots[slot.inference_id] = slot
        totals = self._totals.setdefault(slot.owner, Totals())
        totals.runs += 1
        totals.closed = False

    def open(self, slot: Slot) -> Run:
        """Create the run of a reserved slot. From here on others can read its log."""
        plan = slot.plan
        session_id = None if slot.session is None else slot.session.config.session_id
        log = InferenceLog(slot.inference_id, session_id, self._now)
        recording = None
        if self._wire is not None:
            recording = self._wire.begin(log, plan.provider.id, plan.model.id, plan.conversation)
        run = slot.run = Run(log, plan, recording, self.finish)
        self.logs.put(run.log, slot.owner, slot.shared)
        return run

    def begin_reserved(self, slot: Slot) -> InferenceLog:
        """Start the run of a reserved slot."""
        self._check_reserved(slot)
        run = self.open(slot)
        if slot.stop_reason is not None:
            run.stop(slot.stop_reason)
        else:
            self.begin(run)
        return run.log

    def begin(self, run: Run) -> None:
        """Start a run."""
        run.begin()
        if run.task is not None:
            self._tasks.add(run.task)
            run.task.add_done_callback(self._tasks.discard)

    def release(self, slot: Slot) -> None:
        """Release a reserved slot. Its run never existed and is not counted."""
        self._check_reserved(slot)
        del self.slots[slot.inference_id]
        self._totals[slot.owner].runs -= 1
        self._forget_closed(slot.owner)

    def finish(self, run: Run) -> None:
        """Count a run that has just ended."""
        slot = self.slots.pop(run.log.inference_id)
        self._totals[slot.owner].add(run.log.ending, run.usage)
        self._forget_closed(slot.owner)
        if self._wire is not None:
            self._wire.end(run.log)
        self._on_end(slot, run)
        self.logs.finish(run.log)

    def stop(self, reason: Exception, matches: Callable[[Slot], bool] = lambda _: True) -> None:
        """Stop the runs for which `matches` is true, newest first.

        In a session a queued run stops before the live one, whose end would begin it.
        """
        for slot in reversed(list(self.slots.values())):
            if matches(slot):
                slot.stop(reason)

    def cancel_questions(self, owner: str) -> None:
        """Cancel the open questions of servers in the runs of an owner."""
        for slot in self.slots.values():
            if slot.owner == owner and slot.run is not None:
                slot.run.cancel_questions()

    def forget_owner(self, owner: str) -> None:
        """Drop the counts of a closed owner as soon as its last run has ended."""
        if owner in self._totals:
            self._totals[owner].closed = True
            self._forget_closed(owner)

    async def wait(self) -> None:
        """Wait until all stopped runs have ended, at most `CLOSE_S`."""
        if self._tasks:
            _, stuck = await asyncio.wait(self._tasks, timeout=CLOSE_S)
            for task in stuck:
                _log.warning("%s did not end: its provider ignores the cancel", task.get_name())

    def _check_reserved(self, slot: Slot) -> None:
        if slot.run is not None or self.slots.get(slot.inference_id) is not slot:
            raise RuntimeError(f"{slot.inference_id} was begun or released before")

    def _forget_closed(self, owner: str) -> None:
        totals = self._totals[owner]
        if totals.closed and totals.live == 0:
            del self._totals[owner]
