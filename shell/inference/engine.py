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
from shell.inference.request import check_size, fit_offer, fit_request, note_strangers
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
        self._runs = LiveRuns(limits, wire, self._turn_ended)
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
        while_content_comes: bool = False,
    ) -> InferenceLog:
        """Run a model on the request's messages; the same as `reserve` and `begin`.

        Raises:
            ShellError: the request is refused (VALIDATION, LIMIT, API_KEY_ERROR …).
        """
        slot = self.reserve(owner, request, offer=offer, while_content_comes=while_content_comes)
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
        while_content_comes: bool = False,
        conversation: str | None = None,
        kind: CallKind = "answer",
    ) -> Slot:
        """Admit a run without starting it. Its id is taken, and it counts to the owner's limit.

        The `messages` take the place of the request's, if earlier answers called tools. The
        `notices` say what the caller changed of the request; they become events of the run. The
        `offer` has the tools that the model may call; `commit` is awaited before each of their
        calls, and `resumed` is the step in which an earlier run of the same answer has ended.
        The `conversation` has a budget of its own, to which the run counts as a `kind`.
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
        fitted = fit_request(request, messages, notices, offer, model)
        if fitted.offer is not None:
            note_strangers(fitted.offer, messages)
        self._admit(owner, request, provider)
        return self._take_slot(
            owner,
            request,
            provider,
            model,
            lambda: (fitted.request, fitted.notices),
            fitted.offer,
            commit=commit,
            resumed=resumed,
            while_content_comes=while_content_comes,
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
        session.prepare(turn, options, model)  # refuses what could not be sent
        if session.active and options.when_busy == "reject":
            raise SessionBusy(f"Session {options.session_id} is already answering")
        self._admit(owner, options, provider)
        offer, refused = fit_offer(offer, model)
        if offer is not None:
            session.permissions = session.permissions or offer.permissions
            offer = offer.for_conversation(session.permissions, session.told)
            turns = [turn, *session.turns, *session.waiting]
            note_strangers(offer, (message for each in turns for message in each.messages))

        def prepare() -> Prepared:
            request, notices = session.prepare(turn, options, model)
            return request, (*refused, *notices)

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
        """Stop a run; its log ends with `llm:done`, cancelled. False: unknown, foreign or ended."""
        slot = self._runs.find(owner, inference_id)
        return slot is not None and slot.stop(RunCancelled())

    def decide(self, owner: str, decision: Decision | ElicitationAnswer) -> bool:
        """Decide about a tool call, or answer its server. False: unknown, foreign, or done already.

        Raises:
            ValidationFailed: it does not fit the question; the call waits on.
        """
        slot = self._runs.find(owner, decision.inference_id)
        return slot is not None and slot.run is not None and slot.run.decide(decision)

    def is_ending(self, inference_id: str) -> bool:
        """Whether a run has ended or is being stopped, so that its end does not depend on the
        provider any more.
        """
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
        return self._runs.totals(owner).status(
            len(sessions), sum(session.active for session in sessions)
        )

    def close_owner(self, owner: str) -> None:
        """Cancel the runs of a window that is gone, except those that are to finish without it."""
        self._runs.cancel_questions(owner)
        self._runs.stop(
            RunCancelled(), lambda slot: slot.owner == owner and not slot.finish_on_close
        )
        for session in self._sessions.of(owner):
            if not session.config.share:
                self._sessions.drop(session)
        self._runs.forget_owner(owner)

    async def close(self) -> None:
        """Refuse new runs, end all others with ABORTED, and wait for their tasks."""
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
        """Refuse a run whose id was used, that is one too many, or whose provider cannot run."""
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
        while_content_comes: bool = False,
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
            self._settings.deadlines.waits(
                parameters,
                silent=provider.local or model.silent_reasoning,
                while_content_comes=while_content_comes,
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
        slot = Slot(
            inference_id,
            owner,
            shared,
            on_close == "finish",
            session,
            turn,
            plan,
            self._runs.begin_reserved,
            self._runs.release,
        )
        self._runs.add(slot)
        return slot

    # --- the turns of sessions --------------------------------------------------------------

    def _turn_ended(self, slot: Slot, run: Run) -> None:
        """Add what a run said to its session, and begin the next one."""
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
        turn = session.waiting[0]
        waiting = next((slot for slot in self._runs.slots.values() if slot.turn is turn), None)
        if waiting is not None and waiting.run is not None and waiting.run.task is None:
            self._runs.begin(waiting.run)

    def _provider_of(self, session: Session) -> Provider:
        try:
            return self._resolve(session.config.provider_id)
        except ValidationFailed:  # it was there when the session began
            text = f"Unsupported provider: {session.config.provider_id}"
            raise UnsupportedProvider(text) from None

    def _sweep(self) -> None:
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        self._sessions.drop_idle()
        self._runs.logs.release()
