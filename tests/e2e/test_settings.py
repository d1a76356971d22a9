"""Settings, models, and files that go out and come in."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.app import App, Kind, answer, ask, box, running, wait_for_end

SECRET = "sk-canary-5f1c9a7e-not-a-real-key-9Zx4"


@pytest.fixture
def app(
    kind: Kind,
    playwright: Playwright,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[App]:
    """A program for each test: what one chooses, the next must not see. It reaches no provider."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")  # nobody listens there
    with running(kind, playwright, tmp_path_factory.mktemp("settings")) as started:
        yield started


def settings(page: Page) -> None:
    page.keyboard.press("Control+Comma")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


def test_a_theme_and_a_language_stay(page: Page) -> None:
    box(page).fill("half a thought")
    settings(page)
    page.get_by_label("Appearance").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_label("Language").select_option("de")
    german = page.get_by_role("textbox", name="Nachricht")
    expect(german).to_have_value("half a thought")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.evaluate("sessionStorage.removeItem('tidewire.language')")  # as in a new window
    page.reload()
    expect(german).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_key_goes_one_way(page: Page) -> None:
    settings(page)
    field = page.get_by_label("Key for OpenAI")
    field.fill(SECRET)
    field.press("Enter")
    there = re.compile(f"^Key ending in {SECRET[-4:]}, ")
    expect(field).to_have_attribute("placeholder", there)
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("OpenAI")
    expect(field).to_have_value("")
    shown = page.evaluate(
        "document.documentElement.outerHTML"
        " + JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"
    )
    assert SECRET not in shown
    page.get_by_role("button", name="Remove the key").click()
    expect(field).to_have_attribute("placeholder", "Paste a key")


def test_a_model_is_chosen_for_a_conversation(page: Page) -> None:
    ask(page, "first")
    wait_for_end(page, 1)
    page.get_by_role("button", name="choose another model").click()
    panel = page.get_by_role("dialog", name="Models")
    expect(panel.get_by_role("searchbox")).to_be_focused()
    expect(panel).to_contain_text("on this computer")
    page.keyboard.type("echo")
    panel.locator("[data-model=echo]").click()
    expect(panel).to_have_count(0)
    expect(box(page)).to_be_focused()
    ask(page, "second")
    wait_for_end(page, 2)
    expect(answer(page)).to_have_text("second")


def test_an_own_server_is_added_and_taken_away_again(page: Page) -> None:
    settings(page)
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("button", name="Ollama").click()
    dialog.get_by_role("button", name="Add", exact=True).click()
    added = dialog.get_by_role("listitem").filter(has_text="Ollama")
    expect(added).to_be_visible()
    added.get_by_role("button", name="Remove").click()
    expect(added).to_have_count(0)


def test_a_conversation_goes_out_and_comes_in_again(page: Page, app: App, tmp_path: Path) -> None:
    ask(page, "take me with you")
    wait_for_end(page, 1)
    item = page.locator("[data-conversation]")
    item.press("Shift+F10")
    export = page.get_by_role("menuitem", name="Export as JSON")
    if app.kind == "browser":
        with page.expect_download() as download:
            export.click()
        path = tmp_path / "exported.json"
        download.value.save_as(path)
    else:
        export.click()
        said = page.get_by_text("Written to ").inner_text()
        path = Path(said.removeprefix("Written to ").strip())
    assert "take me with you" in json.dumps(json.loads(path.read_text("utf-8")))
    item.press("Delete")
    expect(item).to_have_count(0)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("came in")).to_be_visible()


def test_a_backup_is_made_and_put_back(page: Page) -> None:
    ask(page, "worth keeping")
    wait_for_end(page, 1)
    settings(page)
    page.get_by_role("button", name="Back up now").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("was made")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="New chat").click()
    ask(page, "said after it")
    wait_for_end(page, 2)
    expect(page.locator("[data-conversation]")).to_have_count(2)
    settings(page)
    page.get_by_role("button", name="Restore").first.click()
    page.get_by_role("button", name="Replace everything with this").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("as it was then")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("[data-conversation]")).to_have_text(["worth keeping"])
