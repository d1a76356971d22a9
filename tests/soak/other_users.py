"""Another user of the machine races the browser for its ticket, two hundred times."""

from tests.bridge.test_other_users import BROWSERS, race
from tests.soak.result import Check, Result

RACES = 200


def races() -> Result:
    """Count what the other user got, read or did not even see."""
    tokens = reads = unseen = 0
    for number in range(RACES):
        told = race(list(BROWSERS.values())[number % len(BROWSERS)])
        tokens += len(told["got"])
        reads += sum("tidewire.html" in str(name) for name in told["read"])
        unseen += not told["seen"]
    figures = {"races": RACES, "came_in": tokens, "files_read": reads, "not_seen": unseen}
    return Result(tokens + reads + unseen == 0, figures)


CHECKS: dict[str, Check] = {"races": races}
