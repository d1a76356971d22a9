"""Shows the questions of a running call's server to the person, and stops the call's clock."""

import asyncio

from shell.contract import Elicitation, ElicitationAnswer, ElicitationEvent, NoticeCode, NoticeEvent
from shell.inference.form_values import check_values
from shell.inference.log import InferenceLog
from shell.inference.watchdog import Watchdog
from shell.support.text import clean
from shell.tools.asker import ANSWER_S, CANCELLED, LONGEST_CALL_S, Reply

CALL_S = 60.0
"""How long a call may take without progress."""
CANCEL_S = 5.0
"""How long a call that the person has cancelled may take to end."""
MAX_QUESTIONS = 20
"""Most questions of one call. Further ones are cancelled at once."""


class CallTime:
    """The time limit of a running call. Loop thread only."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._started_at = self._loop.time()
        self._paused_at: float | None = None

    def extend(self, extension_s: float = CALL_S) -> None:
        """Give the call this much time from now, within its longest time."""
        if self._paused_at is None:
            end_at = min(self._loop.time() + extension_s, self._started_at + LONGEST_CALL_S)
            self._timeout.reschedule(end_at)

    def pause(self) -> None:
        """Stop the clock."""
        self._paused_at = self._loop.time()
        self._timeout.reschedule(None)

    def resume(self, extension_s: float) -> None:
        """Restart the clock with this much time. The time since `pause` does not count."""
        if self._paused_at is not None:
            self._started_at += self._loop.time() - self._paused_at
            self._paused_at = None
            self.extend(extension_s)


class Questions:
    """The questions of one running call, one at a time. Loop thread only.

    Args:
        log: the run's.
        watchdog: the run's deadlines, which are paused while a question is open.
        call_id: the call.
        time: the call's time limit, which is paused as well.
    """

    def __init__(self, log: InferenceLog, watchdog: Watchdog, call_id: str, time: CallTime) -> None:
        self._log = log
        self._watchdog = watchdog
        self._call_id = call_id
        self._time = time
        self._lock = asyncio.Lock()
        self._open: Elicitation | None = None
        self._reply_future: asyncio.Future[Reply] | None = None
        self._remaining = MAX_QUESTIONS
        self._has_ended = False
        self._refusals: set[str] = set()
        self.is_cancelled = False
        """Whether the person has cancelled the call."""

    @property
    def is_open(self) -> bool:
        """Whether a question waits for an answer."""
        return self._open is not None

    async def ask(self, elicitation: Elicitation) -> Reply:
        """Show a question to the person and wait for the answer, at most `ANSWER_S`."""
        async with self._lock:
            if self._remaining <= 0 or self._log.ending is not None:
                return CANCELLED
            self._remaining -= 1
            self._open = elicitation
            reply_future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            self._reply_future = reply_future
            self._watchdog.pause()
            self._time.pause()
            self._log.append(
                ElicitationEvent(
                    **self._log.stamp(), call_id=self._call_id, elicitation=elicitation
                )
            )
            try:
                await asyncio.wait({reply_future}, timeout=ANSWER_S)
            finally:
                self._close_question(CANCELLED)
            return reply_future.result()

    def refuse(self, text: str) -> None:
        """Notify the person that a question is not shown, and why."""
        if text in self._refusals or len(self._refusals) >= MAX_QUESTIONS:
            return
        self._refusals.add(text)
        self._log.append(
            NoticeEvent(**self._log.stamp(), code=NoticeCode.ELICITATION_REFUSED, text=clean(text))
        )

    def answer(self, answer: ElicitationAnswer) -> bool:
        """Take the person's answer. False if somebody has answered before.

        Raises:
            ValidationFailed: with every wrong field; the question stays open.
        """
        elicitation = self._open
        if elicitation is None or elicitation.id != answer.elicitation_id:
            return False
        is_accepted = answer.action == "accept"
        values = check_values(elicitation.fields, answer.values) if is_accepted else {}
        if answer.action == "cancel":
            self.is_cancelled = True
            self._remaining = 0
        self._close_question(Reply(answer.action, values))
        return True

    def cancel(self) -> None:
        """Cancel the open question. The server gets the answer `cancel`."""
        self._close_question(CANCELLED)

    def close(self) -> None:
        """Cancel the open question and all later ones, because the call has ended."""
        self._remaining = 0
        self._has_ended = True
        self._close_question(CANCELLED)

    def _close_question(self, reply: Reply) -> None:
        elicitation, self._open = self._open, None
        if elicitation is None or self._reply_future is None:
            return
        self._reply_future.set_result(reply)
        self._watchdog.resume()
        if not self._has_ended:
            opens_page = elicitation.url is not None and reply.action == "accept"
            extension_s = LONGEST_CALL_S if opens_page else CALL_S
            self._time.resume(CANCEL_S if self.is_cancelled else extension_s)
        if self._log.ending is None:
            self._log.append(
                ElicitationEvent(**self._log.stamp(), call_id=self._call_id, action=reply.action)
            )
