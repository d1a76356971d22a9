"""Conversations that the host holds in memory for its windows."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from shell.contract import (
    Message,
    SessionConfig,
    SessionInfo,
    SessionMessage,
    SessionRunOptions,
    SessionSnapshot,
)
from shell.errors import LimitReached, NotFound, ValidationFailed
from shell.inference.request import (
    TOKENS_PER_MESSAGE,
    history_trimmed,
    message_tokens,
    prepare_request,
    room,
)
from shell.inference.run_plan import Prepared
from shell.providers.base import ModelInfo
from shell.support.ids import epoch_ms
from shell.support.text import estimate_tokens
from shell.tools.permissions import Permissions


@dataclass(slots=True, eq=False)
class SessionTurn:
    """The messages of one run and, once it has ended, its answer."""

    messages: list[Message]
    answer: str = ""
    partial: bool = False


@dataclass(slots=True, eq=False)
class Session:
    """One conversation in memory. `created_at` and `last_activity` are ms since the epoch."""

    owner: str
    config: SessionConfig
    model_id: str
    created_at: int
    last_activity: int
    used_at: float
    """Monotonic time of the last use, for the idle sweep."""
    turns: list[SessionTurn] = field(default_factory=list)
    waiting: deque[SessionTurn] = field(default_factory=deque)
    """Turns whose runs are live or queued, in order. The first is the live one."""
    total_tokens: int = 0
    permissions: Permissions | None = None
    """The decisions about tools in this session. None before the first run with tools."""
    needed_tools: dict[str, None] = field(default_factory=dict)
    """The names of the tools that the model has needed so far; see `Offer`."""

    @property
    def active(self) -> bool:
        """Whether a run of this session is live or queued."""
        return bool(self.waiting)

    def info(self) -> SessionInfo:
        """The session without its messages."""
        return SessionInfo(
            session_id=self.config.session_id,
            provider_id=self.config.provider_id,
            model_id=self.model_id,
            created_at=self.created_at,
            last_activity=self.last_activity,
            is_active=self.active,
            message_count=len(self._messages()),
            total_tokens=self.total_tokens,
            metadata=self.config.metadata,
        )

    def snapshot(self) -> SessionSnapshot:
        """The session with its history, the system prompt first."""
        system = self.config.system_prompt
        first = [SessionMessage(role="system", content=system)] if system else []
        return SessionSnapshot(info=self.info(), messages=first + self._messages())

    def close_turn(self, turn: SessionTurn, answer: str, *, complete: bool) -> None:
        """Add the answer of a run that has ended; a turn that failed without text is dropped."""
        self.waiting.remove(turn)
        turn.answer, turn.partial = answer, not complete
        if answer or complete:
            self.turns.append(turn)

    def prepare(self, turn: SessionTurn, options: SessionRunOptions, model: ModelInfo) -> Prepared:
        """Build the request of a turn from the history that fits and the turn's messages.

        Options of the run win over the session's.

        Raises:
            ValidationFailed: the model cannot answer these messages.
        """
        overrides = options.model_dump(
            include={"temperature", "max_tokens", "effort"}, exclude_none=True, by_alias=False
        )
        parameters = self.config.model_copy(update=overrides)
        messages, left_out = self.messages_for(turn, room(model, parameters.max_tokens))
        request, notices = prepare_request(messages, parameters, model)
        if left_out:
            notices = (*notices, history_trimmed(model, left_out))
        return request, notices

    def messages_for(self, turn: SessionTurn, budget_tokens: int) -> tuple[list[Message], int]:
        """The messages to send for a turn, and how many old messages do not fit.

        Whole turns are left out, the oldest first. The turn's own messages are always sent.
        """
        selected: list[Message] = list(turn.messages)
        remaining_tokens = budget_tokens - sum(message_tokens(message.text) for message in selected)
        if self.config.system_prompt:
            remaining_tokens -= estimate_tokens(self.config.system_prompt) + TOKENS_PER_MESSAGE
        for index in range(len(self.turns) - 1, -1, -1):
            messages = _as_messages(self.turns[index])
            remaining_tokens -= sum(message_tokens(message.text) for message in messages)
            if remaining_tokens < 0:
                left_out = sum(len(_as_messages(turn)) for turn in self.turns[: index + 1])
                return selected, left_out
            selected[:0] = messages
        return selected, 0

    def _messages(self) -> list[SessionMessage]:
        history: list[SessionMessage] = []
        for turn in [*self.turns, *self.waiting]:
            history += [SessionMessage(role=m.role, content=m.content) for m in turn.messages]
            if turn.answer:
                history.append(
                    SessionMessage(role="assistant", content=turn.answer, partial=turn.partial)
                )
        return history


class Sessions:
    """The sessions of all owners. Loop thread only."""

    def __init__(self, limit: int, idle_s: float, now: Callable[[], float]) -> None:
        self._limit = limit
        self._idle_s = idle_s
        self._now = now
        self._sessions: dict[tuple[str, str], Session] = {}

    def create(self, owner: str, config: SessionConfig, model_id: str) -> Session:
        """Begin a session.

        Raises:
            ValidationFailed: the owner can see a session of this id already.
            LimitReached: the owner has as many sessions as it may.
        """
        if self.find(owner, config.session_id) is not None:
            issue = ("sessionId", f"Session {config.session_id} already exists")
            raise ValidationFailed([issue])
        current = len(self.of(owner))
        if current >= self._limit:
            text = f"Maximum sessions limit reached ({self._limit})"
            raise LimitReached(text, self._limit, current)
        now = epoch_ms()
        session = Session(owner, config, model_id, now, now, self._now())
        self._sessions[owner, config.session_id] = session
        return session

    def find(self, owner: str, session_id: str) -> Session | None:
        """The owner's session of this id, else another owner's that is shared."""
        own = self._sessions.get((owner, session_id))
        if own is not None:
            return own
        return next(
            (
                session
                for (_, other_id), session in self._sessions.items()
                if other_id == session_id and session.config.share
            ),
            None,
        )

    def get(self, owner: str, session_id: str) -> Session:
        """The same as `find`.

        Raises:
            NotFound: unknown or another owner's.
        """
        session = self.find(owner, session_id)
        if session is None:
            raise NotFound(f"Session {session_id} not found")
        return session

    def of(self, owner: str) -> list[Session]:
        """The owner's own sessions."""
        return [session for session in self._sessions.values() if session.owner == owner]

    def all(self) -> list[Session]:
        """Every session."""
        return list(self._sessions.values())

    def touch(self, session: Session) -> None:
        """Note that a session was used now."""
        session.last_activity = epoch_ms()
        session.used_at = self._now()

    def drop(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.pop((session.owner, session.config.session_id), None)

    def drop_idle(self) -> None:
        """Forget the sessions that have not been used for too long."""
        idle_since = self._now() - self._idle_s
        for session in self.all():
            if not session.active and session.used_at <= idle_since:
                self.drop(session)

    def clear(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()


def _as_messages(turn: SessionTurn) -> list[Message]:
    if not turn.answer:
        return turn.messages
    answer = Message.model_construct(role="assistant", content=turn.answer)
    return [*turn.messages, answer]
