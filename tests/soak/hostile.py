"""Every hostile text in the real page: final, and again after a reload."""

from tests.chromium import driver
from tests.page.hostile import TEXTS, hostile_pages, in_conversations
from tests.soak.result import Check, Result


def all_texts() -> Result:
    """Show them all, some in each conversation; the first that does harm is named."""
    found: list[str] = []
    with driver() as playwright, hostile_pages(playwright) as pages:
        for some in in_conversations(TEXTS):
            found += pages.harm_of(some)
    first = found[0] if found else None
    return Result(not found, {"texts": len(TEXTS), "harm": len(found), "first": first})


CHECKS: dict[str, Check] = {"all_texts": all_texts}
