"""Importing conversations from other programs."""

import json
import time
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.app import answer, ask, wait_for_end

QUESTION, ANSWER = "Why is the sea salty?", "Rivers carry **salt** into it."


def chatgpt(path: Path, title: str) -> Path:
    """Write a zip in ChatGPT's export format with one conversation; returns its path."""
    messages = [("user", QUESTION, None), ("assistant", ANSWER, "node-0")]
    now = time.time()  # the list draws what is in view, and begins with the newest
    nodes = {
        f"node-{index}": {
            "id": f"node-{index}",
            "parent": parent,
            "children": [f"node-{index + 1}"] if index + 1 < len(messages) else [],
            "message": {
                "id": f"node-{index}",
                "author": {"role": role},
                "create_time": now + index / 10,
                "content": {"content_type": "text", "parts": [text]},
            },
        }
        for index, (role, text, parent) in enumerate(messages)
    }
    conversation = {
        "id": f"c-{title}",
        "title": title,
        "create_time": now,
        "update_time": now + 1,
        "mapping": nodes,
        "current_node": "node-1",
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([conversation]))
        archive.writestr("chat.html", "<script>alert(1)</script>")
    return path


def test_what_chatgpt_gave_out_comes_in_and_goes_on(page: Page, tmp_path: Path) -> None:
    title = f"The salt of {tmp_path.name}"
    page.locator("nav input[type=file]").first.set_input_files(
        chatgpt(tmp_path / "export.zip", title)
    )
    expect(page.get_by_text("Import complete")).to_be_visible()
    page.get_by_role("navigation").get_by_role("button", name=title, exact=True).click()
    expect(page.locator(".message.user")).to_have_text(QUESTION)
    expect(answer(page)).to_have_text("Rivers carry salt into it.")
    expect(answer(page).locator("strong")).to_have_text("salt")
    ask(page, "and the lakes?")
    wait_for_end(page)
    expect(answer(page)).to_have_text("and the lakes?")
    expect(page.locator(".message")).to_have_count(4)


def test_of_a_file_of_something_else_it_is_said_that_nothing_came_in(
    page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "recipe.json"
    path.write_text('{"flour": "500 g"}')
    page.locator("nav input[type=file]").first.set_input_files(path)
    notices = page.get_by_role("region", name="Notifications")
    expect(notices).to_contain_text("This isn't an export from Tidewire or ChatGPT.")
