"""Has another user of the machine race the browser for its ticket, 200 times."""

from tests.bridge.test_other_users import BROWSERS, race_the_browser
from tests.soak.result import Check, Result

RACES = 200


def races() -> Result:
    """Count the responses and files that the other user got, and the races that it did not see."""
    token_count = read_count = unseen = 0
    for number in range(RACES):
        report = race_the_browser(list(BROWSERS.values())[number % len(BROWSERS)])
        token_count += len(report["got"])
        read_count += sum("tidewire.html" in str(name) for name in report["read"])
        unseen += not report["seen"]
    figures = {"races": RACES, "came_in": token_count, "files_read": read_count, "not_seen": unseen}
    return Result(token_count + read_count + unseen == 0, figures)


CHECKS: dict[str, Check] = {"races": races}
