"""Engine: starts inferences, holds sessions, keeps every window's limits and counts.

Everything here runs on the loop thread. A run's events are in its log (`log.py`); how it runs and
how it ends is in `run.py`.
"""

import asyncio
import logging
import math
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shell.contract import (
    MAX_REQUEST_CHARACTERS,
    DoneEvent,
    InferenceRequest,
    InferenceSummary,
    Message,
    Notice,
    RunParameters,
    ServiceStatus,
    SessionConfig,
    SessionInfo,
    SessionRunOptions,
    SessionSnapshot,
)
from shell.errors import (
    HostClosing,
    LimitReached,
    Reason,
    SessionBusy,
    UnsupportedProvider,
    ValidationFailed,
)
from shell.inference.limits import Settings
from shell.inference.log import InferenceLog
from shell.inference.log_registry import LogRegistry
from shell.inference.request import RequestedRun, prepare_request
from shell.inference.run import Prepared, Run, RunCancelled, Waits
from shell.inference.sessions import Session, Sessions, SessionTurn
from shell.inference.slot import Slot
from shell.providers.base import ModelInfo, Provider
from shell.support.ids import epoch_ms

SWEEP_S = 60.0
CLOSE_S = 2.0
"""How long a closing host waits for providers to let go."""
_BASE36 = string.digits + string.ascii_lowercase
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Totals:
    """What one window did so far."""

    runs: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    tokens: int = 0
    estimated_tokens: int = 0
    closed: bool = False
    """The window is gone; forgotten with its last run, unless it comes back before."""


class Engine:
    """One per host; made and used on its event loop.

    Args:
        resolve: the provider of an id; raises `ValidationFailed` for an unknown one.
        settings: limits, deadlines and retries.
    """

    def __init__(
        self, resolve: Callable[[str], Provider], settings: Settings | None = None
    ) -> None:
        self._resolve = resolve
        self._settings = settings or Settings()
        self._loop = asyncio.get_running_loop()
        limits = self._settings.limits
        self._shelf = LogRegistry(limits.log_kept_s, limits.log_kept_bytes, self._loop.time)
        self._slots: dict[str, Slot] = {}
        self._sessions = Sessions(limits.sessions, limits.session_idle_s, self._loop.time)
        self._totals: dict[str, _Totals] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    # --- runs -------------------------------------------------------------------------------

    def start(
        self, owner: str, request: InferenceRequest, *, while_content_comes: bool = False
    ) -> InferenceLog:
        """Run a model on the request's messages; the same as `reserve` and `begin`.

        Raises:
            ShellError: the request is refused (VALIDATION, LIMIT, API_KEY_ERROR …).
        """
        return self.reserve(owner, request, while_content_comes=while_content_comes).begin()

    def reserve(
        self,
        owner: str,
        request: InferenceRequest,
        *,
        notices: Sequence[Notice] = (),
        while_content_comes: bool = False,
    ) -> Slot:
        """Admit a run without starting it. Its id is taken, and it counts to the owner's limit.

        Args:
            owner: the window or tab that asks.
            request: the messages, and who answers them.
            notices: what the caller changed of the request; they become events of the run.
            while_content_comes: without a `timeout_ms` the run has no overall deadline, only those
                for its first content and from one piece of content to the next.

        Raises:
            ShellError: the request is refused (VALIDATION, LIMIT, API_KEY_ERROR …).
        """
        self._check_open()
        provider = self._resolve(request.provider_id)
        model = provider.model(request.model_id or provider.default_model_id)
        _check_size(request.messages)
        wish = RequestedRun(
            request.messages, request.system_prompt, request.temperature, request.max_tokens
        )
        prepared, adapted = prepare_request(wish, model)
        self._admit(owner, request, provider)
        waits = self._waits(request, provider, model)
        if while_content_comes and request.timeout_ms is None:
            waits = replace(waits, overall_s=math.inf)
        told = (*adapted, *notices)
        return self._take_slot(owner, request, provider, model, waits, lambda: (prepared, told))

    def run_session(self, owner: str, options: SessionRunOptions) -> InferenceLog:
        """Add messages to a session and answer them, now or when its earlier runs have ended.

        Raises:
            ShellError: refused; the session is as it was.
        """
        self._check_open()
        session = self._sessions.get(owner, options.session_id)
        provider = self._provider_of(session)
        model = provider.model(session.model_id)
        _check_size(options.messages)
        if options.messages[-1].role != "user":
            raise ValidationFailed([("messages", "The last message must be the user's")])
        turn = SessionTurn(options.messages)
        session.prepare(turn, options, model)  # refuses what could not be sent
        if session.active and options.when_busy == "reject":
            raise SessionBusy(f"Session {options.session_id} is answering already")
        self._admit(owner, options, provider)
        slot = self._take_slot(
            owner,
            options,
            provider,
            model,
            self._waits(options, provider, model),
            lambda: session.prepare(turn, options, model),
            session,
            turn,
        )
        run = self._open(slot)
        session.waiting.append(turn)
        self._sessions.touch(session)
        if session.waiting[0] is turn:
            self._begin(run)
        return run.log

    def cancel(self, owner: str, inference_id: str) -> bool:
        """Stop a run; its log ends as done and cancelled. False: unknown, foreign or ended."""
        slot = self._slots.get(inference_id)
        if slot is None or not (slot.shared or slot.owner == owner):
            return False
        return slot.stop(RunCancelled())

    def is_ending(self, inference_id: str) -> bool:
        """Whether a run has ended or is being stopped, so that its end does not depend on the
        provider any more.
        """
        slot = self._slots.get(inference_id)
        return slot is None or slot.is_stopped

    def log(self, owner: str, inference_id: str) -> InferenceLog:
        """The log of a run.

        Raises:
            NotFound: unknown, released or another window's.
        """
        return self._shelf.get(inference_id, owner)

    def list(self, owner: str) -> "list[InferenceSummary]":
        """Every run that the window may attach to, oldest first."""
        return [
            InferenceSummary(
                inference_id=log.inference_id,
                session_id=log.session_id,
                live=log.ending is None,
                last_seq=log.last_seq,
            )
            for log in self._shelf.visible(owner)
        ]

    # --- sessions ---------------------------------------------------------------------------

    def create_session(self, owner: str, config: SessionConfig) -> SessionInfo:
        """Begin a session.

        Raises:
            ShellError: refused; there is no new session.
        """
        self._check_open()
        provider = self._resolve(config.provider_id)
        model = provider.model(config.model_id or provider.default_model_id)
        return self._sessions.create(owner, config, model.id).info()

    def destroy_session(self, owner: str, session_id: str) -> bool:
        """Forget a session; its runs end as cancelled. False: unknown or foreign."""
        session = self._sessions.find(owner, session_id)
        if session is None:
            return False
        self._sessions.drop(session)
        # The waiting ones first, or the end of the live one would begin the next.
        for slot in reversed(list(self._slots.values())):
            if slot.session is session:
                slot.stop(RunCancelled())
        return True

    def session(self, owner: str, session_id: str) -> SessionSnapshot:
        """A session and its history.

        Raises:
            NotFound: unknown or another window's.
        """
        return self._sessions.get(owner, session_id).snapshot()

    # --- windows ----------------------------------------------------------------------------

    def status(self, owner: str) -> ServiceStatus:
        """The window's own counts."""
        totals = self._totals.get(owner, _Totals())
        sessions = self._sessions.of(owner)
        return ServiceStatus(
            total_sessions=len(sessions),
            active_sessions=sum(session.active for session in sessions),
            active_inferences=self._count(owner),
            total_inferences=totals.runs,
            completed_inferences=totals.completed,
            failed_inferences=totals.failed,
            cancelled_inferences=totals.cancelled,
            total_tokens=totals.tokens,
            estimated_tokens=totals.estimated_tokens,
        )

    def close_owner(self, owner: str) -> None:
        """A window is gone for good: its runs are cancelled, or finish into their logs."""
        for slot in reversed(list(self._slots.values())):
            if slot.owner == owner and not slot.finish_on_close:
                slot.stop(RunCancelled())
        for session in self._sessions.of(owner):
            if not session.config.share:
                self._sessions.drop(session)
        totals = self._totals.get(owner)
        if totals is not None:
            totals.closed = True
            self._forget_closed(owner)

    async def close(self) -> None:
        """Refuse what is new, end every run with ABORTED, wait for the tasks. No task is left."""
        self._closing = True
        self._sweeper.cancel()
        for slot in reversed(list(self._slots.values())):
            slot.stop(HostClosing("Tidewire is shutting down"))
        if self._tasks:
            _, stuck = await asyncio.wait(self._tasks, timeout=CLOSE_S)
            for task in stuck:
                _log.warning("%s is left behind: its provider does not let go", task.get_name())
        self._sessions.clear()

    # --- admission --------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closing:
            raise HostClosing("Tidewire is shutting down")

    def _count(self, owner: str) -> int:
        return sum(slot.owner == owner for slot in self._slots.values())

    def _admit(self, owner: str, parameters: RunParameters, provider: Provider) -> None:
        """The last questions before anything changes."""
        inference_id = parameters.inference_id
        used = inference_id is not None and (
            inference_id in self._slots or self._shelf.knows(inference_id)
        )
        if used:
            raise ValidationFailed([("inferenceId", f"{inference_id} was used before")])
        limit, current = self._settings.limits.inferences, self._count(owner)
        if current >= limit:
            text = f"Maximum concurrent inferences limit reached ({limit})"
            raise LimitReached(text, limit, current)
        provider.check()

    def _take_slot(
        self,
        owner: str,
        parameters: RunParameters,
        provider: Provider,
        model: ModelInfo,
        waits: Waits,
        prepare: Callable[[], Prepared],
        session: Session | None = None,
        turn: SessionTurn | None = None,
    ) -> Slot:
        session_id = None if session is None else session.config.session_id
        inference_id = parameters.inference_id or self._new_id()

        def make_run() -> Run:
            return Run(
                InferenceLog(inference_id, session_id, self._loop.time),
                provider,
                prepare,
                waits,
                self._settings.retries,
                streamed=parameters.stream,
                cost=model.cost,
                on_end=self._ended,
            )

        shared = parameters.share or (session is not None and session.config.share)
        on_close = parameters.on_close or ("finish" if shared else "cancel")
        slot = Slot(
            inference_id,
            owner,
            shared,
            on_close == "finish",
            session,
            turn,
            make_run,
            self._begin_reserved,
            self._release,
        )
        self._slots[inference_id] = slot
        totals = self._totals.setdefault(owner, _Totals())
        totals.runs += 1
        totals.closed = False
        return slot

    def _new_id(self) -> str:
        return f"inf-{epoch_ms()}-{''.join(secrets.choice(_BASE36) for _ in range(7))}"

    def _waits(self, parameters: RunParameters, provider: Provider, model: ModelInfo) -> Waits:
        deadlines = self._settings.deadlines
        silent = provider.local or model.silent_reasoning
        first_ms = deadlines.first_silent_ms if silent else deadlines.first_ms
        return Waits(
            _seconds(parameters.timeout_ms, deadlines.overall_ms),
            _seconds(parameters.first_timeout_ms, first_ms),
            _seconds(parameters.between_timeout_ms, deadlines.between_ms),
        )

    # --- beginnings, endings ----------------------------------------------------------------

    def _open(self, slot: Slot) -> Run:
        """Give a reserved slot its run; from here on others can read the run's log."""
        run = slot.run = slot.make_run()
        self._shelf.put(run.log, slot.owner, slot.shared)
        return run

    def _begin_reserved(self, slot: Slot) -> InferenceLog:
        self._check_reserved(slot)
        run = self._open(slot)
        if slot.stopped is not None:
            run.stop(slot.stopped)
        else:
            self._begin(run)
        return run.log

    def _release(self, slot: Slot) -> None:
        self._check_reserved(slot)
        del self._slots[slot.inference_id]
        self._totals[slot.owner].runs -= 1
        self._forget_closed(slot.owner)

    def _check_reserved(self, slot: Slot) -> None:
        if slot.run is not None or self._slots.get(slot.inference_id) is not slot:
            raise RuntimeError(f"{slot.inference_id} was begun or released before")

    def _begin(self, run: Run) -> None:
        run.begin()
        if run.task is not None:
            self._tasks.add(run.task)
            run.task.add_done_callback(self._tasks.discard)

    def _ended(self, run: Run) -> None:
        """A run's log has just got its terminal event."""
        slot = self._slots.pop(run.log.inference_id)
        ending = run.log.ending
        totals = self._totals[slot.owner]
        usage = run.usage
        totals.tokens += usage.output_tokens
        totals.estimated_tokens += usage.output_tokens if usage.estimated else 0
        complete = isinstance(ending, DoneEvent) and not ending.cancelled
        if complete:
            totals.completed += 1
        elif isinstance(ending, DoneEvent):
            totals.cancelled += 1
        else:
            totals.failed += 1
        self._forget_closed(slot.owner)
        if slot.session is not None and slot.turn is not None:
            answer = run.log.text("llm:token")
            slot.session.total_tokens += usage.output_tokens
            slot.session.close_turn(slot.turn, answer, complete=complete)
            self._sessions.touch(slot.session)
            self._begin_waiting(slot.session)
        self._shelf.ended(run.log)

    def _forget_closed(self, owner: str) -> None:
        if self._totals[owner].closed and self._count(owner) == 0:
            del self._totals[owner]

    def _begin_waiting(self, session: Session) -> None:
        """Begin the session's next run, if one has been waiting."""
        if not session.waiting or self._closing:
            return
        turn = session.waiting[0]
        slot = next((slot for slot in self._slots.values() if slot.turn is turn), None)
        if slot is not None and slot.run is not None and slot.run.task is None:
            self._begin(slot.run)

    # --- sessions, inside -------------------------------------------------------------------

    def _provider_of(self, session: Session) -> Provider:
        try:
            return self._resolve(session.config.provider_id)
        except ValidationFailed:  # it was there when the session began
            text = f"Unsupported provider: {session.config.provider_id}"
            raise UnsupportedProvider(text) from None

    def _sweep(self) -> None:
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        self._sessions.drop_idle()
        self._shelf.release()


def _check_size(messages: "list[Message]") -> None:
    characters = sum(len(message.text) for message in messages)
    if characters > MAX_REQUEST_CHARACTERS:
        text = f"Messages exceed the total length ({MAX_REQUEST_CHARACTERS})"
        raise ValidationFailed([("messages", text)], reason=Reason.TOO_LONG)


def _seconds(asked_ms: int | None, default_ms: int) -> float:
    return (default_ms if asked_ms is None else asked_ms) / 1000
