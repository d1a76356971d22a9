"""Tool calls of a model, and the user's decisions about them, in a browser and in a window."""

import contextlib
import os
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error, Locator, Page, Playwright, expect

from tests.chromium import PATIENCE_MS, new_page
from tests.e2e.app import App, Kind, answer, ask, decide, running
from tests.host_process import PATIENCE_S

FILE = '''
"""Tools for the tests."""
import os
from pathlib import Path

from shell.tools import tool


@tool(reads=False, brings=False, sends=False)
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(reads=False, brings=False, sends=True)
def note(path: str, text: str) -> str:
    """Write a line to a file."""
    with Path(path).open("a") as file:
        file.write(text + "\\n")
    return "written"


def crash() -> str:
    """End the process of the tool."""
    os._exit(3)
'''
ADD = '/call add {"a": 2, "b": 40}'


def with_tools(data: Path, text: str = FILE, name: str = "box.py") -> Path:
    """Put the tool file into a data directory."""
    (data / "tools").mkdir(parents=True, exist_ok=True)
    (data / "tools" / name).write_text(text, "utf-8")
    return data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, kind: Kind) -> Path:
    return with_tools(tmp_path_factory.mktemp(f"tools-{kind}"))


@pytest.fixture(scope="module")
def app(kind: Kind, playwright: Playwright, data: Path) -> Iterator[App]:
    with running(kind, playwright, data) as started:
        yield started


def offer(page: Page, *names: str) -> None:
    """Choose tools for the open conversation."""
    page.get_by_role("button", name=re.compile("^Tools: ")).click()
    menu = page.get_by_role("dialog", name="Tools")
    for name in names:
        menu.get_by_role("checkbox", name=re.compile(f"^{name} ")).check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"Tools: {len(names)}")).to_be_visible()


def card(page: Page, tool: str) -> Locator:
    """The newest approval card of a tool."""
    return page.get_by_role("group", name=f"Approve {tool}").last


def press(page: Page, tool: str, label: str) -> None:
    """Press a button of the newest approval card of a tool."""
    newest_card = card(page, tool)
    decide(newest_card, newest_card.get_by_role("button", name=label, exact=True))


def calls(page: Page, tool: str) -> Locator:
    return page.get_by_role("group", name=f"Tool call {tool}")


def result(page: Page, tool: str) -> Locator:
    """The result of the newest call, unfolded."""
    call = calls(page, tool).last
    details = call.locator("details")
    if details.get_attribute("open") is None:
        call.locator("summary").click()
    return call.get_by_role("group", name="Result")


def expect_state(page: Page, tool: str, state: str = "Done") -> None:
    expect(calls(page, tool).last.locator("summary")).to_contain_text(state)


def test_a_call_runs_once_when_it_is_allowed_once(page: Page) -> None:
    offer(page, "add")
    ask(page, f"{ADD}\n/then\n/text That is the sum.")
    expect(card(page, "add")).to_contain_text("box.py")
    expect(page.get_by_text("Waiting for your decision").first).to_be_visible()
    assert page.evaluate("document.activeElement.closest('[data-approval]')") is None
    press(page, "add", "Allow once")
    expect(answer(page)).to_have_text("That is the sum.")
    expect_state(page, "add")
    expect(result(page, "add")).to_have_text("42")
    expect(page.get_by_text("Waiting for your decision")).to_have_count(0)
    ask(page, ADD)
    expect(card(page, "add")).to_be_visible()
    press(page, "add", "Deny")
    expect_state(page, "add", "Denied")


MOVED = """addEventListener("mousedown", () => {
  document.querySelector("[data-approval]").style.marginTop = "9px";
}, { capture: true, once: true })"""


def test_a_press_on_a_card_that_has_just_moved_does_nothing_and_is_not_silent(page: Page) -> None:
    offer(page, "add")
    ask(page, f"{ADD}\n/then\n/text Yes.")
    allow = card(page, "add").get_by_role("button", name="Allow once")
    expect(allow).not_to_have_attribute("aria-disabled", "true")
    page.evaluate(MOVED)
    allow.click()
    expect(card(page, "add").get_by_role("status")).to_contain_text("Press again.")
    press(page, "add", "Allow once")
    expect(answer(page)).to_have_text("Yes.")
    expect(calls(page, "add")).to_have_count(1)


def test_a_card_is_reached_and_decided_by_the_keyboard(page: Page) -> None:
    offer(page, "add")
    ask(page, f"{ADD}\n/then\n/text Yes.")
    expect(card(page, "add")).to_be_visible()
    page.keyboard.press("Control+Shift+E")
    expect(card(page, "add")).to_be_focused()
    allow = card(page, "add").get_by_role("button", name="Allow once")
    expect(allow).not_to_have_attribute("aria-disabled", "true")
    for _ in range(20):
        page.keyboard.press("Tab")
        if allow.evaluate("button => button === document.activeElement"):
            break
    decide(card(page, "add"), allow, lambda: page.keyboard.press("Enter"))
    expect(answer(page)).to_have_text("Yes.")


def test_a_call_for_a_whole_conversation_is_not_asked_again(page: Page) -> None:
    offer(page, "add")
    ask(page, f"{ADD}\n/then\n" + '/call add {"a": 1, "b": 1}\n/then\n/text Both.')
    press(page, "add", "Allow in this conversation")
    expect(answer(page)).to_have_text("Both.")
    expect(calls(page, "add")).to_have_count(2)


def test_arguments_are_edited_checked_and_kept_beside_those_of_the_model(page: Page) -> None:
    offer(page, "add")
    ask(page, f"{ADD}\n/then\n/text Edited.")
    press(page, "add", "Edit")
    field = page.get_by_label("Arguments as JSON")
    field.fill('{"a": "many", "b": 1}')
    press(page, "add", "Allow with these arguments")
    expect(card(page, "add").get_by_role("alert")).to_be_visible()
    expect(field).to_have_value('{"a": "many", "b": 1}')
    field.fill('{"a": 20, "b": 1}')
    press(page, "add", "Allow with these arguments")
    expect(answer(page)).to_have_text("Edited.")
    expect(result(page, "add")).to_contain_text("21")
    call = calls(page, "add").last
    expect(call.get_by_role("group", name="Arguments", exact=True)).to_contain_text("40")
    expect(call.get_by_role("group", name="Your arguments")).to_contain_text("20")


def test_a_denied_call_does_not_run_and_the_model_is_told_why(page: Page, tmp_path: Path) -> None:
    offer(page, "note")
    path = tmp_path / "denied.txt"
    ask(page, f'/call note {{"path": "{path}", "text": "x"}}\n/then\n/text I see.')
    press(page, "note", "Deny with a reason")
    page.get_by_label("Reason for the model").fill("Not on a Sunday.")
    press(page, "note", "Deny")
    expect(answer(page)).to_have_text("I see.")
    expect_state(page, "note", "Denied")
    expect(result(page, "note")).to_contain_text("Not on a Sunday.")
    assert not path.exists()


def test_always_holds_where_its_rules_fit_until_it_is_revoked(page: Page, tmp_path: Path) -> None:
    offer(page, "note")

    def ask_to_note(path: Path) -> None:
        ask(page, f'/call note {{"path": "{path}", "text": "x"}}\n/then\n/text {path.name} it is.')

    ask_to_note(tmp_path / "in" / "a.txt")
    (tmp_path / "in").mkdir()
    press(page, "note", "Always allow…")
    page.get_by_label("Rule for path").select_option("inside")
    page.get_by_label("Rule for text").select_option("any")
    press(page, "note", "Always allow where this fits")
    expect(answer(page)).to_have_text("a.txt it is.")
    ask_to_note(tmp_path / "in" / "b.txt")
    expect(answer(page)).to_have_text("b.txt it is.")
    ask_to_note(tmp_path / "out.txt")
    press(page, "note", "Deny")
    expect(answer(page)).to_have_text("out.txt it is.")
    assert not (tmp_path / "out.txt").exists()
    settings = tool_settings(page)
    expect(settings.get_by_text("Always allowed: note")).to_be_visible()
    settings.get_by_role("button", name="Revoke the decision about note").click()
    expect(settings.get_by_text("Always allowed: note")).to_have_count(0)
    page.keyboard.press("Escape")
    ask_to_note(tmp_path / "in" / "c.txt")
    press(page, "note", "Always allow…")
    page.get_by_label("Rule for path").select_option("inside")
    page.get_by_label("Rule for text").select_option("any")
    expect(card(page, "note")).to_contain_text(re.compile(r"have allowed 2 of the last \d calls"))
    press(page, "note", "Deny")
    expect(answer(page)).to_have_text("c.txt it is.")


def tool_settings(page: Page) -> Locator:
    page.keyboard.press("Control+Comma")
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("tab", name="Tools").click()
    return dialog


def test_the_first_of_two_windows_decides_and_the_other_shows_it(app: App, page: Page) -> None:
    offer(page, "add")
    ask(page, f"two windows\n{ADD}\n/then\n/text Decided.")
    expect(card(page, "add")).to_be_visible()
    second_page = app.open_another(page)
    second_page.locator("[data-conversation]", has_text="two windows").first.click()
    expect(card(second_page, "add")).to_be_visible()
    page.bring_to_front()
    press(page, "add", "Allow once")
    for each in (page, second_page):
        expect_state(each, "add")
        expect(answer(each)).to_have_text("Decided.")
        expect(card(each, "add")).to_have_count(0)
    app.close_other(second_page)


def test_one_of_two_calls_is_decided_in_one_window_and_gone_in_the_other(
    kind: Kind, playwright: Playwright, tmp_path: Path
) -> None:
    with_tools(tmp_path)
    script = f'siblings\n{ADD}\n/call add {{"a": 1, "b": 1}}\n/then\n/text Both.'
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        offer(page, "add")
        ask(page, script)
        expect(page.get_by_role("group", name="Approve add")).to_have_count(2)
        wait_until_stored(tmp_path)
    # The run ended with the program, so that no events announce the decision.
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        page.locator("[data-conversation]", has_text="siblings").first.click()
        second_page = app.open_another(page)
        second_page.locator("[data-conversation]", has_text="siblings").first.click()
        for each in (page, second_page):
            expect(each.get_by_role("group", name="Approve add")).to_have_count(2)
        page.bring_to_front()
        first = page.get_by_role("group", name="Approve add").first
        decide(first, first.get_by_role("button", name="Allow once"))
        for each in (page, second_page):
            expect(each.get_by_role("group", name="Approve add")).to_have_count(1)
            expect(calls(each, "add").first.locator("summary")).to_contain_text("Allowed")
        press(second_page, "add", "Deny")
        for each in (page, second_page):
            expect(answer(each)).to_have_text("Both.")
            expect(calls(each, "add").first.locator("summary")).to_contain_text("Done")
            expect_state(each, "add", "Denied")


def test_a_conversation_that_is_not_open_says_that_it_waits(page: Page) -> None:
    offer(page, "add")
    ask(page, f"/rate 20\n/repeat 40 tide\n{ADD}\n/then\n/text It went on.")
    expect(page.locator("[data-conversation]").first).to_contain_text("tide")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("waits for your decision")).to_be_visible()
    expect(page).to_have_title("(!) Tidewire")
    page.get_by_role("button", name="Show it").click()
    press(page, "add", "Allow once")
    expect(answer(page)).to_have_text("It went on.")
    page.get_by_role("button", name="New chat").click()
    expect(page).to_have_title("Tidewire")
    expect(page.get_by_text("waits for your decision")).to_have_count(0)


def test_a_reload_keeps_the_question_and_the_tools(page: Page) -> None:
    offer(page, "add")
    ask(page, f"{ADD}\n/then\n/text Reloaded.")
    expect(card(page, "add")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Tools: 1")).to_be_visible()
    press(page, "add", "Allow once")
    expect(answer(page)).to_have_text("Reloaded.")


def wait_until_stored(data: Path) -> None:
    """Wait until the waiting call is stored in the database."""
    late = time.monotonic() + PATIENCE_S
    with contextlib.closing(sqlite3.connect(data / "conversations.db")) as database:
        while not database.execute("SELECT 1 FROM steps WHERE entry LIKE '%waiting%'").fetchall():
            assert time.monotonic() < late, "the call was not stored"


def test_a_decision_comes_after_the_page_was_closed_and_another_was_opened(
    kind: Kind, playwright: Playwright, tmp_path: Path
) -> None:
    with_tools(tmp_path)
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        offer(page, "add")
        ask(page, f"closed\n{ADD}\n/then\n/text It went on.")
        expect(card(page, "add")).to_be_visible()
        wait_until_stored(tmp_path)
        # The last window would end the program; the last tab does not.
        second_page = app.open_another(page) if kind == "window" else new_page(page.context)
        if kind == "window":
            # The page may be closed before it has received the whole key press.
            with page.expect_event("close"), contextlib.suppress(Error):
                page.keyboard.press("Control+w")
        else:
            page.close()
            second_page.goto(app.url)
        second_page.locator("[data-conversation]", has_text="closed").first.click()
        press(second_page, "add", "Allow once")
        expect(answer(second_page)).to_have_text("It went on.")
        expect(second_page.locator(".message.assistant")).to_have_count(1)
        expect(result(second_page, "add")).to_have_text("42")


@pytest.mark.parametrize("ending", ["quit", "killed"])
def test_a_decision_comes_after_the_program_has_ended(
    kind: Kind, playwright: Playwright, tmp_path: Path, ending: str
) -> None:
    with_tools(tmp_path)
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        offer(page, "add")
        ask(page, f"Let me see.\n{ADD}\n/then\n/text It went on.")
        expect(card(page, "add")).to_be_visible()
        wait_until_stored(tmp_path)
        if ending == "killed":
            app.program.expected = -signal.SIGKILL
            app.program.process.kill()
            app.program.process.wait()
    with running(kind, playwright, tmp_path) as app:
        page = app.page()
        page.locator("[data-conversation]").first.click()
        press(page, "add", "Allow once")
        expect(answer(page)).to_have_text("It went on.")
        expect(page.locator(".message.assistant")).to_have_count(1)
        expect(page.locator(".message.assistant")).to_contain_text("Let me see.")
        expect(result(page, "add")).to_have_text("42")


def test_an_edited_tool_suspends_what_was_allowed(page: Page, data: Path) -> None:
    offer(page, "add")
    ask(page, f"{ADD}\n/then\n/text Allowed.")
    press(page, "add", "Always allow…")
    press(page, "add", "Always allow where this fits")
    expect(answer(page)).to_have_text("Allowed.")
    with_tools(data, FILE.replace("return a + b", "return a - b"))
    ask(page, f"{ADD}\n/then\n/text Drifted.")
    press(page, "add", "Deny")
    expect(answer(page)).to_have_text("Drifted.")
    settings = tool_settings(page)
    expect(settings.get_by_text("Suspended:")).to_be_visible()
    settings.get_by_role("button", name="Revoke the decision about add").click()
    expect(settings.get_by_text("Suspended:")).to_have_count(0)
    page.keyboard.press("Escape")
    with_tools(data)


def test_a_new_tool_is_written_opened_and_seen_as_soon_as_it_is_saved(
    kind: Kind, playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$@" >> "{opened}"\n', "utf-8")
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":1")
    with running(kind, playwright, tmp_path) as app:
        settings = tool_settings(app.page())
        # Separate processes import the files, which takes a while on a busy machine.
        empty_notice = settings.get_by_text("You have no tools of your own yet.")
        expect(empty_notice).to_be_visible(timeout=PATIENCE_MS)
        settings.get_by_role("button", name="New tool").click()
        path = tmp_path / "tools" / "my_tool.py"
        expect(settings.get_by_role("status").get_by_text(str(path))).to_be_visible()
        mine = settings.get_by_role("switch", name="Use my_tool")
        expect(mine).to_be_checked(timeout=PATIENCE_MS)
        settings.get_by_role("button", name="Open folder").click()
        if kind == "browser":
            expect(settings.get_by_text("A browser can't open folders")).to_be_visible()
            assert not opened.exists()
        else:
            late = time.monotonic() + PATIENCE_S
            while not opened.exists() or len(opened.read_text().splitlines()) < 2:
                assert time.monotonic() < late
            assert opened.read_text().splitlines() == [str(path), str(path.parent)]
        path.write_text(path.read_text("utf-8").replace("Count the", "Weigh the"), "utf-8")
        changed = settings.get_by_text("Weigh the most frequent words of a text.")
        expect(changed).to_be_visible(timeout=PATIENCE_MS)
        path.write_text("def broken(:", "utf-8")
        problem = settings.get_by_role("alert")
        expect(problem).to_contain_text("my_tool.py", timeout=PATIENCE_MS)


def test_a_tool_that_crashes_is_a_failed_call(page: Page) -> None:
    offer(page, "crash", "add")
    ask(page, f"/call crash {{}}\n{ADD}\n/then\n/text Still here.")
    expect(page.get_by_role("group", name="2 tool calls")).to_be_visible()
    press(page, "crash", "Allow once")
    press(page, "add", "Allow once")
    expect(answer(page)).to_have_text("Still here.", timeout=PATIENCE_MS)
    expect_state(page, "crash", "Failed")
    expect_state(page, "add")


def test_the_limit_of_steps_is_said_and_the_answer_goes_on(page: Page) -> None:
    offer(page, "add")
    steps = [f'/call add {{"a": {number}, "b": 1}}' for number in range(27)]
    ask(page, "\n/then\n".join([*steps, "/text All of them."]))
    press(page, "add", "Allow in this conversation")
    answer_message = page.locator(".message.assistant")
    expect(answer_message).to_contain_text("Stopped: step limit reached", timeout=PATIENCE_MS)
    expect(calls(page, "add")).to_have_count(25)
    page.get_by_role("button", name="Continue").click()
    expect(answer(page)).to_have_text("All of them.")
    expect(calls(page, "add")).to_have_count(27)


def test_what_strangers_wrote_is_shown_whole_and_does_nothing(page: Page) -> None:
    offer(page, "note")
    hostile = (
        "<img src=https://x.example/p.png onerror=alert(1)> ![p](https://x.example/p) \\u202eexe"
    )
    ask(page, f'/call note {{"path": "relative", "text": "{hostile}"}}\n/then\n/text No.')
    expect(card(page, "note")).to_contain_text("onerror=alert(1)")
    expect(card(page, "note").locator("mark")).to_have_text("⟨U+202E⟩")
    assert card(page, "note").locator("img, a").count() == 0
    press(page, "note", "Deny")
    expect(answer(page)).to_have_text("No.")
