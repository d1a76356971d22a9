"""Lets pages run models and follow their answers: the `llm` namespace."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING

from shell.bridge.caller import Caller
from shell.contract import (
    AttachReply,
    AttachRequest,
    Decision,
    ElicitationAnswer,
    InferenceRequest,
    InferenceSummary,
    LookupId,
    ServiceStatus,
    SessionConfig,
    SessionId,
    SessionInfo,
    SessionRunOptions,
    SessionSnapshot,
    ToolNames,
)
from shell.errors import NotFound, ValidationFailed
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.tools.offer import Offer

if TYPE_CHECKING:  # loaded when a request names tools
    from shell.tools.registry import Tools

MAX_PIECE_CHARACTERS = 5_000
"""An attach reply ends with the event that reaches this. That event may be joined up to 16,384
characters. Escaped as ASCII (12 bytes for an emoji), the reply still fits in one push."""


class LlmApi:
    """Run models. Every method sees only what the caller's window started, or what is shared."""

    def __init__(self, engine: Engine, tools: "Callable[[], Tools] | None" = None) -> None:
        self._engine = engine
        self._tools = tools

    def inference(
        self, caller: Caller, params: InferenceRequest
    ) -> str | Coroutine[None, None, str]:
        """Run once on the given messages. Resolves with the inference's id; events follow."""
        start = partial(self._engine.start, caller.id, params)
        return self._begin(caller, "LLM", params.tools, start)

    def cancel(self, caller: Caller, inference_id: LookupId) -> bool:
        """Cancel a run. False when it is unknown or has ended. The run ends with `llm:done`."""
        return self._engine.cancel(caller.id, inference_id)

    def create_session(self, caller: Caller, params: SessionConfig) -> SessionInfo:
        """Create a session, a conversation that the host holds in memory."""
        return self._engine.create_session(caller.id, params)

    def destroy_session(self, caller: Caller, session_id: SessionId) -> bool:
        """Delete a session and cancel its runs. False when it is unknown."""
        return self._engine.destroy_session(caller.id, session_id)

    def run_session(
        self, caller: Caller, params: SessionRunOptions
    ) -> str | Coroutine[None, None, str]:
        """Add messages to a session and run the model. Resolves with the inference's id."""
        start = partial(self._engine.run_session, caller.id, params)
        return self._begin(caller, "session", params.tools, start)

    def decide(self, caller: Caller, params: Decision) -> bool:
        """Allow or deny a tool call that waits. False when it is decided already."""
        return self._engine.decide(caller.id, params)

    def answer(self, caller: Caller, params: ElicitationAnswer) -> bool:
        """Answer a question of a server during a call. False when it is answered already."""
        return self._engine.decide(caller.id, params)

    def get_status(self, caller: Caller) -> ServiceStatus:
        """Count the sessions, runs and tokens of the caller's window."""
        return self._engine.status(caller.id)

    def attach(self, caller: Caller, params: AttachRequest) -> AttachReply:
        """Get all events of a run after a `seq`. Live events follow the last piece with no gap."""
        log = self._engine.log(caller.id, params.inference_id)
        cursor = caller.feed.cursor(log.inference_id)
        events = log.read(
            params.after_seq,
            stops=() if cursor is None else (cursor,),
            max_characters=MAX_PIECE_CHARACTERS,
        )
        reached = events[-1].last_seq if events else log.last_seq
        more = reached < log.last_seq
        if not more:
            caller.feed.follow(caller.load, log, reached)
        return AttachReply(events=events, live=log.ending is None, more=more)

    def list(self, caller: Caller) -> "list[InferenceSummary]":
        """List the runs that the caller may attach to, oldest first."""
        return self._engine.list(caller.id)

    def get_session(self, caller: Caller, session_id: SessionId) -> SessionSnapshot:
        """Get a session and its history."""
        return self._engine.session(caller.id, session_id)

    def _begin(
        self, caller: Caller, kind: str, names: ToolNames | None, start: Callable[..., InferenceLog]
    ) -> str | Coroutine[None, None, str]:
        """Start a run at once, or when its tools are known."""

        def check_window() -> None:
            if not caller.load:  # no window could receive its events
                raise NotFound(f"Window not available for {kind} inference")

        def begin(offer: Offer | None) -> str:
            check_window()  # it may have closed while the tools were listed
            log = start(offer=offer)
            caller.feed.follow(caller.load, log, -1)
            return log.inference_id

        async def begin_with(names: ToolNames) -> str:
            if self._tools is None:
                raise ValidationFailed([("tools", "This program has no tools")])
            return begin(await self._tools().offer(names))

        check_window()
        return begin(None) if names is None else begin_with(names)
