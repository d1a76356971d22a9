"""Earlier messages are summarized from the menu; the summary can be edited and undone."""

import json

from playwright.sync_api import Locator, Page, expect

from shell.conversations.history import SUMMARY
from tests.e2e.app import LOG_TEXT, App, ask, wait_for_end


def fold(page: Page) -> Locator:
    return page.get_by_role("region", name="Earlier messages are summarized")


def ask_for_request(page: Page, end_count: int) -> list[str]:
    """Ask another question; returns the messages that the model received."""
    ask(page, "/request")
    wait_for_end(page, end_count)
    inference_id = page.evaluate("window.seen.ends.at(-1).inferenceId")
    messages = json.loads(page.evaluate(LOG_TEXT, inference_id)["text"])["messages"]
    return [str(message["content"]) for message in messages]


def talk_and_summarize(page: Page, about: str) -> None:
    for number in range(4):
        ask(page, f"/rate 0\nwhat was said about {about} ({number})")
        wait_for_end(page, number + 1)
    page.get_by_role("button", name="Conversation actions").click()
    page.get_by_role("menuitem", name="Summarize earlier messages…").click()
    dialog = page.get_by_role("dialog", name="Summarize earlier messages")
    expect(dialog).to_contain_text("6 messages")
    dialog.get_by_role("button", name="Summarize").click()
    expect(fold(page)).to_contain_text("6 messages")
    expect(page.locator(".message.user")).to_have_count(4)


def test_a_summary_is_written_changed_and_undone(page: Page) -> None:
    talk_and_summarize(page, "the tide")

    messages = ask_for_request(page, 5)
    assert len(messages) == 3, "the last exchange and the question"
    assert messages[0].startswith(SUMMARY)

    fold(page).locator("summary").click()
    fold(page).get_by_role("button", name="Edit").click()
    fold(page).get_by_role("textbox", name="Summary").fill("They talked of boats.")
    fold(page).get_by_role("button", name="Save").click()
    expect(fold(page)).to_contain_text("edited")
    assert "They talked of boats." in ask_for_request(page, 6)[0]

    fold(page).get_by_role("button", name="Undo").click()
    expect(fold(page)).to_contain_text("All messages are sent")
    messages = ask_for_request(page, 7)
    assert messages[0] == "/rate 0\nwhat was said about the tide (0)"
    assert len(messages) == 13

    page.reload()
    fold(page).get_by_role("button", name="Send the summary").click()
    expect(fold(page).get_by_role("button", name="Send everything")).to_be_visible()


def test_a_summary_is_changed_and_undone_in_every_window(app: App, page: Page) -> None:
    talk_and_summarize(page, "the ferry")
    second_page = app.open_another(page)
    listed = second_page.locator("[data-conversation]").filter(has_text="the ferry")
    listed.first.click()
    expect(fold(second_page)).to_contain_text("6 messages")
    fold(page).locator("summary").click()
    fold(page).get_by_role("button", name="Edit").click()
    fold(page).get_by_role("textbox", name="Summary").fill("They talked of the ferry to Föhr.")
    fold(page).get_by_role("button", name="Save").click()
    fold(second_page).locator("summary").click()
    expect(fold(second_page)).to_contain_text("edited")
    expect(fold(second_page)).to_contain_text("They talked of the ferry to Föhr.")
    fold(second_page).get_by_role("button", name="Undo").click()
    expect(fold(page)).to_contain_text("All messages are sent")
    fold(page).get_by_role("button", name="Send the summary").click()
    expect(fold(second_page).get_by_role("button", name="Send everything")).to_be_visible()
    app.close_other(second_page)
