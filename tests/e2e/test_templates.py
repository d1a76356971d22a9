"""Prompt templates: the slash menu, the form with its preview, and the library."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from tests.e2e.app import App, Kind, answer, box, running, wait_for_end
from tests.e2e.axe import grave

REVIEW = """---
name: Review
description: Reviews a piece of code
inputs:
  code: {type: text, title: Code, required: true}
---
{% system %}You review {{ language }}.{% endsystem %}
Review this:
{{ code }}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, kind: Kind) -> Path:
    data = tmp_path_factory.mktemp(f"templates-{kind}")
    (data / "templates").mkdir()
    (data / "templates" / "review.md").write_text(REVIEW, "utf-8")
    return data


@pytest.fixture(scope="module")
def app(kind: Kind, playwright: Playwright, data: Path) -> Iterator[App]:
    with running(kind, playwright, data) as started:
        yield started


def test_a_template_is_filled_in_shown_and_sent_by_the_keyboard(app: App, data: Path) -> None:
    page = app.page()
    box(page).press_sequentially("/rev")
    expect(page.get_by_role("option", name="/review")).to_be_visible()
    box(page).press("ArrowDown")
    box(page).press("Enter")
    form = page.get_by_role("dialog", name="Review")
    expect(form.get_by_label("Code")).to_be_visible()
    assert grave(page) == []
    form.get_by_label("language").fill("Go")
    form.get_by_label("Code").fill("x ``` y")
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_role("region", name="Instructions for this chat")).to_contain_text(
        "You review Go."
    )
    # The pasted text cannot close its code fence.
    expect(form.get_by_role("region", name="Message")).to_contain_text("````\nx ``` y\n````")
    assert grave(page) == []
    expect(page.locator(".message")).to_have_count(0)
    form.get_by_role("button", name="Send").click()
    wait_for_end(page)
    expect(answer(page)).to_contain_text("Review this")
    with sqlite3.connect(data / "conversations.db") as connection:
        [(stored,)] = connection.execute("SELECT entry FROM templates").fetchall()
        prompts = connection.execute("SELECT system_prompt FROM conversations").fetchall()
    assert prompts == [("You review Go.",)]
    template = json.loads(stored)
    assert template["name"] == "review"
    assert template["values"] == {"language": "Go", "code": "x ``` y"}


def questions(data: Path) -> list[dict[str, object]]:
    """The templates of the stored questions, in their order."""
    with sqlite3.connect(data / "conversations.db") as connection:
        rows = connection.execute("SELECT entry FROM templates ORDER BY message").fetchall()
    return [json.loads(stored) for (stored,) in rows]


def test_the_form_of_a_message_makes_another_version_of_it(app: App, data: Path) -> None:
    page = app.page()
    box(page).press_sequentially("/rev")
    expect(page.get_by_role("option", name="/review")).to_be_visible()
    box(page).press("ArrowDown")
    box(page).press("Enter")
    form = page.get_by_role("dialog", name="Review")
    form.get_by_label("language").fill("Go")
    form.get_by_label("Code").fill("x")
    form.get_by_role("button", name="Preview").click()
    form.get_by_role("button", name="Send").click()
    wait_for_end(page)
    path = data / "templates" / "review.md"
    path.write_text(REVIEW.replace("Review this", "Look at this"), "utf-8")
    page.get_by_role("button", name="Edit form").click()
    expect(form.get_by_label("language")).to_have_value("Go")
    expect(
        form.get_by_text("The template has changed since this message was sent.")
    ).to_be_visible()
    assert grave(page) == []
    form.get_by_label("language").fill("Rust")
    form.get_by_label("Code").press("Control+Enter")
    expect(form.get_by_role("region", name="Message")).to_contain_text("Look at this")
    form.get_by_role("button", name="Send").click()
    wait_for_end(page, 2)
    expect(page.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    expect(answer(page)).to_contain_text("Look at this")
    before, after = questions(data)[-2:]
    assert (before["values"], after["values"]) == (
        {"language": "Go", "code": "x"},
        {"language": "Rust", "code": "x"},
    )
    assert before["version"] != after["version"]


def library(page: Page) -> Locator:
    """Open the library from the slash menu; returns its section."""
    box(page).press_sequentially("/")
    expect(page.get_by_role("option", name="All templates…")).to_be_visible()
    box(page).press("ArrowUp")
    box(page).press("Enter")
    section = page.get_by_role("tabpanel", name="Templates")
    expect(section.get_by_text("/review", exact=True)).to_be_visible()
    return section


def item(section: Locator, name: str) -> Locator:
    return section.get_by_role("listitem").filter(
        has=section.page.get_by_text(f"/{name}", exact=True)
    )


def choose(section: Locator, name: str, action: str) -> None:
    """Choose an action in the menu of a template."""
    section.get_by_role("button", name=f"More actions for {name}", exact=True).click()
    section.page.get_by_role("menuitem", name=action, exact=True).click()


def test_a_template_is_written_checked_saved_and_brought_back(app: App, data: Path) -> None:
    page = app.page()
    section = library(page)
    assert grave(page) == []
    section.get_by_role("button", name="New template").click()
    editor = page.get_by_role("dialog", name="New template")
    editor.get_by_role("textbox", name="Name").fill("work/letter")
    text = editor.get_by_role("textbox", name="Text of the template")
    text.fill("Dear {{ name }},\n{{ text|nothing }}")
    expect(editor.get_by_text("Line 2, column 9: There is no filter 'nothing'")).to_be_visible()
    expect(text).to_have_attribute("aria-invalid", "true")
    assert grave(page) == []
    editor.get_by_role("button", name="Go to the line").press("Enter")
    expect(text).to_be_focused()
    assert text.evaluate("element => element.selectionStart") == len("Dear {{ name }},\n") + 8
    text.fill("Dear {{ name }},\nhello")
    form = editor.get_by_role("region", name="Preview")
    form.get_by_role("textbox", name="name").fill("Ann")
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_role("region", name="Message")).to_contain_text("Dear Ann,")
    # The preview follows the typed text.
    text.fill("Dear {{ name }},\ngood evening")
    expect(form.get_by_role("region", name="Message")).to_contain_text("good evening")
    text.press("Control+s")
    editor = page.get_by_role("dialog", name="Edit work/letter")
    text = editor.get_by_role("textbox", name="Text of the template")
    expect(editor.get_by_text("Saved.")).to_be_visible()
    path = data / "templates" / "work" / "letter.md"
    assert path.read_text("utf-8") == "Dear {{ name }},\ngood evening"

    text.fill("second")
    editor.get_by_role("button", name="Save").click()
    editor.get_by_text("Earlier versions").click()
    editor.get_by_role("button", name="Show the version of").click()
    expect(text).to_have_value("Dear {{ name }},\ngood evening")
    editor.get_by_role("button", name="Back to my text").click()
    expect(text).to_have_value("second")
    editor.get_by_role("button", name="Show the version of").click()
    expect(text).to_have_value("Dear {{ name }},\ngood evening")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_text("Saved.")).to_be_visible()
    assert path.read_text("utf-8") == "Dear {{ name }},\ngood evening"

    # Unsaved changes are restored when the editor is opened again.
    text.fill("half a thought")
    page.keyboard.press("Escape")
    expect(item(section, "work/letter")).to_contain_text("Unsaved changes")
    section.get_by_role("button", name="Edit work/letter").click()
    expect(text).to_have_value("half a thought")
    # Another program has written the file meanwhile: neither text is lost.
    path.write_text("of another program", "utf-8")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("alert")).to_contain_text("was changed elsewhere")
    editor.get_by_role("button", name="Load the saved version").click()
    expect(text).to_have_value("of another program")
    editor.get_by_role("button", name="Back to my text").click()
    expect(text).to_have_value("half a thought")
    editor.get_by_role("button", name="Discard changes").click()
    expect(text).to_have_value("of another program")
    page.keyboard.press("Escape")
    expect(editor).to_have_count(0)


def test_templates_are_found_moved_deleted_imported_and_exported(
    app: App, data: Path, tmp_path: Path
) -> None:
    folder = data / "templates"
    (folder / "broken.md").write_text("---\nname: [\n---\n", "utf-8")
    page = app.page()
    section = library(page)
    broken = item(section, "broken")
    expect(broken.get_by_role("alert")).to_contain_text("Line 3, column 1: This is not valid YAML")
    section.get_by_role("searchbox", name="Search templates").fill("piece of code")
    expect(section.get_by_text("1 template", exact=True)).to_be_visible()
    expect(broken).to_have_count(0)
    section.get_by_role("searchbox", name="Search templates").fill("")

    choose(section, "broken", "Duplicate")
    expect(item(section, "broken-2")).to_be_visible()
    choose(section, "broken-2", "Rename or move")
    name = section.get_by_role("textbox", name="Name. A slash makes a folder.")
    expect(name).to_be_focused()
    name.fill("old/broken")
    name.press("Enter")
    expect(section.get_by_role("heading", name="old")).to_be_visible()
    assert (folder / "old" / "broken.md").is_file()
    choose(section, "old/broken", "Delete")
    expect(item(section, "old/broken")).to_have_count(0)
    assert not (folder / "old" / "broken.md").exists()
    page.get_by_role("button", name="Undo").click()
    expect(item(section, "old/broken")).to_be_visible()
    for each in ("old/broken", "broken"):
        choose(section, each, "Delete")
        expect(item(section, each)).to_have_count(0)

    yaml, invalid = tmp_path / "voice.yaml", tmp_path / "wrong.json"
    yaml.write_text("system: You speak like $voice\nprompt: 'Sum up: $input'\n", "utf-8")
    invalid.write_text("[1]", "utf-8")
    section.get_by_label("Import templates").set_input_files([yaml, invalid])
    expect(section.get_by_text("Imported voice.")).to_be_visible()
    expect(section.get_by_role("alert")).to_contain_text("wrong.json: ")
    more = section.get_by_role("button", name="More actions for voice")
    more.click()
    export = page.get_by_role("menuitem", name="Export")
    if app.kind == "browser":
        with page.expect_download() as download:
            export.click()
        assert download.value.suggested_filename == "voice.md"
        path = tmp_path / "voice.md"
        download.value.save_as(path)
    else:
        export.click()
        notice = section.get_by_text("Saved to ").inner_text()
        path = Path(notice.removeprefix("Saved to ").strip())
    assert path.read_text("utf-8") == (folder / "voice.md").read_text("utf-8")
    assert "You speak like {{ voice }}" in path.read_text("utf-8")
    assert grave(page) == []
