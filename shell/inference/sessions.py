"""Session: a conversation that the host holds in memory: its turns, and what a model is sent."""

from collections import deque
from dataclasses import dataclass, field

from shell.contract import Message, SessionConfig, SessionInfo, SessionMessage, SessionSnapshot
from shell.support.text import estimate_tokens

TOKENS_PER_MESSAGE = 8
"""What a chat template adds around a message, roughly."""
BYTES_PER_TOKEN_MARGIN = 1.15
"""The host only estimates tokens; it keeps this much away from the model's limit."""


@dataclass(slots=True, eq=False)
class SessionTurn:
    """The messages of one run and, in the end, its answer."""

    messages: list[Message]
    answer: str = ""
    partial: bool = False


@dataclass(slots=True, eq=False)
class Session:
    """Loop thread only. `created_at` and `last_activity` are milliseconds since the epoch."""

    owner: str
    config: SessionConfig
    model_id: str
    created_at: int
    last_activity: int
    touched: float
    """Monotonic time of the last change, for the idle sweep."""
    turns: list[SessionTurn] = field(default_factory=list)
    waiting: deque[SessionTurn] = field(default_factory=deque)
    """Turns whose runs have begun or queue, in order; the first is the one that runs."""
    total_tokens: int = 0

    @property
    def active(self) -> bool:
        """Whether a run of this session is live or queued."""
        return bool(self.waiting)

    def info(self) -> SessionInfo:
        """The session as a value; changing nothing can reach the session through it."""
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
        """The turn's run has ended. A turn that failed without any text leaves the history."""
        self.waiting.remove(turn)
        turn.answer, turn.partial = answer, not complete
        if answer or complete:
            self.turns.append(turn)

    def messages_for(self, turn: SessionTurn, budget_tokens: int) -> tuple[list[Message], int]:
        """What the model is sent for this turn, and how many old messages were left out.

        The oldest turns go first, whole, until the rest fits; the new messages always stay.
        """
        kept: list[Message] = list(turn.messages)
        room = budget_tokens - sum(_tokens(message) for message in kept)
        if self.config.system_prompt:
            room -= estimate_tokens(self.config.system_prompt) + TOKENS_PER_MESSAGE
        for index in range(len(self.turns) - 1, -1, -1):
            messages = _as_messages(self.turns[index])
            room -= sum(_tokens(message) for message in messages)
            if room < 0:
                left_out = sum(len(_as_messages(old)) for old in self.turns[: index + 1])
                return kept, left_out
            kept[:0] = messages
        return kept, 0

    def _messages(self) -> list[SessionMessage]:
        listed: list[SessionMessage] = []
        for turn in [*self.turns, *self.waiting]:
            listed += [SessionMessage(role=m.role, content=m.content) for m in turn.messages]
            if turn.answer:
                listed.append(
                    SessionMessage(role="assistant", content=turn.answer, partial=turn.partial)
                )
        return listed


def _as_messages(turn: SessionTurn) -> list[Message]:
    if not turn.answer:
        return turn.messages
    answer = Message.model_construct(role="assistant", content=turn.answer)
    return [*turn.messages, answer]


def _tokens(message: Message) -> int:
    return int(estimate_tokens(message.text) * BYTES_PER_TOKEN_MARGIN) + TOKENS_PER_MESSAGE
