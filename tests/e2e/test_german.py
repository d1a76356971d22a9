"""Errors of the host are shown in German, with quotations of the provider's own text."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from shell.contract import PreferencesChange
from shell.providers.custom import CustomProvider, add
from shell.settings import SettingsFile
from tests.chromium import headless, new_page, wait_until_ready
from tests.e2e.app import WATCH, running
from tests.e2e.model_server import model_server

pytestmark = pytest.mark.browser

ENGLISH = {"the", "is", "was", "not", "and", "your", "this", "with", "answer", "server", "key"}
"""Words that no German sentence contains."""


@pytest.fixture(scope="module")
def german(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page in German, with the custom servers `harbour`, and `locked`, which needs a key."""
    data = tmp_path_factory.mktemp("german")
    SettingsFile(data).change(PreferencesChange(language="de"))
    with model_server() as server, model_server("sk-good-key-of-the-harbour") as locked:
        for name, model_server_of_name in (("harbour", server), ("locked", locked)):
            model = f"{name}-1"
            model_server_of_name.models = [model]
            add(
                data,
                CustomProvider(
                    id=name,
                    label=name.capitalize(),
                    base_url=model_server_of_name.url,
                    default_model=model,
                    key_env="TIDEWIRE_NOBODY" if name == "locked" else None,
                ),
                set(),
            )
        with (
            running("browser", playwright, data) as app,
            headless(playwright) as browser,
        ):
            page = new_page(browser.new_context())
            page.add_init_script(WATCH)
            page.goto(app.url)
            wait_until_ready(page)
            yield page


def check_german(element: Locator) -> str:
    """Check that an element has no English words outside quotations."""
    expect(element).to_be_visible()
    text = element.inner_text()
    ours = "".join(part.partition("“")[2] if "“" in part else part for part in text.split("„"))
    german_words = {word.strip(".,:;()!?").lower() for word in ours.split()}
    assert not german_words & ENGLISH, text
    return text


def ask_in_new_chat(page: Page, question: str, model: str | None = None) -> None:
    """Ask a question in a new chat."""
    page.keyboard.press("Control+Shift+O")
    box = page.get_by_role("textbox", name="Nachricht")
    expect(box).to_have_value("")
    if model is not None:
        page.get_by_role("button", name="anderes Modell wählen").click()
        page.keyboard.type(model)
        page.locator(f"[data-model='{model}']").first.click()
    expect(box).to_be_focused()
    box.fill(question)
    box.press("Enter")


def test_the_sidebar_has_room_for_its_german_words(german: Page) -> None:
    labels = german.locator("nav .truncate").filter(has_text=re.compile("^(Einstellungen|Import)$"))
    expect(labels).to_have_count(2)
    assert labels.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)") == [0, 0]
    search = german.get_by_role("searchbox", name="Suchen")
    search.fill(search.get_attribute("placeholder") or "")
    assert search.evaluate("field => field.scrollWidth - field.clientWidth") == 0
    search.fill("")


def test_a_wait_and_a_stop_before_the_first_word_are_german(german: Page) -> None:
    ask_in_new_chat(german, "/stall")
    pending_answer = german.locator("article.assistant")
    expect(pending_answer).to_contain_text("Das Modell wird gefragt …")
    check_german(pending_answer)
    german.keyboard.press("Escape")
    expect(pending_answer).to_contain_text("Angehalten, bevor Text kam.")
    check_german(pending_answer)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("/error API_KEY_ERROR", "Der Schlüssel wurde nicht angenommen."),
        ("/error CONTENT_FILTER", "Der Anbieter hat es abgelehnt, darauf zu antworten."),
        ("/error UNKNOWN_ERROR", "Etwas ist unerwartet schiefgegangen."),
    ],
)
def test_a_failure_is_german(german: Page, question: str, sentence: str) -> None:
    ask_in_new_chat(german, question)
    banner = german.locator(".error")
    expect(banner).to_contain_text(sentence)
    check_german(banner)
    expect(german.locator("p.visually-hidden[role=status]")).to_have_text(f"Fehler: {sentence}")


def test_a_rate_limit_is_german_and_the_provider_is_quoted(german: Page) -> None:
    ask_in_new_chat(german, "a limited question", "harbour-1")
    banner = german.locator(".error")
    expect(banner).to_contain_text("Zu viele Anfragen in kurzer Zeit.")
    expect(banner).to_contain_text("Der Anbieter schreibt: „")
    check_german(banner)


def test_a_refusal_quotes_the_provider(german: Page) -> None:
    ask_in_new_chat(german, "refuse too bold", "harbour-1")
    banner = german.locator(".error")
    expect(banner).to_contain_text("„")
    check_german(banner)


def test_a_wrong_key_in_the_settings_is_german(german: Page) -> None:
    german.keyboard.press("Control+,")
    dialog = german.get_by_role("dialog")
    card = dialog.get_by_role("listitem").filter(has_text="Locked").first
    expect(card).to_be_visible()
    card.get_by_label("Schlüssel für Locked").fill("sk-bad-key-of-nobody-at-all")
    card.get_by_role("button", name="Prüfen").click()
    outcome = card.get_by_role("status")
    expect(outcome).to_contain_text("Der Schlüssel wurde nicht angenommen.")
    check_german(outcome)
    german.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_requests_and_recordings_are_german(german: Page, tmp_path: Path) -> None:
    ask_in_new_chat(german, "Wie tief?", "harbour-1")
    expect(german.locator("article.assistant")).to_contain_text("served: Wie tief?")
    german.get_by_role("button", name="Mehr zu dieser Antwort").click()
    german.get_by_role("menuitem", name="Übertragung anzeigen").click()
    panel = german.get_by_role("complementary", name="Übertragung")
    for name in ("Anfrage", "Antwort"):
        expect(panel.get_by_role("region", name=name)).to_be_visible()
    check_german(panel)
    german.keyboard.press("Control+Shift+l")
    german.get_by_role("textbox", name="Nachricht").fill("Wie kalt?")
    panel = german.get_by_role("complementary", name="Anfrage anzeigen")
    expect(panel.get_by_role("group", name="Inhalt")).to_contain_text("Wie kalt?")
    check_german(panel)
    german.keyboard.press("Control+Shift+O")
    expect(panel).to_have_count(0)
    german.get_by_role("button", name="Menü", exact=True).click()
    german.get_by_role("menuitem", name="Aufzeichnung öffnen").click()
    dialog = german.get_by_role("dialog", name="Aufzeichnung")
    path = tmp_path / "poem.jsonl"
    path.write_text("a poem", "utf-8")
    dialog.locator("input[type=file]").set_input_files(path)
    expect(dialog.get_by_role("alert")).to_contain_text("keine vollständige Aufzeichnung")
    check_german(dialog)
    german.keyboard.press("Escape")


def test_a_file_without_conversations_is_german(german: Page, tmp_path: Path) -> None:
    path = tmp_path / "poem.json"
    path.write_text("a poem", "utf-8")
    german.keyboard.press("Control+,")
    dialog = german.get_by_role("dialog")
    dialog.get_by_role("tab", name="Daten").click()
    dialog.get_by_label("Importieren").and_(german.locator("input")).set_input_files(path)
    message = dialog.get_by_text("Das ist kein Export von Tidewire oder ChatGPT.")
    expect(message).to_be_visible()
    check_german(message)
    german.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
