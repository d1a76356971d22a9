"""The ordered record of one inference, which every view reads from a cursor.

Entries are numbered by `seq` 0, 1, 2 … Text is stored in columns (kind, time, text), so a token
costs its letters and a few bytes. A reader gets adjacent entries joined to one event.
"""

import asyncio
import logging
import time
from array import array
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from shell.contract import (
    AnyEvent,
    DoneEvent,
    ErrorEvent,
    NoticeEvent,
    ReasoningEvent,
    Stamp,
    ThinkingEvent,
    TokenEvent,
    ToolEvent,
)

MAX_JOINED_CHARACTERS = 16_384
"""Longest joined text. Escaped as ASCII it stays below the 256 KB of a push."""

TextChannel = Literal["llm:token", "llm:reasoning"]
Wake = Callable[[bool], None]
"""Called after every append. `True` marks the end of the log, which a reader should not delay."""

_EVENT, _TOKEN, _REASONING = 0, 1, 2
_log = logging.getLogger(__name__)


class _Packed:
    """The texts of a finished log: one string, and where each entry ends in it."""

    def __init__(self, parts: list[str]) -> None:
        self._text = "".join(parts)
        self._ends = array("I", [0])
        end = 0
        for part in parts:
            end += len(part)
            self._ends.append(end)

    def join(self, first: int, end: int) -> str:
        return self._text[self._ends[first] : self._ends[end]]


class _Parts:
    """The texts of a live log, one string for each entry."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def join(self, first: int, end: int) -> str:
        return "".join(self.parts[first:end])


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """A tool call as the model made it."""

    id: str
    """The host's own."""
    provider_id: str
    """The provider's own."""
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What a model wrote in one step, in the form that must go back with the results of its tools.

    No view shows it. The database stores it, so that a later run can continue after a restart.
    """

    seq: int
    """That of the event that follows it."""
    step: int
    provider_id: str
    model_id: str
    calls: tuple[ProposedCall, ...]
    items: tuple[Mapping[str, object], ...]
    """The output in the API's own form, if it must go back unchanged."""


class InferenceLog:
    """One inference's events. Append on the loop thread; read anywhere, any number of times."""

    def __init__(
        self,
        inference_id: str,
        session_id: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inference_id = inference_id
        self.session_id = session_id
        self._now = now
        self._started_at = now()
        self._kinds = bytearray()
        self._times = array("Q")
        self._indexes = array("I")
        self._live = _Parts()
        self._texts: _Parts | _Packed = self._live
        self._events: dict[int, AnyEvent] = {}
        self._length = 0
        self._tokens = 0
        self._characters = 0
        self._ending: DoneEvent | ErrorEvent | None = None
        self._wakes: tuple[Wake, ...] = ()
        self._outputs: list[StepOutput] = []
        self.media: dict[str, bytes] = {}
        """The bytes of pictures and sounds in results, by their hash."""

    # --- writing, on the loop thread --------------------------------------------------------

    def stamp(self) -> Stamp:
        """The fields that the next appended event must have."""
        return Stamp(
            inference_id=self.inference_id,
            session_id=self.session_id,
            seq=self._length,
            ms=self.elapsed_ms,
        )

    def append(self, event: AnyEvent) -> None:
        """Append an event made from `stamp()`. Done and error end the log.

        Raises:
            ValueError: the log has ended, or the event is stamped for another place.
        """
        if event.seq != self._length or event.inference_id != self.inference_id:
            raise ValueError(f"event {event.seq} does not belong at {self._length}")
        self._check_open()
        self._events[self._length] = event
        self._write(_EVENT, event.ms, "")
        self._characters += _characters(event)
        if isinstance(event, DoneEvent | ErrorEvent):
            self._ending = event
        self._wake(self._ending is not None)

    def append_text(self, channel: TextChannel, text: str) -> None:
        """Append text of the answer or of the reasoning; an empty text is no event.

        Raises:
            ValueError: the log has ended.
        """
        self._check_open()
        kind = _TOKEN if channel == "llm:token" else _REASONING
        if text:
            self._write(kind, self.elapsed_ms, text)
            self._wake(False)

    def add_output(self, output: StepOutput) -> None:
        """Store a step's output beside the events."""
        self._outputs.append(output)

    def pack(self) -> None:
        """Store the text of a finished log as one string, which takes less memory."""
        if self._ending is not None and self._texts is self._live:
            self._texts = _Packed(self._live.parts)
            self._live = _Parts()
            if self._times[-1] < 2**32:  # 49 days
                self._times = array("I", self._times)

    # --- reading, on any thread -------------------------------------------------------------

    @property
    def last_seq(self) -> int:
        """The `seq` of the newest entry; -1 for an empty log."""
        return self._length - 1

    @property
    def ending(self) -> DoneEvent | ErrorEvent | None:
        """The terminal event; None while the run is live."""
        return self._ending

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the inference began, on the monotonic clock."""
        return int((self._now() - self._started_at) * 1000)

    @property
    def size(self) -> int:
        """Roughly the memory that the log takes, in bytes."""
        media = sum(map(len, self.media.values()))
        return self._characters + 17 * self._length + 1_000 * len(self._events) + media

    def outputs(self, after: int = -1) -> list[StepOutput]:
        """The outputs of steps after the cursor `after`."""
        return [output for output in self._outputs if output.seq > after]

    def text(self, channel: TextChannel) -> str:
        """The whole answer, or the whole reasoning, so far."""
        return "".join(
            event.token if isinstance(event, TokenEvent) else event.text
            for event in self.read()
            if isinstance(event, TokenEvent | ReasoningEvent) and event.channel == channel
        )

    def read(
        self, after: int = -1, *, stops: Iterable[int] = (), max_characters: int | None = None
    ) -> list[AnyEvent]:
        """Everything after the cursor `after`, adjacent texts joined.

        Args:
            after: the `seq` of the last entry that the reader has.
            stops: other cursors of the same reader. Joined events end at each of them, so a reader
                that gets an event twice gets the same event both times.
            max_characters: stop after the event that reaches this size, counting its text and 300
                characters for each event.
        """
        end = self._length
        cuts = sorted({stop + 1 for stop in stops if after < stop < end - 1})
        events: list[AnyEvent] = []
        position, size = after + 1, 0
        for limit in [*cuts, end]:
            while position < limit:
                event, position = self._joined_event(position, limit)
                events.append(event)
                if max_characters is not None:
                    size += _characters(event)
                    if size >= max_characters:
                        return events
        return events

    async def follow(self, after: int = -1) -> AsyncGenerator[AnyEvent, None]:
        """Yield every event after the cursor `after` when it is appended, up to the terminal one.

        On the loop thread only. Closing the generator ends the subscription.
        """
        has_news = asyncio.Event()
        unsubscribe = self.subscribe(lambda _: has_news.set())
        try:
            while True:
                has_news.clear()
                for event in self.read(after):
                    after = event.last_seq
                    yield event
                if self._ending is not None and after >= self.last_seq:
                    return
                await has_news.wait()
        finally:
            unsubscribe()

    def subscribe(self, wake: Wake) -> Callable[[], None]:
        """Call `wake` on the loop thread after every append, until the result is called."""
        self._wakes = (*self._wakes, wake)

        def unsubscribe() -> None:
            self._wakes = tuple(other for other in self._wakes if other is not wake)

        return unsubscribe

    def _check_open(self) -> None:
        if self._ending is not None:
            raise ValueError(f"{self.inference_id} has ended; nothing may follow")

    def _write(self, kind: int, ms: int, text: str) -> None:
        self._kinds.append(kind)
        self._times.append(ms)
        self._indexes.append(self._tokens)
        self._live.parts.append(text)
        self._characters += len(text)
        self._tokens += kind == _TOKEN
        self._length += 1  # last, so that a reader on another thread sees only whole entries

    def _wake(self, urgent: bool) -> None:
        for wake in self._wakes:
            try:
                wake(urgent)
            except Exception:
                _log.exception("A reader of %s cannot be woken", self.inference_id)

    def _joined_event(self, first: int, limit: int) -> tuple[AnyEvent, int]:
        """The event at `first`, joined with adjacent texts before `limit`, and the next one."""
        kind = self._kinds[first]
        if kind == _EVENT:
            return self._events[first], first + 1
        # No text is empty, so more entries than this are never joined.
        kinds = self._kinds[first : min(limit, first + MAX_JOINED_CHARACTERS)]
        count = len(kinds) - len(kinds.lstrip(bytes([kind])))
        texts = self._texts
        text = texts.join(first, first + count)
        while len(text) > MAX_JOINED_CHARACTERS and count > 1:
            count //= 2
            text = texts.join(first, first + count)
        stamp = Stamp(
            inference_id=self.inference_id,
            session_id=self.session_id,
            seq=first,
            ms=self._times[first],
        )
        if kind == _TOKEN:
            index = self._indexes[first]
            return TokenEvent(**stamp, token=text, index=index, count=count), first + count
        return ReasoningEvent(**stamp, text=text, count=count), first + count


def _characters(event: AnyEvent) -> int:
    match event:
        case TokenEvent(token=text) | ReasoningEvent(text=text) | ToolEvent(arguments_delta=text):
            return 300 + len(text)
        case NoticeEvent(text=text) | ThinkingEvent(status=text) | ErrorEvent(error=text):
            return 300 + len(text)
        case _:
            return 300
