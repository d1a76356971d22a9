"""Measures how fast Ctrl+C ends an answer of the embedded model and all processes."""

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
    """Measure from the signal to `llm:done`, and until no process of the program remains."""
    end_delays_s: list[float] = []
    exit_delays_s: list[float] = []
    statuses: set[int] = set()
    for _ in range(TIMES):
        with started("ask", STORY, "--json", "--max-tokens", "2000") as program:
            until_it_answers(program)
            started_at = time.monotonic()
            program.send(signal.SIGINT)
            while program.line()["channel"] != "llm:done":
                pass
            end_delays_s.append(time.monotonic() - started_at)
            statuses.add(program.finish().status)
            while program.process_ids() and time.monotonic() - started_at < 2 * LONGEST_EXIT_S:
                time.sleep(0.01)
            exit_delays_s.append(time.monotonic() - started_at)
    ok = (
        max(end_delays_s) <= LONGEST_END_S
        and max(exit_delays_s) <= LONGEST_EXIT_S
        and statuses == {130}
    )
    return Result(
        ok,
        {
            "times": TIMES,
            "medianEndMs": round(statistics.median(end_delays_s) * 1000),
            "longestEndMs": round(max(end_delays_s) * 1000),
            "longestUntilGoneMs": round(max(exit_delays_s) * 1000),
            "statuses": str(sorted(statuses)),
        },
    )


CHECKS: dict[str, Check] = {"ask": ask}
