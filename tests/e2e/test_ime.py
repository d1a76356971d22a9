"""Input methods compose a word of several keys, which the page must ignore."""

from playwright.sync_api import Page, expect

from tests.e2e.app import ask, box, wait_for_end

WEBKIT_ENTER = """
() => {
  const box = document.activeElement;
  const dispatch = (kind) => box.dispatchEvent(new CompositionEvent(kind, { bubbles: true }));
  dispatch("compositionstart");
  dispatch("compositionend");
  // After the composition, and marked only by its key code.
  const enter = { key: "Enter", keyCode: 229, bubbles: true, cancelable: true };
  box.dispatchEvent(new KeyboardEvent("keydown", enter));
}
"""


def press(page: Page, key: str, code: int, *, is_composing: bool) -> None:
    """Send a key like the system. Keys of a composition have the key code 229."""
    devtools = page.context.new_cdp_session(page)
    event = {"key": key, "code": key, "windowsVirtualKeyCode": 229 if is_composing else code}
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **event})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    devtools.detach()


def compose(page: Page, text: str) -> None:
    """Show a composition before the word is chosen."""
    devtools = page.context.new_cdp_session(page)
    end = {"selectionStart": len(text), "selectionEnd": len(text)}
    devtools.send("Input.imeSetComposition", {"text": text, **end})
    devtools.detach()


def commit(page: Page, text: str) -> None:
    """Insert the chosen word."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Input.insertText", {"text": text})
    devtools.detach()


def test_enter_that_ends_a_word_sends_nothing(page: Page) -> None:
    box(page).focus()
    compose(page, "しお")
    expect(box(page)).to_have_value("しお")
    press(page, "Enter", 13, is_composing=True)
    commit(page, "潮")
    expect(box(page)).to_have_value("潮")
    expect(page.locator(".message")).to_have_count(0)
    # The next Enter is for the page.
    press(page, "Enter", 13, is_composing=False)
    wait_for_end(page)
    expect(page.locator(".message.user")).to_have_text("潮")
    expect(box(page)).to_have_value("")


def test_enter_after_a_word_in_webkits_order_sends_nothing(page: Page) -> None:
    box(page).fill("潮")
    page.evaluate(WEBKIT_ENTER)
    expect(box(page)).to_have_value("潮")
    expect(page.locator(".message")).to_have_count(0)


def test_escape_that_drops_a_word_stops_no_answer(page: Page) -> None:
    ask(page, "word\n/stall")
    expect(page.locator(".message.assistant .message-text")).to_have_text("word")
    compose(page, "しお")
    press(page, "Escape", 27, is_composing=True)
    compose(page, "")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    press(page, "Escape", 27, is_composing=False)
    assert wait_for_end(page)["cancelled"] is True


def test_a_word_is_made_in_a_question_that_is_edited(page: Page) -> None:
    ask(page, "tide")
    wait_for_end(page)
    box(page).press("ArrowUp")
    editor = page.get_by_role("textbox", name="Edit your question")
    expect(editor).to_be_focused()
    editor.fill("")
    compose(page, "しお")
    press(page, "Enter", 13, is_composing=True)
    press(page, "Escape", 27, is_composing=True)
    commit(page, "潮")
    expect(editor).to_have_value("潮")
    expect(page.locator(".message.user")).to_have_count(0)
