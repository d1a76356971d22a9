"""Delivers one window's feed to its page, one push at a time."""

import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it loads the contract, which is not needed to open a window
    from shell.bridge.feed import Feed, Push

OnValue = Callable[[object], None]
RunScript = Callable[[str, OnValue], None]
"""Runs a script in the page and hands its value to `OnValue`: from any thread, at most once, and
perhaps never (the page may be reloading or closed)."""

PUSH_INTERVAL_S = 0.008
"""Least time between two pushes, unless something urgent waits."""
RETRY_SECONDS = 0.25
"""First pause after a push that the page did not accept; doubles up to `LONGEST_RETRY_SECONDS`."""
LONGEST_RETRY_SECONDS = 5.0
ANSWER_SECONDS = 10.0
"""Time without an answer after which a push is sent again."""


class Pump:
    """A daemon thread with one push in flight.

    When idle it pushes at once, then at most once in 8 ms, except for urgent items. A push counts
    when the page answers it. Until then the feed returns the same push again, so a missing answer
    (a reload, a crashed renderer) costs time and nothing else.
    """

    def __init__(self, feed: "Feed", run_script: RunScript, on_push: Callable[[], None]) -> None:
        """The pump's thread calls `on_push` after every push that the page answered."""
        self._feed = feed
        self._run_script = run_script
        self._on_push = on_push
        self._changed = threading.Condition()
        self._awake = False
        self._urgent = False
        self._closed = False
        self._pushing: Push | None = None
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)

    def start(self) -> threading.Thread:
        """Start the thread; from now on the feed wakes this pump. Returns the thread."""
        self._thread.start()
        self._feed.on_wake(self.wake)
        return self._thread

    def wake(self, urgent: bool) -> None:
        """Report that the feed has items. From any thread; cheap if this is known already."""
        if self._awake and (self._urgent or not urgent) and not self._is_outdated():
            # Needs no lock: `_run` clears the flags before it reads the feed, and the feed has the
            # new item before this call.
            return
        with self._changed:
            self._awake = True
            self._urgent = self._urgent or urgent
            self._changed.notify()

    def close(self) -> None:
        """End soon, even during a push. From any thread; does not wait."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    # --- inside: the pump's own thread ------------------------------------------------------

    def _run(self) -> None:
        pushed_at = -PUSH_INTERVAL_S
        while self._wait_for_items(pushed_at + PUSH_INTERVAL_S):
            push = self._feed.next()
            if push is None:
                continue
            pushed_at = time.monotonic()
            self._pushing = push
            if not self._deliver(push):
                return
            self._pushing = None

    def _wait_for_items(self, not_before: float) -> bool:
        """Wait until there are items to push, but not before `not_before`. False: closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._awake)
            pause = not_before - time.monotonic()
            if pause > 0:
                self._changed.wait_for(lambda: self._closed or self._urgent, pause)
            self._awake = self._urgent = False
            return not self._closed

    def _deliver(self, push: "Push") -> bool:
        """Push until the page has answered or another load has replaced it. False: closed."""
        # A page without `__shell` answers like a page that refuses the push. The page compares
        # the answer itself: not every web view returns lists, and PySide never frees a string.
        load = json.dumps(push.load)
        expected = json.dumps(f"[{load},{push.number}]")
        call = f"window.__shell?.receive({load},{push.number},[{push.items}])"
        script = f"JSON.stringify({call})==={expected}"
        retry = RETRY_SECONDS
        while not self._is_over(push):
            if self._push(push, script) in (True, "true"):
                if self._feed.acknowledge(push.load, push.number):
                    self.wake(False)
                self._on_push()
                return True
            with self._changed:
                self._changed.wait_for(lambda: self._is_over(push), retry)
            retry = min(2 * retry, LONGEST_RETRY_SECONDS)
        self.wake(False)
        return not self._closed

    def _push(self, push: "Push", script: str) -> object:
        """Run the script; returns its value, or None without one."""
        answers: list[object] = []

        def answer(value: object) -> None:
            with self._changed:
                answers.append(value)
                self._changed.notify()

        self._run_script(script, answer)
        with self._changed:
            self._changed.wait_for(lambda: answers or self._is_over(push), ANSWER_SECONDS)
        return answers[0] if answers else None

    def _is_outdated(self) -> bool:
        """Whether the push in flight was for a load that has been replaced."""
        pushing = self._pushing
        return pushing is not None and pushing.load != self._feed.load

    def _is_over(self, push: "Push") -> bool:
        return self._closed or self._feed.load != push.load
