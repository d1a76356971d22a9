"""Earlier messages are summarized from the menu; the fold below them changes and undoes that."""

import json

from playwright.sync_api import Locator, Page, expect

from shell.conversations.history import SUMMARY
from tests.e2e.app import LOG_TEXT, App, ask, wait_for_end


def fold(page: Page) -> Locator:
    return page.get_by_role("region", name="Earlier messages are summarized")


def sent(page: Page, ends: int) -> list[str]:
    """What the model was sent with the next question."""
    ask(page, "/request")
    wait_for_end(page, ends)
    inference_id = page.evaluate("window.seen.ends.at(-1).inferenceId")
    messages = json.loads(page.evaluate(LOG_TEXT, inference_id)["text"])["messages"]
    return [str(message["content"]) for message in messages]


def talk_and_summarize(page: Page, about: str) -> None:
    for number in range(4):
        ask(page, f"/rate 0\nwhat was said about {about} ({number})")
        wait_for_end(page, number + 1)
    page.get_by_role("button", name="Conversation actions").click()
    page.get_by_role("menuitem", name="Compact…").click()
    dialog = page.get_by_role("dialog", name="Summarize earlier messages")
    expect(dialog).to_contain_text("6 messages")
    dialog.get_by_role("button", name="Summarize").click()
    expect(fold(page)).to_contain_text("6 messages")
    expect(page.locator(".message.user")).to_have_count(4)


def test_a_summary_is_written_changed_and_undone(page: Page) -> None:
    talk_and_summarize(page, "the tide")

    messages = sent(page, 5)
    assert len(messages) == 3, "the last exchange and the question"
    assert messages[0].startswith(SUMMARY)

    fold(page).locator("summary").click()
    fold(page).get_by_role("button", name="Edit").click()
    fold(page).get_by_role("textbox", name="Summary").fill("They talked of boats.")
    fold(page).get_by_role("button", name="Save").click()
    expect(fold(page)).to_contain_text("edited")
    assert "They talked of boats." in sent(page, 6)[0]

    fold(page).get_by_role("button", name="Undo").click()
    expect(fold(page)).to_contain_text("All messages are sent")
    messages = sent(page, 7)
    assert messages[0] == "/rate 0\nwhat was said about the tide (0)"
    assert len(messages) == 13

    page.reload()
    fold(page).get_by_role("button", name="Send the summary").click()
    expect(fold(page).get_by_role("button", name="Send everything")).to_be_visible()


def test_a_summary_is_changed_and_undone_in_every_window(app: App, page: Page) -> None:
    talk_and_summarize(page, "the ferry")
    other = app.another(page)
    listed = other.locator("[data-conversation]").filter(has_text="the ferry")
    listed.first.click()
    expect(fold(other)).to_contain_text("6 messages")
    fold(page).locator("summary").click()
    fold(page).get_by_role("button", name="Edit").click()
    fold(page).get_by_role("textbox", name="Summary").fill("They talked of the ferry to Föhr.")
    fold(page).get_by_role("button", name="Save").click()
    fold(other).locator("summary").click()
    expect(fold(other)).to_contain_text("edited")
    expect(fold(other)).to_contain_text("They talked of the ferry to Föhr.")
    fold(other).get_by_role("button", name="Undo").click()
    expect(fold(page)).to_contain_text("All messages are sent")
    fold(page).get_by_role("button", name="Send the summary").click()
    expect(fold(other).get_by_role("button", name="Send everything")).to_be_visible()
    app.part(other)
