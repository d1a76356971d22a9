"""Admits, starts and stops the inferences of all windows.

`run.py` is one inference, `log.py` its events, `sessions.py` the conversations in memory.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from shell.contract import (
    MAX_STEPS,
    Decision,
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
    SessionBusy,
    UnsupportedProvider,
    ValidationFailed,
)
from shell.inference.limits import Settings
from shell.inference.log import InferenceLog
from shell.inference.log_registry import LogRegistry
from shell.inference.request import RequestedRun, check_size, prepare_request
from shell.inference.run import Prepared, Run, RunCancelled
from shell.inference.sessions import Session, Sessions, SessionTurn
from shell.inference.slot import Slot, new_inference_id
from shell.inference.steps import ResumedStep
from shell.inference.totals import Totals
from shell.providers.base import ModelInfo, ModelStep, Provider, tools_dropped
from shell.tools.offer import Offer

SWEEP_S = 60.0
CLOSE_S = 2.0
"""How long a closing host waits for providers that do not react to a cancel."""
_log = logging.getLogger(__name__)


class Engine:
    """One per host. Loop thread only.

    An owner is a window, a tab or a part of the host, and sees only its own runs and sessions and
    those that are shared.
    """

    def __init__(
        self, resolve: Callable[[str], Provider], settings: Settings | None = None
    ) -> None:
        self._resolve = resolve
        self._settings = settings or Settings()
        self._loop = asyncio.get_running_loop()
        limits = self._settings.limits
        self._logs = LogRegistry(limits.log_kept_s, limits.log_kept_bytes, self._loop.time)
        self._slots: dict[str, Slot] = {}
        self._sessions = Sessions(limits.sessions, limits.session_idle_s, self._loop.time)
        self._totals: dict[str, Totals] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    # --- runs -------------------------------------------------------------------------------

    def start(
        self,
        owner: str,
        request: InferenceRequest,
        *,
        offer: Offer | None = None,
        while_content_comes: bool = False,
    ) -> InferenceLog:
        """Run a model on the request's messages; the same as `reserve` and `begin`.

        Raises:
            ShellError: the request is refused (VALIDATION, LIMIT, API_KEY_ERROR …).
        """
        return self.reserve(
            owner, request, offer=offer, while_content_comes=while_content_comes
        ).begin()

    def reserve(
        self,
        owner: str,
        request: InferenceRequest,
        *,
        messages: Sequence[Message | ModelStep] | None = None,
        notices: Sequence[Notice] = (),
        offer: Offer | None = None,
        commit: Callable[[InferenceLog], Awaitable[None]] | None = None,
        resumed: ResumedStep | None = None,
        while_content_comes: bool = False,
    ) -> Slot:
        """Admit a run without starting it. Its id is taken, and it counts to the owner's limit.

        The `messages` take the place of the request's, if earlier answers called tools. The
        `notices` say what the caller changed of the request; they become events of the run. The
        `offer` has the tools that the model may call; `commit` is awaited before each of their
        calls, and `resumed` is the step in which an earlier run of the same answer has ended.
        With `while_content_comes` and no `timeout_ms` there is no overall deadline, only those for
        the first content and from one piece of content to the next.

        Raises:
            ShellError: the request is refused (VALIDATION, LIMIT, API_KEY_ERROR …).
        """
        self._check_open()
        provider = self._resolve(request.provider_id)
        model = provider.model(request.model_id or provider.default_model_id)
        messages = request.messages if messages is None else messages
        check_size(messages)
        wish = RequestedRun(
            messages, request.system_prompt, request.temperature, request.max_tokens
        )
        prepared, adapted = prepare_request(wish, model)
        self._admit(owner, request, provider)
        offer, refused = _fit_offer(offer, model)
        told = (*adapted, *refused, *notices)
        return self._take_slot(
            owner,
            request,
            provider,
            model,
            lambda: (prepared, told),
            offer=offer,
            commit=commit,
            resumed=resumed,
            while_content_comes=while_content_comes,
        )

    def run_session(
        self, owner: str, options: SessionRunOptions, *, offer: Offer | None = None
    ) -> InferenceLog:
        """Add messages to a session and answer them after the session's earlier runs.

        Raises:
            ShellError: the run is refused; the session is unchanged.
        """
        self._check_open()
        session = self._sessions.get(owner, options.session_id)
        provider = self._provider_of(session)
        model = provider.model(session.model_id)
        check_size(options.messages)
        if options.messages[-1].role != "user":
            raise ValidationFailed([("messages", "The last message must be from the user")])
        turn = SessionTurn(options.messages)
        session.prepare(turn, options, model)  # refuses what could not be sent
        if session.active and options.when_busy == "reject":
            raise SessionBusy(f"Session {options.session_id} is already answering")
        self._admit(owner, options, provider)
        offer, refused = _fit_offer(offer, model)
        if offer is not None:
            session.permissions = session.permissions or offer.permissions
            offer = offer.under(session.permissions, session.told)

        def prepare() -> Prepared:
            request, notices = session.prepare(turn, options, model)
            return request, (*refused, *notices)

        slot = self._take_slot(
            owner,
            options,
            provider,
            model,
            prepare,
            offer=offer,
            session=session,
            turn=turn,
        )
        run = self._open(slot)
        session.waiting.append(turn)
        self._sessions.touch(session)
        if session.waiting[0] is turn:
            self._begin(run)
        return run.log

    def cancel(self, owner: str, inference_id: str) -> bool:
        """Stop a run; its log ends with `llm:done`, cancelled. False: unknown, foreign or ended."""
        slot = self._slots.get(inference_id)
        if slot is None or not (slot.shared or slot.owner == owner):
            return False
        return slot.stop(RunCancelled())

    def decide(self, owner: str, decision: Decision) -> bool:
        """Decide about a tool call. False: unknown, foreign, or decided already.

        Raises:
            ValidationFailed: the decision does not fit the question; the call waits on.
        """
        slot = self._slots.get(decision.inference_id)
        if slot is None or slot.run is None or not (slot.shared or slot.owner == owner):
            return False
        return slot.run.decide(decision)

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
        return self._logs.get(inference_id, owner)

    def list(self, owner: str) -> "list[InferenceSummary]":
        """The runs that the owner may attach to, oldest first."""
        return [
            InferenceSummary(
                inference_id=log.inference_id,
                session_id=log.session_id,
                live=log.ending is None,
                last_seq=log.last_seq,
            )
            for log in self._logs.visible(owner)
        ]

    # --- sessions ---------------------------------------------------------------------------

    def create_session(self, owner: str, config: SessionConfig) -> SessionInfo:
        """Begin a session.

        Raises:
            ShellError: the session is refused.
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
        """The owner's own counts."""
        totals = self._totals.get(owner, Totals())
        sessions = self._sessions.of(owner)
        return totals.status(len(sessions), sum(session.active for session in sessions))

    def close_owner(self, owner: str) -> None:
        """Cancel the runs of a window that is gone, except those that are to finish without it."""
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
        """Refuse new runs, end all others with ABORTED, and wait for their tasks."""
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

    def _admit(self, owner: str, parameters: RunParameters, provider: Provider) -> None:
        """Refuse a run whose id was used, that is one too many, or whose provider cannot run."""
        inference_id = parameters.inference_id
        used = inference_id is not None and (
            inference_id in self._slots or self._logs.knows(inference_id)
        )
        if used:
            raise ValidationFailed([("inferenceId", f"{inference_id} has already been used")])
        limit = self._settings.limits.inferences
        # A run that waits for a person does nothing.
        current = sum(slot.owner == owner and not slot.is_waiting for slot in self._slots.values())
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
        prepare: Callable[[], Prepared],
        *,
        offer: Offer | None = None,
        commit: Callable[[InferenceLog], Awaitable[None]] | None = None,
        resumed: ResumedStep | None = None,
        while_content_comes: bool = False,
        session: Session | None = None,
        turn: SessionTurn | None = None,
    ) -> Slot:
        session_id = None if session is None else session.config.session_id
        inference_id = parameters.inference_id or new_inference_id()
        silent = provider.local or model.silent_reasoning
        waits = self._settings.deadlines.waits(parameters, silent=silent)
        if while_content_comes and parameters.timeout_ms is None:
            waits = replace(waits, overall_s=math.inf)

        def make_run() -> Run:
            return Run(
                InferenceLog(inference_id, session_id, self._loop.time),
                provider,
                prepare,
                waits,
                self._settings.retries,
                streamed=parameters.stream,
                offer=offer,
                max_steps=parameters.max_steps or MAX_STEPS,
                commit=commit,
                resumed=resumed,
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
        totals = self._totals.setdefault(owner, Totals())
        totals.runs += 1
        totals.closed = False
        return slot

    # --- beginnings, endings ----------------------------------------------------------------

    def _open(self, slot: Slot) -> Run:
        """Give a reserved slot its run; from here on others can read the run's log."""
        run = slot.run = slot.make_run()
        self._logs.put(run.log, slot.owner, slot.shared)
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
        """Count a run that has just ended, and begin the next one of its session."""
        slot = self._slots.pop(run.log.inference_id)
        ending, usage = run.log.ending, run.usage
        self._totals[slot.owner].add(ending, usage)
        self._forget_closed(slot.owner)
        if slot.session is not None and slot.turn is not None:
            complete = isinstance(ending, DoneEvent) and not ending.cancelled
            answer = run.log.text("llm:token")
            slot.session.total_tokens += usage.output_tokens
            slot.session.close_turn(slot.turn, answer, complete=complete)
            self._sessions.touch(slot.session)
            self._begin_waiting(slot.session)
        self._logs.ended(run.log)

    def _forget_closed(self, owner: str) -> None:
        totals = self._totals[owner]
        if totals.closed and totals.live == 0:
            del self._totals[owner]

    def _begin_waiting(self, session: Session) -> None:
        if not session.waiting or self._closing:
            return
        turn = session.waiting[0]
        slot = next((slot for slot in self._slots.values() if slot.turn is turn), None)
        if slot is not None and slot.run is not None and slot.run.task is None:
            self._begin(slot.run)

    def _provider_of(self, session: Session) -> Provider:
        try:
            return self._resolve(session.config.provider_id)
        except ValidationFailed:  # it was there when the session began
            text = f"Unsupported provider: {session.config.provider_id}"
            raise UnsupportedProvider(text) from None

    def _sweep(self) -> None:
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        self._sessions.drop_idle()
        self._logs.release()


def _fit_offer(offer: Offer | None, model: ModelInfo) -> tuple[Offer | None, tuple[Notice, ...]]:
    """The offer for a model; none for one that takes no tools, and a notice that says so."""
    if offer is None or not offer.specs:
        return None, ()
    if model.tools is not False:
        return offer.fit(model), ()
    return None, (tools_dropped(model),)
