"""Admits, starts and stops the inferences of all windows.

`live_runs.py` holds the runs and `sessions.py` the conversations in memory; `run.py` is one
inference, `log.py` its events.
"""

import asyncio
from collections.abc import Callable, Sequence

from shell.contract import (
    MAX_STEPS,
    Decision,
    DoneEvent,
    ElicitationAnswer,
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
from shell.errors import HostClosing, SessionBusy, UnsupportedProvider, ValidationFailed
from shell.inference.limits import Settings
from shell.inference.live_runs import LiveRuns
from shell.inference.log import InferenceLog
from shell.inference.request import adapt_offer, adapt_request, check_size, note_untrusted
from shell.inference.run import Run, RunCancelled, Wire
from shell.inference.run_plan import Prepared, ResumedStep, RunPlan
from shell.inference.sessions import Session, Sessions, SessionTurn
from shell.inference.slot import Slot, new_inference_id
from shell.inference.spending import Ledger, start_spending
from shell.inference.tool_calls import Commit
from shell.providers.base import ModelInfo, ModelStep, Provider
from shell.providers.charges import CallKind
from shell.tools.offer import Offer

SWEEP_S = 60.0


class Engine:
    """One per host. Loop thread only.

    An owner is a window, a tab or a part of the host, and sees only its own runs and sessions and
    those that are shared.
    """

    def __init__(
        self,
        resolve: Callable[[str], Provider],
        settings: Settings | None = None,
        ledger: Ledger | None = None,
        wire: Wire | None = None,
    ) -> None:
        self._resolve = resolve
        self._ledger = ledger
        self._settings = settings or Settings()
        self._loop = asyncio.get_running_loop()
        limits = self._settings.limits
        self._runs = LiveRuns(limits, wire, self._end_turn)
        self._sessions = Sessions(limits.sessions, limits.session_idle_s, self._loop.time)
        self._closing = False
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    # --- runs -------------------------------------------------------------------------------

    def start(
        self,
        owner: str,
        request: InferenceRequest,
        *,
        offer: Offer | None = None,
        no_overall_deadline: bool = False,
    ) -> InferenceLog:
        """Run a model on the request's messages; short for `reserve` and `Slot.begin`.

        Raises:
            ShellError: the request is refused (VALIDATION, LIMIT, API_KEY_ERROR …).
        """
        slot = self.reserve(owner, request, offer=offer, no_overall_deadline=no_overall_deadline)
        return slot.begin()

    def reserve(
        self,
        owner: str,
        request: InferenceRequest,
        *,
        messages: Sequence[Message | ModelStep] | None = None,
        notices: Sequence[Notice] = (),
        offer: Offer | None = None,
        commit: Commit | None = None,
        resumed: ResumedStep | None = None,
        no_overall_deadline: bool = False,
        conversation: str | None = None,
        kind: CallKind = "answer",
    ) -> Slot:
        """Admit a run without starting it. It has its id and counts to the owner's limit.

        Args:
            owner: the window, tab or part of the host that may cancel the run.
            request: the parameters of the run.
            messages: replace the request's messages, for a history with tool calls.
            notices: the caller's own changes to the request; they become events of the run.
            offer: the tools that the model may call.
            commit: awaited before each tool call.
            resumed: the step at which an earlier run of the same answer ended.
            no_overall_deadline: without `timeout_ms`, have only the deadlines for the first content
                and from one piece of content to the next.
            conversation: the conversation to whose budget the run counts.
            kind: what the ledger counts the run as.

        Raises:
            ShellError: the request is refused (VALIDATION, LIMIT, API_KEY_ERROR …).
        """
        self._check_open()
        provider = self._resolve(request.provider_id)
        model = provider.model(request.model_id or provider.default_model_id)
        messages = request.messages if messages is None else messages
        check_size(messages)
        adapted = adapt_request(request, messages, notices, offer, model)
        run_offer = adapted.offer
        if run_offer is None and resumed is not None and resumed.calls:
            run_offer = offer  # open calls need their results, also for a model without tools
        if run_offer is not None:
            note_untrusted(run_offer, messages)
        self._admit(owner, request, provider)
        return self._take_slot(
            owner,
            request,
            provider,
            model,
            lambda: (adapted.request, adapted.notices),
            run_offer,
            commit=commit,
            resumed=resumed,
            no_overall_deadline=no_overall_deadline,
            conversation=conversation,
            kind=kind,
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
        session.prepare(turn, options, model)  # raises if the turn cannot be sent
        if session.active and options.when_busy == "reject":
            raise SessionBusy(f"Session {options.session_id} is already answering")
        self._admit(owner, options, provider)
        offer, offer_notices = adapt_offer(offer, model)
        if offer is not None:
            session.permissions = session.permissions or offer.permissions
            offer = offer.for_conversation(session.permissions, session.needed_tools)
            turns = [turn, *session.turns, *session.waiting]
            note_untrusted(offer, (message for earlier in turns for message in earlier.messages))

        def prepare() -> Prepared:
            request, notices = session.prepare(turn, options, model)
            return request, (*offer_notices, *notices)

        slot = self._take_slot(
            owner, options, provider, model, prepare, offer, session=session, turn=turn
        )
        run = self._runs.open(slot)
        session.waiting.append(turn)
        self._sessions.touch(session)
        if session.waiting[0] is turn:
            self._runs.begin(run)
        return run.log

    def cancel(self, owner: str, inference_id: str) -> bool:
        """Stop a run. Its log ends with `llm:done`, cancelled. False: unknown, foreign or ended."""
        slot = self._runs.find(owner, inference_id)
        return slot is not None and slot.stop(RunCancelled())

    def decide(self, owner: str, decision: Decision | ElicitationAnswer) -> bool:
        """Decide about a tool call, or answer its server. False: unknown, foreign, or done already.

        Raises:
            ShellError: it does not match the question, or cannot be stored. The call keeps waiting.
        """
        slot = self._runs.find(owner, decision.inference_id)
        return slot is not None and slot.run is not None and slot.run.decide(decision)

    def is_ending(self, inference_id: str) -> bool:
        """Whether a run has ended or is being stopped, and so no longer waits for its provider."""
        slot = self._runs.slots.get(inference_id)
        return slot is None or slot.is_stopped

    def log(self, owner: str, inference_id: str) -> InferenceLog:
        """The log of a run.

        Raises:
            NotFound: unknown, released or another window's.
        """
        return self._runs.logs.get(inference_id, owner)

    def list(self, owner: str) -> "list[InferenceSummary]":
        """The runs that the owner may attach to, oldest first."""
        return self._runs.summaries(owner)

    # --- sessions ---------------------------------------------------------------------------

    def create_session(self, owner: str, config: SessionConfig) -> SessionInfo:
        """Create a session.

        Raises:
            ShellError: the session is refused.
        """
        self._check_open()
        provider = self._resolve(config.provider_id)
        model = provider.model(config.model_id or provider.default_model_id)
        return self._sessions.create(owner, config, model.id).info()

    def destroy_session(self, owner: str, session_id: str) -> bool:
        """Remove a session. Its runs end as cancelled. False: unknown or foreign."""
        session = self._sessions.find(owner, session_id)
        if session is None:
            return False
        self._sessions.drop(session)
        self._runs.stop(RunCancelled(), lambda slot: slot.session is session)
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
        sessions = self._sessions.of(owner)
        active = sum(session.active for session in sessions)
        return self._runs.totals(owner).status(len(sessions), active)

    def close_owner(self, owner: str) -> None:
        """Cancel the runs of a closed window, except those with `on_close` set to `finish`."""
        self._runs.cancel_questions(owner)
        self._runs.stop(RunCancelled(), lambda s: s.owner == owner and not s.finish_on_close)
        for session in self._sessions.of(owner):
            if not session.config.share:
                self._sessions.drop(session)
        self._runs.forget_owner(owner)

    async def close(self) -> None:
        """Refuse new runs, end all others, and wait for their tasks. A run that waits for a
        decision ends as `waiting`, every other one with ABORTED.
        """
        self._closing = True
        self._sweeper.cancel()
        self._runs.stop(HostClosing("The program is shutting down"))
        await self._runs.wait()
        self._sessions.clear()

    # --- admission --------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closing:
            raise HostClosing("The program is shutting down")

    def _admit(self, owner: str, parameters: RunParameters, provider: Provider) -> None:
        """Refuse a run with a used id, above the owner's limit, or whose provider cannot run."""
        self._runs.check_room(owner, parameters.inference_id)
        provider.check()

    def _take_slot(
        self,
        owner: str,
        parameters: RunParameters,
        provider: Provider,
        model: ModelInfo,
        prepare: Callable[[], Prepared],
        offer: Offer | None,
        *,
        commit: Commit | None = None,
        resumed: ResumedStep | None = None,
        no_overall_deadline: bool = False,
        session: Session | None = None,
        turn: SessionTurn | None = None,
        conversation: str | None = None,
        kind: CallKind = "answer",
    ) -> Slot:
        inference_id = parameters.inference_id or new_inference_id()
        spending = start_spending(
            self._ledger, parameters, provider, model, inference_id, conversation, kind
        )
        plan = RunPlan(
            provider,
            model,
            prepare,
            self._settings.deadlines.of_run(
                parameters,
                silent=provider.local or model.silent_reasoning,
                no_overall_deadline=no_overall_deadline,
            ),
            self._settings.retries,
            streamed=parameters.stream,
            offer=offer,
            max_steps=parameters.max_steps or MAX_STEPS,
            commit=commit,
            resumed=resumed,
            spending=spending,
            conversation=conversation,
        )
        shared = parameters.share or (session is not None and session.config.share)
        on_close = parameters.on_close or ("finish" if shared else "cancel")
        callbacks = self._runs.begin_reserved, self._runs.release
        slot = Slot(
            inference_id, owner, shared, on_close == "finish", session, turn, plan, *callbacks
        )
        self._runs.add(slot)
        return slot

    # --- the turns of sessions --------------------------------------------------------------

    def _end_turn(self, slot: Slot, run: Run) -> None:
        """Add the answer of a run to its session, and begin the next queued run."""
        session = slot.session
        if session is None or slot.turn is None:
            return
        ending = run.log.ending
        complete = isinstance(ending, DoneEvent) and not ending.cancelled
        session.total_tokens += run.usage.output_tokens
        session.close_turn(slot.turn, run.log.text("llm:token"), complete=complete)
        self._sessions.touch(session)
        if not session.waiting or self._closing:
            return
        next_turn = session.waiting[0]
        queued = next((slot for slot in self._runs.slots.values() if slot.turn is next_turn), None)
        if queued is not None and queued.run is not None and queued.run.task is None:
            self._runs.begin(queued.run)

    def _provider_of(self, session: Session) -> Provider:
        try:
            return self._resolve(session.config.provider_id)
        except ValidationFailed:  # the provider was removed after the session began
            text = f"Unsupported provider: {session.config.provider_id}"
            raise UnsupportedProvider(text) from None

    def _sweep(self) -> None:
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        self._sessions.drop_idle()
        self._runs.logs.release()
