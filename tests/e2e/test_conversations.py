"""Stored conversations: opening, searching, branching and organizing them."""

import json
import re
import signal
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect

from tests.e2e.app import App, Kind, answer, ask, box, running, until, wait_for_end
from tests.tools.processes import until_now


def new_chat(page: Page) -> None:
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".message")).to_have_count(0)


def conversation(page: Page, title: str) -> None:
    """Open a conversation by its title."""
    page.get_by_role("navigation").get_by_role("button", name=title, exact=True).click()


def test_conversations_are_listed_and_opened(page: Page) -> None:
    ask(page, "about the tide in spring")
    wait_for_end(page, 1)
    new_chat(page)
    ask(page, "about boats in winter")
    wait_for_end(page, 2)
    expect(page.locator("[data-conversation]").first).to_have_text("about boats in winter")
    expect(page.locator("[data-conversation]").nth(1)).to_have_text("about the tide in spring")
    conversation(page, "about the tide in spring")
    expect(answer(page)).to_have_text("about the tide in spring")
    expect(box(page)).to_be_focused()
    page.reload()
    expect(answer(page)).to_have_text("about the tide in spring")


def test_an_edit_is_a_branch_and_the_old_one_stays(page: Page) -> None:
    ask(page, "one question")
    wait_for_end(page, 1)
    ask(page, "the second question")
    wait_for_end(page, 2)
    box(page).press("ArrowUp")
    editor = page.get_by_role("textbox", name="Edit your question")
    expect(editor).to_be_focused()
    editor.fill("another second question")
    editor.press("Enter")
    wait_for_end(page, 3)
    expect(page.locator(".message.user")).to_have_text(["one question", "another second question"])
    expect(answer(page)).to_have_text("another second question")
    page.get_by_role("button", name="Previous version").click()
    expect(answer(page)).to_have_text("the second question")
    page.get_by_role("button", name="Next version").click()
    expect(answer(page)).to_have_text("another second question")
    page.reload()
    expect(answer(page)).to_have_text("another second question")


def test_another_answer_stands_beside_the_first(page: Page) -> None:
    ask(page, "again please")
    wait_for_end(page, 1)
    page.get_by_role("button", name="Regenerate").click()
    wait_for_end(page, 2)
    expect(page.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    expect(page.locator(".message.assistant")).to_have_count(1)


def test_an_answer_that_was_stopped_goes_on(page: Page) -> None:
    ask(page, "the beginning\n/stall")
    expect(answer(page)).to_have_text("the beginning")
    page.keyboard.press("Escape")
    wait_for_end(page, 1)
    page.get_by_role("button", name="Continue").click()
    until(page, "document.querySelector('[aria-busy=true]')")
    expect(answer(page)).to_contain_text("the beginning")
    expect(page.locator(".message.assistant")).to_have_count(1)
    page.keyboard.press("Escape")
    wait_for_end(page, 2)
    expect(answer(page)).to_contain_text("the beginning")


def test_what_is_searched_is_found_on_its_branch(page: Page) -> None:
    ask(page, "the word is Zwieback here")
    wait_for_end(page, 1)
    box(page).press("ArrowUp")
    editor = page.get_by_role("textbox", name="Edit your question")
    editor.fill("something else instead")
    editor.press("Enter")
    wait_for_end(page, 2)
    new_chat(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("zwieb")
    expect(page.locator("mark").first).to_have_text("Zwieb")
    hit = page.locator("[data-hits] button", has_text="the word is").last
    hit.click()
    highlighted = page.locator("[data-found]")
    expect(highlighted).to_contain_text("the word is Zwieback here")
    expect(page.locator(".message.user")).to_have_text("the word is Zwieback here")


def test_a_name_a_pin_and_a_deletion_with_its_way_back(page: Page) -> None:
    ask(page, "put me in order")
    wait_for_end(page, 1)
    item = page.locator("[data-conversation]", has_text="put me in order")
    item.focus()
    item.press("F2")
    page.keyboard.type("a better name")
    page.keyboard.press("Enter")
    item = page.locator("[data-conversation]", has_text="a better name")
    expect(item).to_be_focused()
    expect(page.get_by_role("heading", name="a better name")).to_be_visible()
    item.press("Shift+F10")
    page.get_by_role("menuitem", name="Pin", exact=True).press("Enter")
    expect(page.get_by_role("region", name="Pinned")).to_contain_text("a better name")
    item.press("Delete")
    expect(item).to_have_count(0)
    expect(page.locator(".message")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(item).to_have_count(1)
    item.click()
    expect(answer(page)).to_have_text("put me in order")
    item.press("Delete")
    expect(item).to_have_count(0)


def move_to_folder(page: Page, title: str, folder: str) -> None:
    """Move a conversation to a folder, by the keyboard alone."""
    item = page.locator("[data-conversation]", has_text=title)
    item.focus()
    item.press("Shift+F10")
    page.get_by_role("menuitem", name="Move to folder…").press("Enter")
    expect(page.get_by_role("dialog", name=f"Move “{title}” to a folder")).to_be_visible()
    page.keyboard.type(folder)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name=folder)).to_contain_text(title)
    expect(item).to_be_focused()


def test_folders_hold_conversations_and_vanish_when_they_are_empty(page: Page) -> None:
    for count, title in enumerate(("a sail", "an oar", "a bill"), 1):
        if count > 1:
            new_chat(page)
        ask(page, title)
        wait_for_end(page, count)
    move_to_folder(page, "a sail", "At sea")
    move_to_folder(page, "an oar", "At sea")
    sea = page.get_by_role("region", name="At sea")
    # Drag a conversation into the folder, and out of it again.
    bill = page.locator("[data-conversation]", has_text="a bill")
    bill.drag_to(sea)
    expect(sea.locator("[data-conversation]")).to_have_count(3)
    bill.drag_to(page.locator("[data-list]"), target_position={"x": 120, "y": 400})
    expect(sea.locator("[data-conversation]")).to_have_count(2)
    # A folder can be collapsed, and stays so after a reload.
    heading = sea.locator("[data-folder]")
    heading.press("ArrowLeft")
    expect(heading).to_have_attribute("aria-expanded", "false")
    until(page, "true")
    page.reload()
    expect(heading).to_have_attribute("aria-expanded", "false")
    expect(page.locator("[data-conversation]", has_text="a sail")).to_have_count(0)
    heading.focus()
    heading.press("F2")
    page.keyboard.type("On land")
    page.keyboard.press("Enter")
    land = page.get_by_role("region", name="On land")
    expect(land.locator("[data-folder]")).to_be_focused()
    expect(sea).to_have_count(0)
    land.locator("[data-folder]").press("ArrowRight")
    expect(land.locator("[data-conversation]")).to_have_count(2)
    land.locator("[data-folder]").press("Shift+F10")
    page.get_by_role("menuitem", name="Remove folder").press("Enter")
    expect(land).to_have_count(0)
    expect(page.locator("[data-conversation]", has_text="a sail")).to_have_count(1)
    expect(page.get_by_role("button", name="Undo").last).to_be_visible()
    page.keyboard.press("Control+z")
    expect(land.locator("[data-conversation]")).to_have_count(2)


DROP = """
(files) => {
  const dataTransfer = new DataTransfer();
  for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
  const side = document.querySelector("nav");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    side.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}
"""


def test_files_dropped_on_the_sidebar_come_in_one_after_another(page: Page) -> None:
    files = [
        [f"{name}.json", json.dumps(chatgpt_export(f"a talk about {name}"))]
        for name in ("eels", "crabs", "gulls", "kelp")
    ]
    page.evaluate(DROP, files)
    # They are old, and the list has no rows that are far below its view.
    page.get_by_role("region", name="November 2023").scroll_into_view_if_needed()
    # More imports than the host runs at a time: none of them is refused.
    for name in ("eels", "crabs", "gulls", "kelp"):
        item = page.locator("[data-conversation]", has_text=f"a talk about {name}")
        expect(item).to_have_count(1)


def chatgpt_export(title: str) -> list[dict[str, object]]:
    """A conversation as ChatGPT exports it."""

    def message(role: str, text: str) -> dict[str, object]:
        content = {"content_type": "text", "parts": [text]}
        return {"author": {"role": role}, "content": content, "create_time": 1_700_000_000}

    return [
        {
            "id": title,
            "title": title,
            "create_time": 1_700_000_000,
            "mapping": {
                "a": {"id": "a", "parent": None, "children": ["b"], "message": None},
                "b": {
                    "id": "b",
                    "parent": "a",
                    "children": ["c"],
                    "message": message("user", f"Tell me {title}"),
                },
                "c": {
                    "id": "c",
                    "parent": "b",
                    "children": [],
                    "message": message("assistant", "It is long."),
                },
            },
        }
    ]


def test_a_whole_conversation_is_copied_as_markdown(page: Page, app: App) -> None:
    if app.kind == "browser":
        page.context.grant_permissions(["clipboard-write"])
    ask(page, "what is worth copying")
    wait_for_end(page, 1)
    page.get_by_role("button", name="Conversation actions").click()
    page.get_by_role("menuitem", name="Copy as Markdown").click()
    expect(page.get_by_text("Conversation copied.")).to_be_visible()
    box(page).focus()
    page.keyboard.press("Control+v")
    expect(box(page)).to_have_value(re.compile("^# what is worth copying\\n.+what is worth", re.S))
    box(page).fill("")


def test_what_a_conversation_took_is_told(page: Page) -> None:
    ask(page, "one two three")
    wait_for_end(page, 1)
    ask(page, "and four")
    wait_for_end(page, 2)
    button = page.get_by_role("button", name="Context and cost")
    button.click()
    dialog = page.get_by_role("dialog", name="This conversation")
    expect(dialog.get_by_role("meter")).to_have_attribute("aria-valuemax", re.compile("[0-9]+"))
    expect(dialog.locator("dd").first).to_have_text("2")
    button.click()
    expect(dialog).to_be_hidden()
    ask(page, "tide\n/stall")
    until(page, "document.querySelector('[aria-busy=true]')")
    # Escape closes the dialog on top, and does not stop the answer.
    button.click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    box(page).focus()
    page.keyboard.press("Escape")
    wait_for_end(page, 3)


def test_what_is_queued_is_asked_when_the_answer_is_complete(page: Page) -> None:
    ask(page, "/rate 20\n/repeat 160 tide")
    until(page, "window.seen.tokens > 0")
    box(page).fill("the next question")
    box(page).press("Control+Enter")
    expect(box(page)).to_have_value("")
    expect(page.get_by_text("Queued: the next question")).to_be_visible()
    wait_for_end(page, 2)
    expect(answer(page)).to_have_text("the next question")
    expect(page.locator(".message.user")).to_have_count(2)


def test_a_draft_waits_in_its_conversation(page: Page) -> None:
    ask(page, "a place for a draft")
    wait_for_end(page, 1)
    box(page).fill("half a thought")
    new_chat(page)
    expect(box(page)).to_have_value("")
    conversation(page, "a place for a draft")
    expect(box(page)).to_have_value("half a thought")
    page.reload()
    expect(box(page)).to_have_value("half a thought")
    box(page).fill("")


def test_a_temporary_chat_is_on_no_disk(kind: Kind, playwright: Playwright, tmp_path: Path) -> None:
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        page.get_by_role("checkbox", name="Temporary chat").check()
        ask(page, "nobody may know Quetzalcoatl")
        wait_for_end(page, 1)
        expect(page.locator("header")).to_contain_text("Temporary chat")
        ask(page, "and once more")
        wait_for_end(page, 2)
        box(page).fill("not even a draft of Quetzalcoatl")
        assert "Quetzalcoatl" not in json.dumps(page.evaluate("({ ...localStorage })"))
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"Quetzalcoatl" not in path.read_bytes(), path


def test_a_page_shows_the_answer_that_another_page_asked_for(app: App, page: Page) -> None:
    ask(page, "first said here")
    wait_for_end(page, 1)
    second_page = app.open_another(page)
    conversation(second_page, "first said here")
    expect(answer(second_page)).to_have_text("first said here")
    ask(page, "both both\n/stall")
    expect(answer(second_page)).to_contain_text("both both")
    expect(second_page.get_by_role("button", name="Stop")).to_be_visible()
    second_page.get_by_role("button", name="Stop").click()
    assert wait_for_end(page, 2)["cancelled"] is True
    app.close_other(second_page)


def test_a_killed_host_loses_nothing_that_was_said(
    kind: Kind, playwright: Playwright, tmp_path: Path
) -> None:
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        for word in ("ebb", "tide"):
            ask(page, f"/rate 40\n/repeat 40 {word}\n/stall")
            expect(answer(page)).to_contain_text(" ".join([word] * 12))
            if word == "ebb":
                new_chat(page)
        until_now(lambda: all(is_stored(tmp_path, f"{word} " * 3) for word in ("ebb", "tide")))
        app.program.expected = -signal.SIGKILL
        app.program.process.kill()
        app.program.process.wait()
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        before = interrupted_text(page, "tide")
        page.get_by_role("button", name="Continue").click()
        start_and_stop(page, 1)
        assert answer(page).inner_text().startswith(before)
        page.locator("[data-conversation]", has_text="ebb").click()
        before = interrupted_text(page, "ebb")
        page.get_by_role("button", name="Retry").click()
        start_and_stop(page, 2)
        page.get_by_role("button", name="Previous version").click()
        expect(answer(page)).to_have_text(before)


def is_stored(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.rglob("conversations.db*"))


def interrupted_text(page: Page, word: str) -> str:
    """The stored text of an answer whose host was killed."""
    expect(answer(page)).to_contain_text(f"{word} {word} {word}")
    expect(page.locator(".message.assistant")).to_contain_text("Interrupted")
    return answer(page).inner_text()


def start_and_stop(page: Page, count: int) -> None:
    """Wait until an answer begins, and stop it."""
    until(page, "document.querySelector('[aria-busy=true]')")
    page.keyboard.press("Escape")
    wait_for_end(page, count)
