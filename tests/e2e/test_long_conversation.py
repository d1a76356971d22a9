"""A conversation of 10,000 messages and 200 tool results, with a model of 8,000 tokens context."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from shell.conversations.history import SUMMARY
from shell.providers.custom import CustomProvider, add
from shell.store.database import Connection
from shell.store.exchange.portable import ConversationWriter
from shell.store.store import Store
from tests.chromium import PATIENCE_MS
from tests.e2e.app import App, Kind, answer, ask, box, running, until, wait_for_end
from tests.e2e.model_server import ModelServer, model_server
from tests.store.test_compactions import check_calls, long_conversation

MESSAGES, RESULTS = 10_000, 200
TITLE = "Ten thousand messages"
MODEL = "harbour-small"
WINDOW = """
date = 2026-11-29
[[model]]
provider = "harbour"
match = "harbour-small"
context = 8_000
tools = true
price = [0.0, 0.0]
"""
SUMMARIZED_MS = 120_000
"""Timeout for about thirty requests on a busy machine."""
QUESTION = "And tomorrow?"
COUNT = "document.querySelectorAll('.message').length"


@pytest.fixture(scope="module")
def server(kind: Kind) -> Iterator[ModelServer]:
    """One server for each shell."""
    with model_server(models=[MODEL]) as started:
        yield started


def prepare(data: Path, server: ModelServer) -> None:
    """Write the conversation, and add the server with its context window."""
    store = Store(data)
    store.open()
    conversation = long_conversation(MESSAGES, RESULTS)
    conversation.title = TITLE
    writer = ConversationWriter(conversation)

    def write(connection: Connection) -> None:
        writer.begin(connection)
        while writer.add(connection, 1_000):
            pass

    store.database.write(write).result()
    store.close()
    (data / "models.toml").write_text(WINDOW, "utf-8")
    add(data, CustomProvider(id="harbour", base_url=server.url, default_model=MODEL), set())


@pytest.fixture(scope="module")
def app(
    kind: Kind,
    playwright: Playwright,
    server: ModelServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[App]:
    data = tmp_path_factory.mktemp("long")
    prepare(data, server)
    with running(kind, playwright, data, "harbour") as started:
        yield started


def fold(page: Page) -> Locator:
    return page.get_by_role("region", name="Earlier messages are summarized")


def read_earlier(page: Page) -> None:
    """Scroll up until earlier messages are loaded."""
    count_before = page.evaluate(COUNT)
    page.get_by_role("log").press("Home")
    until(page, f"{COUNT} > {count_before}")


def find_fold(page: Page) -> None:
    while fold(page).count() == 0:
        read_earlier(page)
    fold(page).scroll_into_view_if_needed()


def press(button: Locator) -> None:
    """Press by the keyboard, because a button may move while earlier rows are inserted above it."""
    button.press("Enter")


def sent(server: ModelServer) -> bytes:
    """The newest request for an answer. One for a summary may come right after it."""
    return next(
        body
        for body in reversed(server.bodies)
        if json.loads(body)["messages"][-1]["content"] == QUESTION
    )


def regenerate(page: Page, end_count: int) -> None:
    page.get_by_role("log").press("End")
    expect(page.get_by_role("button", name="Jump to end")).to_have_count(0)
    press(page.get_by_role("button", name="Regenerate", exact=True).last)
    wait_for_end(page, end_count)
    expect(answer(page)).to_contain_text(f"served: {QUESTION}")


def test_a_long_conversation_opens_scrolls_is_summarized_and_sent_again(
    page: Page, server: ModelServer
) -> None:
    page.locator("[data-conversation]").filter(has_text=TITLE).click()
    expect(page.locator(".message.assistant").last).to_contain_text("At ten past two.")
    assert page.evaluate(COUNT) < 100, "only the newest stand in the page"
    for _ in range(5):
        read_earlier(page)
    expect(page.get_by_role("group", name="Tool call almanac").first).to_be_attached()
    page.get_by_role("button", name="Jump to end").click()
    expect(page.locator(".message.assistant").last).to_be_in_viewport()

    ask(page, QUESTION)
    wait_for_end(page)
    expect(answer(page)).to_contain_text(f"served: {QUESTION}")
    before = sent(server)
    assert check_calls(before.decode()) > 0
    expect(page.get_by_text("oldest messages do not fit").first).to_be_visible()

    # The context is full and the model is free, so that the summary starts without a question.
    bar = page.get_by_text("Summarizing earlier messages")
    expect(bar).to_be_visible()
    server.may_summarize.set()
    expect(bar).to_have_count(0, timeout=SUMMARIZED_MS)
    find_fold(page)
    assert len(server.bodies) > 20, "in pieces"
    press(fold(page).locator("summary"))
    expect(fold(page)).to_contain_text(server.summary)
    press(fold(page).get_by_role("button", name="Edit"))
    fold(page).get_by_role("textbox", name="Summary").fill("They talked of the tide for years.")
    press(fold(page).get_by_role("button", name="Save"))
    expect(fold(page)).to_contain_text("edited")

    regenerate(page, 2)
    first = json.loads(sent(server))["messages"][0]["content"]
    assert first.startswith(SUMMARY)
    assert "They talked of the tide for years." in first
    assert len(sent(server)) < len(before)
    check_calls(sent(server).decode())

    find_fold(page)
    press(fold(page).get_by_role("button", name="Undo"))
    expect(fold(page)).to_contain_text("All messages are sent")
    regenerate(page, 3)
    assert sent(server) == before, "the exact earlier request"
    box(page).fill("The box still takes words.")
    expect(box(page)).to_have_value("The box still takes words.", timeout=PATIENCE_MS)
