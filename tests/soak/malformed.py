"""Checks that malformed requests are refused in less than 0.1 s and change nothing."""

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings

from tests.bridge.test_validation import CORPUS, Desk, malformed, refuse_corpus
from tests.engine.host import Host
from tests.soak.result import Check, Result
from tests.virtual_loop import VirtualLoop

GENERATED = 3_000
ALLOWED_S = 0.1


def requests() -> Result:
    """Send the corpus, then generated requests. The first ones also build the validators."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(_requests())
    finally:
        loop.close()


async def _requests() -> Result:
    host = Host()
    desk = Desk(host)
    refuse_corpus(desk)

    @settings(
        max_examples=GENERATED,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(malformed())
    def refuse(case: tuple[str, dict[str, object], set[str]]) -> None:
        method, params, paths = case
        assert paths <= set(desk.refuse(method, params)), "every fault is named at once"

    refuse()
    await host.engine.close()
    figures = {
        "corpus": len(CORPUS),
        "generated": GENERATED,
        "slowestMs": round(desk.slowest_s * 1000, 1),
    }
    return Result(desk.slowest_s < ALLOWED_S, figures)


CHECKS: Mapping[str, Check] = {"requests": requests}
