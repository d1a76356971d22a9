"""The basic actions of a user in a conversation, and their visible results."""

from playwright.sync_api import Page, expect

from tests.e2e.app import LOG_TEXT, answer, answer_text, ask, box, until, wait_for_end

STOP_MS = 3_000
"""From the click on Stop to the run's end, also on a busy machine. It is far below every deadline
that would end the run of a silent provider. `python -m tests.soak stop` limits it to 200 ms."""

CLICK_STOP = """
() => new Promise((resolve) => {
  const button = [...document.querySelectorAll("button")]
    .find((each) => each.getAttribute("aria-label") === "Stop" || each.textContent === "Stop");
  const began = performance.now();
  window.llm.onLlmDone((event) => resolve({ ...event, tookMs: performance.now() - began }));
  button.click();
})
"""


def stop_while_silent(page: Page) -> float:
    """Stop an answer whose provider is silent; returns the milliseconds from click to end."""
    ask(page, "some words first\n/stall")
    expect(answer(page)).to_have_text("some words first")
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    end_event = page.evaluate(CLICK_STOP)
    assert end_event["cancelled"] is True
    assert end_event["totalTokens"] > 0
    wait_for_end(page)
    assert answer_text(page) == "some words first"
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    return float(end_event["tookMs"])


def test_a_question_gets_a_streamed_answer(page: Page) -> None:
    """shows: B24 B25 B27 B59 B61"""
    # Slow enough that a busy machine, too, draws it in more than one piece.
    question = "/rate 10\nthe tide comes in and the tide goes out"
    ask(page, question)
    expect(answer(page)).to_have_text("the tide comes in and the tide goes out")
    end_event = wait_for_end(page)
    assert end_event["finishReason"] == "stop"
    assert page.evaluate("window.seen.pieces") > 1, "it came in one piece"
    expect(page.locator(".message.user")).to_have_text(question)
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("")


def test_stop_while_the_provider_is_silent_ends_at_once_and_keeps_the_text(page: Page) -> None:
    """shows: B22 D18 D74"""
    assert stop_while_silent(page) < STOP_MS


def test_escape_stops(page: Page) -> None:
    ask(page, "a word\n/stall")
    expect(answer(page)).to_have_text("a word")
    page.keyboard.press("Escape")
    assert wait_for_end(page)["cancelled"] is True
    expect(box(page)).to_be_focused()


def test_an_error_says_what_it_is_and_retry_asks_again(page: Page) -> None:
    """shows: B28 B62 D75 D81 D91"""
    ask(page, "/fail 1 TIMEOUT\nnow it works")
    banner = page.locator(".error")
    expect(banner).to_contain_text("Error:")
    assert wait_for_end(page)["code"] == "TIMEOUT"
    page.get_by_role("button", name="Retry").click()
    expect(answer(page)).to_have_text("now it works")
    expect(banner).to_have_count(0)
    expect(page.locator(".message.user")).to_have_count(1)


def test_text_before_an_error_stays_and_is_marked(page: Page) -> None:
    """shows: D81"""
    ask(page, "half an answer\n/error SERVER_ERROR")
    expect(page.locator(".error")).to_be_visible()
    expect(answer(page)).to_have_text("half an answer")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


def test_a_conversation_is_remembered_by_the_model(page: Page) -> None:
    """shows: B21 D3"""
    ask(page, "first")
    wait_for_end(page, 1)
    ask(page, "/request")
    wait_for_end(page, 2)
    assert '"role": "assistant", "content": "first"' in answer_text(page)


def test_writing_goes_on_while_an_answer_streams(page: Page) -> None:
    """shows: D85"""
    ask(page, "word\n/stall")
    expect(answer(page)).to_have_text("word")
    box(page).type("a thought")
    expect(box(page)).to_have_value("a thought")
    box(page).press("Enter")
    expect(page.get_by_text("Queued: a thought")).to_be_visible()
    expect(box(page)).to_have_value("")
    expect(page.locator(".message.user")).to_have_count(1)
    # The queued message does not follow a stopped answer.
    page.get_by_role("button", name="Stop").click()
    wait_for_end(page)
    expect(box(page)).to_have_value("a thought")


def test_the_box_is_as_high_as_its_text(page: Page) -> None:
    box(page).fill("Much is to be said about a tide that comes in. " * 4)
    height = "document.querySelector('textarea').clientHeight"
    fits = f"document.querySelector('textarea').scrollHeight <= {height}"
    until(page, fits)
    before = page.evaluate(height)

    page.evaluate("document.querySelector('form').style.width = '18rem'")
    until(page, f"{height} > {before} && {fits}")
    page.evaluate("document.querySelector('form').style.width = ''")
    until(page, f"{height} === {before} && {fits}")
    page.evaluate("document.documentElement.style.fontSize = '150%'")
    until(page, f"{height} > {before} && {fits}")
    page.evaluate("document.documentElement.style.fontSize = ''")
    until(page, f"{height} === {before}")
    box(page).fill("")
    until(page, f"{height} < {before}")


def test_empty_and_blank_messages_are_not_sent(page: Page) -> None:
    """shows: B60 B63"""
    expect(box(page)).to_have_attribute("placeholder", "Type your message...")
    box(page).press("Enter")
    box(page).fill("   ")
    box(page).press("Enter")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    expect(page.locator(".message")).to_have_count(0)


def test_hostile_text_stays_text(page: Page) -> None:
    ask(page, '/rate 0\n<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>')
    wait_for_end(page)
    assert page.evaluate("window.harmed") is None
    assert page.locator(".message img, .message script").count() == 0


def test_a_long_answer_is_shown_whole(page: Page) -> None:
    ask(page, "/rate 0\n/repeat 3000 tide")
    end_event = wait_for_end(page)
    log = page.evaluate(LOG_TEXT, end_event["inferenceId"])
    until(page, "!document.querySelector('[aria-busy=true]')")
    assert answer_text(page).strip() == log["text"].strip()
    assert log["text"].count("tide") == 3000


def test_everything_is_within_reach_of_the_keyboard(page: Page) -> None:
    """shows: D87"""
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "off")
    ask(page, "hello")
    wait_for_end(page)
    focused_names: set[str] = set()
    for _ in range(24):
        page.keyboard.press("Tab")
        focused_names.add(
            page.evaluate(
                "(document.activeElement.getAttribute('aria-label')"
                " || document.activeElement.textContent || '').trim()"
            )
        )
    assert {"Message", "New chat", "Conversation"} <= focused_names, focused_names
