"""Shows every hostile text in the real page, as an answer and as a name."""

from functools import partial

from tests.chromium import driver
from tests.page.hostile import TEXTS, hostile_pages, in_conversations
from tests.page.places import everywhere, exported, harm_of_file
from tests.page.trap import trapped
from tests.soak.result import Check, Result

NAMES = 30
"""How many names to use at once, so that each place shows all of them."""


def all_texts() -> Result:
    """Show all texts, some in each conversation; the result names the first harmful one."""
    harm: list[str] = []
    with driver() as playwright, hostile_pages(playwright) as pages:
        for texts_of_page in in_conversations(TEXTS):
            harm += pages.harm_of(texts_of_page)
    return outcome(harm)


def names(start: int) -> Result:
    """Show some texts in every place of the page that shows a name."""
    texts_of_page = TEXTS[start : start + NAMES]
    with driver() as playwright, everywhere(playwright, texts_of_page) as places:
        harm = places.harm()
    return outcome(
        [f"{place}: {text}" for place, harmful in harm.items() for text in harmful],
        len(texts_of_page),
    )


def all_exports() -> Result:
    """Open one exported page with all texts from the disk."""
    with driver() as playwright, trapped(playwright) as (browser, trap):
        return outcome([*harm_of_file(browser, trap, exported(TEXTS))])


def outcome(harm: list[str], texts: int = len(TEXTS)) -> Result:
    """The result, which fails if a text did harm."""
    first = harm[0] if harm else None
    return Result(not harm, {"texts": texts, "harm": len(harm), "first": first})


CHECKS: dict[str, Check] = {
    "all_texts": all_texts,
    "all_exports": all_exports,
    # Separate checks, so that each has its own browser and can run alone.
    **{f"names_{start}": partial(names, start) for start in range(0, len(TEXTS), NAMES)},
}
