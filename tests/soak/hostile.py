"""Every hostile text in the real page: as an answer, and as the name of whatever has a name."""

from functools import partial

from tests.chromium import driver
from tests.page.hostile import TEXTS, hostile_pages, in_conversations
from tests.page.places import everywhere, exported, harm_of_file
from tests.page.trap import trapped
from tests.soak.result import Check, Result

NAMES = 30
"""So many of everything at once that each place shows all of them."""


def all_texts() -> Result:
    """Show them all, some in each conversation; the first that does harm is named."""
    found: list[str] = []
    with driver() as playwright, hostile_pages(playwright) as pages:
        for some in in_conversations(TEXTS):
            found += pages.harm_of(some)
    return outcome(found)


def names(start: int) -> Result:
    """Every place that shows a text of somebody's, with each of some texts."""
    some = TEXTS[start : start + NAMES]
    with driver() as playwright, everywhere(playwright, some) as places:
        harm = places.harm()
    return outcome([f"{place}: {each}" for place, all_ in harm.items() for each in all_], len(some))


def all_exports() -> Result:
    """All of them in one exported page, opened from the disk."""
    with driver() as playwright, trapped(playwright) as (browser, trap):
        return outcome([*harm_of_file(browser, trap, exported(TEXTS))])


def outcome(found: list[str], texts: int = len(TEXTS)) -> Result:
    """Nothing may be found."""
    first = found[0] if found else None
    return Result(not found, {"texts": texts, "harm": len(found), "first": first})


CHECKS: dict[str, Check] = {
    "all_texts": all_texts,
    "all_exports": all_exports,
    # Apart, so that each has a browser of its own and can be run alone.
    **{f"names_{start}": partial(names, start) for start in range(0, len(TEXTS), NAMES)},
}
