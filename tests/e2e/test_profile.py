"""Nothing in a browser's profile gives access to the host: history, sessions, storage, cache."""

import contextlib
import http.client
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Playwright, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.chromium import PATIENCE_MS, headless, new_page, wait_until_ready, with_profile
from tests.e2e.app import answer, ask
from tests.e2e.profile import texts
from tests.host_process import HostProcess
from tests.way_in import Entry, new_link

pytestmark = pytest.mark.browser
SECRET = re.compile(rb"(?<![\w-])[\w-]{43}(?![\w-])")
"""Every secret of the host has 43 characters."""
TAB = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TICKET = re.compile(rb"ticket=([\w-]{22}\.[\w-]{43})")
QUESTION = "a tide that was asked about"


def visit(page: Page, link: str) -> tuple[str, str]:
    """Use the program like a user; returns the tab's id and its key."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(link)
    wait_until_ready(page)
    ask(page, QUESTION)
    expect(answer(page)).to_have_text(QUESTION)
    page.reload()
    wait_until_ready(page)
    tab, name = page.evaluate("[sessionStorage.getItem('tidewire.tab'), window.name]")
    assert name.startswith("tidewire:")
    return tab, name.removeprefix("tidewire:")


def test_nothing_in_a_profile_lets_anybody_in(playwright: Playwright, tmp_path: Path) -> None:
    """While the host runs, both with the browser open and right after it was closed."""
    profile = tmp_path / "profile"
    command = ("shell", "serve", "--no-open", "--data-dir", str(tmp_path / "data"))
    with HostProcess(*command, "--provider", "echo") as program:
        ready = program.json_line()
        links = [str(ready["url"]), new_link(ready)]
        context = with_profile(playwright, profile)
        pages = [context.pages[0], new_page(context)]
        tabs = dict(visit(page, link) for page, link in zip(pages, links, strict=True))
        # A third tab gets access by the others, like a duplicated tab.
        third = new_page(context)
        third.goto(links[0].partition("#")[0])
        wait_until_ready(third)
        check_profile(profile, ready, tabs)
        context.close()
        tab_ids = check_profile(profile, ready, tabs)
        assert set(tabs) <= {tab.decode() for tab in tab_ids}, (
            "this test does not find what is kept"
        )


def check_profile(profile: Path, ready: dict[str, object], tabs: dict[str, str]) -> set[bytes]:
    """Search the profile for known secrets, and try all possible ones; returns the tabs' ids."""
    content = b"\n".join(texts(profile))
    secrets = [*tabs.values(), str(ready["token"])]
    assert not [secret for secret in secrets if secret.encode() in content]
    ids, host = set(TAB.findall(content)), urlsplit(str(ready["url"])).netloc
    keys = {key.decode() for key in SECRET.findall(content)}
    tickets = {ticket.decode() for ticket in TICKET.findall(content)}
    assert accepted_secrets(host, (tab.decode() for tab in ids), keys, tickets) == []
    assert [key for key in keys if can_make_link(host, key)] == []
    return ids


def accepted_secrets(
    host: str, tabs: Iterable[str], keys: Iterable[str], tickets: Iterable[str]
) -> list[str]:
    """The tickets and keys that the host accepts."""
    entries = [(ticket, Entry(ticket=ticket)) for ticket in tickets]
    entries += [(key, Entry(tab=tab, key=key)) for tab in tabs for key in keys]
    accepted = []
    for text, entry in entries:
        with (
            contextlib.suppress(ConnectionClosed, AssertionError),
            connect(f"ws://{host}/door", origin=Origin(f"http://{host}")) as socket,
        ):
            socket.send(entry.greeting())
            socket.send(entry.proof(socket.recv(30)))
            assert "welcome" in str(socket.recv(30))
            accepted.append(text)
    return accepted


def can_make_link(host: str, token: str) -> bool:
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("POST", "/link", headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    connection.close()
    return response.status == 200


def test_a_used_link_opens_nothing_and_says_what_helps(
    playwright: Playwright, tmp_path: Path
) -> None:
    """Also in the same browser. A refused tab works again when a new link is opened in it."""
    command = ("shell", "serve", "--no-open", "--data-dir", str(tmp_path / "data"))
    with (
        HostProcess(*command, "--provider", "echo") as program,
        headless(playwright) as browser,
    ):
        ready = program.json_line()
        context = browser.new_context()
        visit(new_page(context), str(ready["url"]))
        for browser_context in (context, browser.new_context()):
            page = new_page(browser_context)
            page.goto(str(ready["url"]))
            expect(page.get_by_role("alert")).to_contain_text("tidewire link")
        assert page.evaluate("location.hash") == ""
        page.goto(new_link(ready))
        expect(page.get_by_role("alert")).to_be_hidden()
        page.evaluate("window.llm.ready()")
