"""A user's own server: its key, its answers, its refusals."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from shell.providers.custom import CustomProvider, add
from tests.e2e.app import App, Kind, answer, ask, box, running, wait_for_end
from tests.e2e.model_server import WAIT_S, ModelServer, model_server

GOOD, BAD = "sk-good-key-of-the-harbour-4711", "sk-bad-key-of-nobody-0815"
NAME = "Harbour"
COUNTDOWN = re.compile(r"Wait (\d+) s")


@pytest.fixture(scope="module")
def server(kind: Kind) -> Iterator[ModelServer]:
    """A server without a key, one for each kind of shell."""
    with model_server() as started:
        yield started


@pytest.fixture(scope="module")
def locked() -> Iterator[ModelServer]:
    """A server that needs a key."""
    with model_server(GOOD, ["harbour-locked"]) as started:
        yield started


@pytest.fixture(scope="module")
def app(
    kind: Kind,
    playwright: Playwright,
    server: ModelServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[App]:
    """A program with the first server, whose new conversations use the echo provider."""
    data = tmp_path_factory.mktemp("servers")
    model = server.models[0]
    provider = CustomProvider(id="harbour", label=NAME, base_url=server.url, default_model=model)
    add(data, provider, set())
    with running(kind, playwright, data) as started:
        yield started


def choose(page: Page, model: str) -> None:
    """Choose another model for the conversation."""
    page.get_by_role("button", name="choose another model").click()
    page.keyboard.type(model)
    page.locator(f"[data-model='{model}']").first.click()
    expect(box(page)).to_be_focused()


def test_ones_own_server_answers(page: Page, server: ModelServer) -> None:
    choose(page, "harbour-2")
    ask(page, "how high is the water?")
    expect(answer(page)).to_have_text("served: how high is the water?")
    assert wait_for_end(page)["finishReason"] == "stop"
    assert server.questions.count("how high is the water?") == 1


def test_another_provider_answers_the_same_question(page: Page) -> None:
    ask(page, "who are you?")
    wait_for_end(page, 1)
    expect(answer(page)).to_have_text("who are you?")
    choose(page, "harbour-1")
    page.get_by_role("button", name="Regenerate").click()
    wait_for_end(page, 2)
    expect(answer(page)).to_have_text("served: who are you?")
    expect(page.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    page.get_by_role("button", name="Previous version").click()
    expect(answer(page)).to_have_text("who are you?")


def test_a_long_wait_is_counted_down_and_can_be_cut_short(page: Page, server: ModelServer) -> None:
    choose(page, "harbour-1")
    question = "a limited question"
    server.refused.discard(question)
    ask(page, question)
    banner = page.locator(".error")
    expect(banner).to_have_attribute("data-code", "RATE_LIMIT")
    assert wait_for_end(page)["retryAfterMs"] == WAIT_S * 1_000
    expect(banner).to_contain_text(COUNTDOWN)
    seconds = COUNTDOWN.search(banner.inner_text())
    assert seconds is not None
    assert int(seconds[1]) <= WAIT_S
    expect(banner).not_to_contain_text(seconds[0])  # the seconds count down
    page.get_by_role("button", name="Retry").click()
    expect(answer(page)).to_have_text(f"served: {question}")
    expect(banner).to_have_count(0)
    expect(page.locator(".message.user")).to_have_count(1)


def test_a_conversation_that_is_too_long_says_what_helps(page: Page) -> None:
    choose(page, "harbour-1")
    ask(page, "this is too long")
    banner = page.locator(".error")
    expect(banner).to_have_attribute("data-code", "CONTEXT_LENGTH")
    expect(banner).to_contain_text("larger context window")
    # The same request would fail again.
    expect(banner.get_by_role("button", name="Retry", exact=True)).to_have_count(0)
    page.get_by_role("button", name="New chat").first.click()
    expect(page.locator(".message")).to_have_count(0)


def test_a_bad_key_is_said_and_a_good_one_helps(page: Page, locked: ModelServer) -> None:
    page.keyboard.press("Control+Comma")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("button", name="Other server").click()
    dialog.get_by_label("Name", exact=True).fill("Locked")
    dialog.get_by_label("Address").fill(locked.url)
    dialog.get_by_label("API key (optional)").fill(BAD)
    dialog.get_by_role("button", name="Add", exact=True).click()
    field = page.get_by_label("Key for Locked")
    status = dialog.get_by_role("listitem").filter(has=field).get_by_role("status")
    dialog.get_by_role("listitem").filter(has=field).get_by_role("button", name="Test").click()
    expect(status).to_contain_text("This key is not known")
    field.fill(GOOD)
    field.press("Enter")
    expect(status).to_contain_text("It works")
    expect(field).to_have_value("")
    assert GOOD not in page.content()
    dialog.get_by_role("button", name="Close").click()
    choose(page, "harbour-locked")
    ask(page, "open the lock")
    expect(answer(page)).to_have_text("served: open the lock")
