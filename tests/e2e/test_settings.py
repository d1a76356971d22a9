"""Settings, models, imports, exports and backups."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from tests.e2e.app import App, Kind, answer, ask, box, running, wait_for_end
from tests.store.test_restored_providers import HEADER, hostile
from tests.store.test_restored_providers import fresh as fresh_database

SECRET = "sk-canary-5f1c9a7e-not-a-real-key-9Zx4"


@pytest.fixture(scope="module", autouse=True)
def no_real_providers() -> Iterator[None]:
    """Remove the keys of providers, so that no test reaches a real one."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
            environment.delenv(name, raising=False)
        environment.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")  # nobody listens there
        yield


@pytest.fixture(scope="module")
def app(
    kind: Kind,
    playwright: Playwright,
    tmp_path_factory: pytest.TempPathFactory,
    no_real_providers: None,
) -> Iterator[App]:
    """A program whose settings the tests change."""
    with running(kind, playwright, tmp_path_factory.mktemp("settings")) as started:
        yield started


@pytest.fixture
def fresh(kind: Kind, playwright: Playwright, tmp_path: Path) -> Iterator[Page]:
    """A page of a separate program, for changes that would affect the pages of other tests."""
    with running(kind, playwright, tmp_path) as started:
        page = started.page()
        yield page
        assert page.evaluate("window.seen.violations") == []


def settings(page: Page, section: str = "Providers") -> Locator:
    """Open the settings at a section; returns the dialog."""
    page.keyboard.press("Control+Comma")
    dialog = page.get_by_role("dialog", name="Settings")
    expect(dialog.get_by_role("tab", selected=True)).to_be_focused()
    tab = dialog.get_by_role("tab", name=section)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    return dialog


def test_a_theme_and_a_language_stay(fresh: Page) -> None:
    box(fresh).fill("half a thought")
    dialog = settings(fresh, "Appearance")
    dialog.get_by_label("Appearance").and_(fresh.locator("select")).select_option("dark")
    expect(fresh.locator("html")).to_have_attribute("data-theme", "dark")
    dialog.get_by_label("Text size").select_option("large")
    expect(fresh.locator("html")).to_have_css("font-size", "18px")
    dialog.get_by_label("Language").select_option("de")
    german = fresh.get_by_role("textbox", name="Nachricht")
    expect(german).to_have_value("half a thought")
    expect(fresh.locator("html")).to_have_attribute("lang", "de")
    fresh.evaluate("sessionStorage.removeItem('tidewire.language')")  # as in a new window
    fresh.reload()
    expect(german).to_be_visible()
    expect(fresh.locator("html")).to_have_attribute("data-theme", "dark")
    expect(fresh.locator("html")).to_have_css("font-size", "18px")


def test_a_mirrored_page_is_asked_for_in_the_file(fresh: Page) -> None:
    dialog = settings(fresh, "Data")
    path = Path(dialog.get_by_text("settings.json").inner_text())
    path.write_text('{"language": "en-XB"}', "utf-8")
    dialog.get_by_role("tab", name="Appearance").click()
    # The file is read again before it is written.
    dialog.get_by_label("Text size").select_option("small")
    expect(fresh.locator("html")).to_have_attribute("dir", "rtl")
    expect(fresh.get_by_role("button", name="[New chat]").first).to_be_visible()


def test_a_key_goes_one_way(page: Page) -> None:
    dialog = settings(page)
    field = page.get_by_label("Key for OpenAI")
    # A refused value stays in the field, to be corrected.
    field.fill("a key with spaces")
    field.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Couldn't do that.")
    expect(field).to_have_value("a key with spaces")
    field.fill(SECRET)
    field.press("Enter")
    placeholder = re.compile(f"^Key ending in {SECRET[-4:]}, ")
    expect(field).to_have_attribute("placeholder", placeholder)
    # The test of the key fails, because no server runs there, and the message says what helps.
    expect(dialog.get_by_role("status").filter(has_text="Check your internet")).to_be_visible()
    expect(field).to_have_value("")
    page_state = page.evaluate(
        "document.documentElement.outerHTML"
        " + JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"
    )
    assert SECRET not in page_state
    page.get_by_role("button", name="Remove key").click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(field).to_have_attribute("placeholder", "Paste an API key")


def test_limits_and_defaults_are_kept_or_said(page: Page) -> None:
    dialog = settings(page, "Limits")
    limit = dialog.get_by_label("Complete answer to a script")
    limit.fill("0.5")
    limit.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("from 1 to 600")
    expect(limit).to_have_value("0.5")
    limit.fill("90.5")
    dialog.get_by_role("tab", name="Models").click()  # a typed value is saved without Enter
    instructions = dialog.get_by_label("Instructions")
    instructions.fill("Answer like a sailor.")
    dialog.get_by_label("Model default").uncheck()
    dialog.get_by_label("Maximum answer length").fill("500")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.reload()
    expect(box(page)).to_be_visible()
    dialog = settings(page, "Models")
    expect(instructions).to_have_value("Answer like a sailor.")
    expect(dialog.get_by_label("Temperature")).to_have_value("0.7")
    expect(dialog.get_by_label("Maximum answer length")).to_have_value("500")
    # The arrow keys switch between sections.
    dialog.get_by_role("tab", name="Models").press("ArrowDown")
    expect(limit).to_have_value("90.5")
    dialog.get_by_role("button", name="Reset to default").click()
    expect(limit).to_have_value("120")


def test_keys_are_changed(page: Page) -> None:
    dialog = settings(page, "Shortcuts")
    field = dialog.get_by_role("button", name=re.compile("^Show or hide sidebar"))
    field.click()
    page.keyboard.press("Control+c")
    expect(dialog.get_by_role("alert")).to_contain_text("used to edit text")
    page.keyboard.press("Control+k")
    expect(dialog.get_by_role("alert")).to_contain_text("Search conversations")
    page.keyboard.press("Control+j")
    expect(field).to_have_text("Ctrl J")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    sidebar = page.get_by_role("button", name="New chat")
    expect(sidebar.first).to_be_visible()
    page.keyboard.press("Control+j")
    expect(page.get_by_role("button", name="Show sidebar")).to_be_visible()
    page.keyboard.press("Control+b")  # means nothing any more
    expect(page.get_by_role("button", name="Show sidebar")).to_be_visible()
    page.keyboard.press("Control+j")
    page.keyboard.press("Control+Slash")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Show or hide sidebarCtrl J")
    sheet.get_by_role("button", name="Change shortcuts").click()
    dialog.get_by_role("button", name="Reset all to default").click()
    expect(field).to_have_text("Ctrl B")
    page.keyboard.press("Escape")
    expect(box(page)).to_be_focused()


def test_a_model_is_chosen_for_a_conversation(page: Page) -> None:
    ask(page, "first")
    wait_for_end(page, 1)
    page.keyboard.press("Control+Shift+m")
    panel = page.get_by_role("dialog", name="Models")
    field = panel.get_by_role("combobox", name="Search models")
    expect(field).to_be_focused()
    expect(panel).to_contain_text("on this computer")
    page.keyboard.type("echo")
    expect(panel.get_by_role("option").first).to_have_attribute("data-model", "echo")
    expect(panel.get_by_role("option", name="Smol")).to_have_count(0)
    panel.get_by_role("button", name="Add echo to favorites").press("Enter")
    expect(panel.get_by_role("button", name="Remove echo from favorites")).to_be_focused()
    field.fill("no such model")
    expect(panel.get_by_text("No models match “no such model”.")).to_be_visible()
    field.fill("")
    expect(panel.get_by_role("group").first).to_have_accessible_name("Favorites")
    field.press("End")
    field.press("Home")
    field.press("Enter")
    expect(panel).to_have_count(0)
    expect(box(page)).to_be_focused()
    ask(page, "second")
    wait_for_end(page, 2)
    expect(answer(page)).to_have_text("second")
    page.keyboard.press("Control+Shift+m")
    panel.locator("summary", has_text="Needs setup").click()
    panel.get_by_role("button", name="Set API key").first.click()
    expect(panel).to_have_count(0)
    expect(page.get_by_label("Key for OpenAI")).to_be_visible()


def test_an_own_server_is_added_and_taken_away_again(page: Page) -> None:
    dialog = settings(page)
    dialog.get_by_role("button", name="vLLM").click()
    # No server runs there: a message says so, and the address can be changed before adding it.
    expect(dialog.get_by_text("vLLM isn't responding")).to_be_visible()
    expect(dialog.get_by_label("Address")).to_have_value("http://127.0.0.1:8000/v1")
    dialog.get_by_label("Address").fill("127.0.0.1:9")
    dialog.get_by_role("button", name="Add", exact=True).click()
    added = dialog.get_by_role("listitem").filter(has_text="vLLM")
    expect(added).to_be_focused()
    expect(added.get_by_role("status").filter(has_text="127.0.0.1:9/v1")).to_be_visible()
    expect(added.get_by_role("status").filter(has_text="Check your internet")).to_be_visible()
    added.get_by_role("button", name="Remove").click()
    expect(added).to_have_count(0)
    dialog.get_by_role("button", name="Undo").click()
    expect(added).to_be_visible()
    dialog.get_by_role("button", name="Other server").click()
    dialog.get_by_label("Name").fill("vLLM")
    dialog.get_by_label("Address").fill("http://model.example/v1")
    expect(dialog.get_by_text("This connection isn't encrypted")).to_be_visible()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Couldn't do that.")
    expect(dialog.get_by_label("Address")).to_have_value("http://model.example/v1")


def test_a_conversation_goes_out_and_comes_in_again(page: Page, app: App, tmp_path: Path) -> None:
    ask(page, "take me with you")
    wait_for_end(page, 1)
    item = page.locator("[data-conversation]", has_text="take me with you")
    item.press("Shift+F10")
    export = page.get_by_role("menuitem", name="Export as JSON")
    if app.kind == "browser":
        with page.expect_download() as download:
            export.click()
        path = tmp_path / "exported.json"
        download.value.save_as(path)
    else:
        export.click()
        notice = page.get_by_text("Saved to ").inner_text()
        path = Path(notice.removeprefix("Saved to ").strip())
    assert "take me with you" in json.dumps(json.loads(path.read_text("utf-8")))
    item.press("Delete")
    expect(item).to_have_count(0)
    page.get_by_role("navigation").locator("input[type=file]").set_input_files(path)
    # It was deleted, not purged, so that it is restored with its own id.
    expect(page.get_by_text("Nothing new: this conversation is already here.")).to_be_visible()
    expect(item).to_have_count(1)


def restore_button(page: Page, name: str) -> Locator:
    """The button of the backup with this name. The program makes its own backups after 20 s."""
    return page.get_by_title(name).get_by_role("button", name="Restore")


def test_a_backup_is_made_and_put_back(page: Page) -> None:
    ask(page, "worth keeping")
    wait_for_end(page, 1)
    conversations = page.locator("[data-conversation]")
    expect(conversations.first).to_have_text("worth keeping")
    before = conversations.all_inner_texts()
    settings(page, "Data")
    page.get_by_role("button", name="Back up now").click()
    notice = page.get_by_text("Backup saved as")
    name = (notice.text_content() or "").removeprefix("Backup saved as ").removesuffix(".")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="New chat").click()
    ask(page, "said after it")
    wait_for_end(page, 2)
    expect(conversations).to_have_text(["said after it", *before])
    settings(page, "Data")
    restore_button(page, name).click()
    page.get_by_role("button", name="Replace everything with this backup").click()
    expect(page.get_by_text("Backup restored.")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(conversations).to_have_text(before)


def test_a_restore_asks_about_each_provider_of_a_backup(
    kind: Kind, playwright: Playwright, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    (tmp_path / "made").mkdir()
    database = fresh_database(tmp_path / "made")
    hostile(database, backups / "tidewire-stranger.zip", "http://127.0.0.1:9")
    with running(kind, playwright, tmp_path) as started:
        page = started.page()
        settings(page, "Data")
        restore_button(page, "tidewire-stranger.zip").click()
        provider = page.get_by_role("checkbox", name="Provider stranger")
        default = page.get_by_role("checkbox", name="New chats use stranger, model-a")
        titles = page.get_by_role("checkbox", name="Titles by stranger, model-a")
        for checkbox in (provider, default, titles):
            expect(checkbox).not_to_be_checked()
        group = page.get_by_role("group").filter(has=provider)
        for detail in ("http://127.0.0.1:9/v1", "SOMEBODYS_API_KEY", "X-Trap"):
            expect(group).to_contain_text(detail)
        expect(group).not_to_contain_text(HEADER)
        provider.check()
        page.get_by_role("button", name="Replace everything with this backup").click()
        expect(page.get_by_text("Backup restored.")).to_be_visible()
        content = json.loads((tmp_path / "providers.json").read_text("utf-8"))
        assert [stored_provider["id"] for stored_provider in content["providers"]] == ["stranger"]
        assert "stranger" not in (tmp_path / "settings.json").read_text("utf-8")
        # The dialog does not ask again about an approved provider.
        restore_button(page, "tidewire-stranger.zip").click()
        expect(default).to_be_visible()
        expect(provider).to_have_count(0)
        assert page.evaluate("window.seen.violations") == []
