"""Ctrl-C in the middle of an answer of the embedded model: how soon it ends, and what is left."""

import signal
import statistics
import time

from tests.command import started
from tests.providers.test_model_process import STORY, until_it_answers
from tests.soak.result import Check, Result

TIMES = 20
LONGEST_END_S = 1.0
LONGEST_EXIT_S = 3.0


def ask() -> Result:
    """From the signal to `llm:done`, and until no process of the program is left."""
    ends: list[float] = []
    gone: list[float] = []
    statuses: set[int] = set()
    for _ in range(TIMES):
        with started("ask", STORY, "--json", "--max-tokens", "2000") as program:
            until_it_answers(program)
            began = time.monotonic()
            program.send(signal.SIGINT)
            while program.line()["channel"] != "llm:done":
                pass
            ends.append(time.monotonic() - began)
            statuses.add(program.rest().status)
            while program.family() and time.monotonic() - began < 2 * LONGEST_EXIT_S:
                time.sleep(0.01)
            gone.append(time.monotonic() - began)
    ok = max(ends) <= LONGEST_END_S and max(gone) <= LONGEST_EXIT_S and statuses == {130}
    return Result(
        ok,
        {
            "times": TIMES,
            "medianEndMs": round(statistics.median(ends) * 1000),
            "longestEndMs": round(max(ends) * 1000),
            "longestUntilGoneMs": round(max(gone) * 1000),
            "statuses": str(sorted(statuses)),
        },
    )


CHECKS: dict[str, Check] = {"ask": ask}
