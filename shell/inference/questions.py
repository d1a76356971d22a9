"""Asks the person what the server of a running call wants to know, and stops the call's clock."""

import asyncio

from shell.contract import (
    Elicitation,
    ElicitationAnswer,
    ElicitationEvent,
    NoticeCode,
    NoticeEvent,
)
from shell.inference.form_values import check_values
from shell.inference.log import InferenceLog
from shell.inference.watchdog import Watchdog
from shell.support.text import clean
from shell.tools.asker import CANCELLED, Reply

CALL_S = 60.0
"""How long a call may take without progress."""
LONGEST_CALL_S = 600.0
"""How long a call may take, and how long it has for what the person does on a page."""
ANSWER_S = 600.0
"""How long the person has to answer."""
CANCEL_S = 5.0
"""How long a call that the person has cancelled may take to end."""
MAX_QUESTIONS = 20
"""Most questions of one call; it gets no answer to more."""


class CallTime:
    """The time limit of a running call. Loop thread only."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._began = self._loop.time()
        self._paused_at: float | None = None

    def extend(self, by_s: float = CALL_S) -> None:
        """Give the call this much time from now, within its longest time."""
        if self._paused_at is None:
            end = min(self._loop.time() + by_s, self._began + LONGEST_CALL_S)
            self._timeout.reschedule(end)

    def pause(self) -> None:
        """Stop the clock."""
        self._paused_at = self._loop.time()
        self._timeout.reschedule(None)

    def resume(self, by_s: float) -> None:
        """Let the clock run on. The time since `pause` does not count."""
        if self._paused_at is not None:
            self._began += self._loop.time() - self._paused_at
            self._paused_at = None
            self.extend(by_s)


class Questions:
    """The questions of one running call, one at a time. Loop thread only.

    Args:
        log: the run's.
        watchdog: the run's deadlines; they stand still while a person is asked.
        call_id: the call.
        time: the call's time limit, which stands still as well.
    """

    def __init__(self, log: InferenceLog, watchdog: Watchdog, call_id: str, time: CallTime) -> None:
        self._log = log
        self._watchdog = watchdog
        self._call_id = call_id
        self._time = time
        self._turn = asyncio.Lock()
        self._open: Elicitation | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._left = MAX_QUESTIONS
        self._has_ended = False
        self._refused: set[str] = set()
        self.is_cancelled = False
        """Whether the person has cancelled the call."""

    @property
    def is_open(self) -> bool:
        """Whether a person is asked."""
        return self._open is not None

    async def ask(self, asked: Elicitation) -> Reply:
        """Show it to the person and wait for the answer."""
        async with self._turn:
            if self._left <= 0 or self._log.ending is not None:
                return CANCELLED
            self._left -= 1
            self._open = asked
            reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            self._reply = reply
            self._watchdog.pause()
            self._time.pause()
            self._log.append(
                ElicitationEvent(**self._log.stamp(), call_id=self._call_id, elicitation=asked)
            )
            try:
                await asyncio.wait({reply}, timeout=ANSWER_S)
            finally:
                self._take(CANCELLED)
            return reply.result()

    def refuse(self, text: str) -> None:
        """Tell the person that something was asked that is not shown, and why."""
        if text in self._refused or len(self._refused) >= MAX_QUESTIONS:
            return
        self._refused.add(text)
        self._log.append(
            NoticeEvent(**self._log.stamp(), code=NoticeCode.ELICITATION_REFUSED, text=clean(text))
        )

    def answer(self, answer: ElicitationAnswer) -> bool:
        """Take the person's answer. False if somebody has answered before.

        Raises:
            ValidationFailed: with every wrong field; the question stays open.
        """
        asked = self._open
        if asked is None or asked.id != answer.elicitation_id:
            return False
        values = check_values(asked.fields, answer.values) if answer.action == "accept" else {}
        if answer.action == "cancel":
            self.is_cancelled = True
            self._left = 0
        self._take(Reply(answer.action, values))
        return True

    def cancel(self) -> None:
        """Give the server no answer to the open question."""
        self._take(CANCELLED)

    def close(self) -> None:
        """Give no answer any more, because the call has ended."""
        self._left = 0
        self._has_ended = True
        self._take(CANCELLED)

    def _take(self, reply: Reply) -> None:
        asked, self._open = self._open, None
        if asked is None or self._reply is None:
            return
        self._reply.set_result(reply)
        self._watchdog.resume()
        if not self._has_ended:
            is_page = asked.url is not None and reply.action == "accept"
            more_s = LONGEST_CALL_S if is_page else CALL_S
            self._time.resume(CANCEL_S if self.is_cancelled else more_s)
        if self._log.ending is None:
            self._log.append(
                ElicitationEvent(**self._log.stamp(), call_id=self._call_id, action=reply.action)
            )
