"""MCP servers: adding, testing and calling them, in a browser and in the window."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from tests.command import run
from tests.e2e.app import App, Kind, answer, ask, decide, running
from tests.e2e.axe import grave
from tests.e2e.screens import wait_for_animations
from tests.e2e.test_tools import calls, card, expect_state, offer, press, result, with_tools
from tests.tools.mcp_servers import hostile, node, processes_in
from tests.tools.processes import until_now

START_MS = 60_000
"""Timeout for a server, which starts at its first use, on a busy machine."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, kind: Kind) -> Path:
    """A data directory with one third-party server, added on the command line."""
    data = tmp_path_factory.mktemp(f"mcp-{kind}")
    added = run("mcp", "add", "everything", *node("server-everything"), TIDEWIRE_DATA_DIR=str(data))
    assert added.status == 0, added.out
    return data


@pytest.fixture(scope="module")
def app(kind: Kind, playwright: Playwright, data: Path) -> Iterator[App]:
    with running(kind, playwright, data) as started:
        yield started
    until_now(lambda: processes_in(data) == [])


def settings(page: Page) -> Locator:
    """Open the settings of servers; returns the dialog."""
    page.keyboard.press("Control+,")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("tab", name="Servers").click()
    return dialog


def test_a_tool_of_a_server_runs_once_it_is_allowed(page: Page) -> None:
    offer(page, "get-sum")
    ask(page, '/call everything__get-sum {"a": 2, "b": 40}\n/then\n/text That is the sum.')
    expect(card(page, "get-sum")).to_contain_text("everything")
    press(page, "get-sum", "Allow once")
    expect(answer(page)).to_have_text("That is the sum.", timeout=START_MS)
    expect_state(page, "get-sum")
    expect(result(page, "get-sum")).to_contain_text("The sum of 2 and 40 is 42.")


def check_with_axe(page: Page, app: App) -> None:
    """Check the page in the browser. The real window shows the same page."""
    if app.kind == "browser":
        wait_for_animations(page)
        assert grave(page) == []


def test_a_picture_of_a_tool_is_shown_with_the_call_and_after_a_reload(
    page: Page, app: App
) -> None:
    offer(page, "get-tiny-image")
    ask(page, "/call everything__get-tiny-image {}\n/then\n/text That is it.")
    press(page, "get-tiny-image", "Allow once")
    expect(answer(page)).to_have_text("That is it.", timeout=START_MS)
    expect_picture(page)
    check_with_axe(page, app)
    page.reload()
    expect_picture(page)


def expect_picture(page: Page) -> None:
    """Check that the picture of the newest call is loaded from a blob URL of the page."""
    picture = calls(page, "get-tiny-image").last.get_by_role("img")
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_resource_is_attached_and_sent_with_the_message(page: Page, app: App) -> None:
    page.get_by_role("button", name=re.compile("^Tools:")).click()
    page.get_by_role("button", name="Attach from a server").click()
    dialog = page.get_by_role("dialog", name="Attach from a server")
    expect(dialog.get_by_role("button", name="extension.md")).to_be_visible(timeout=START_MS)
    check_with_axe(page, app)
    dialog.get_by_role("searchbox").fill("extension")
    dialog.get_by_role("button", name="extension.md").click()
    expect(page.locator("[data-attached]")).to_contain_text("everything: extension.md")
    ask(page, "/text I have read it.")
    expect(answer(page)).to_contain_text("I have read it.")
    expect(page.get_by_role("button", name="everything: extension.md")).to_be_visible()


def select_prompt(page: Page, name: str) -> Locator:
    """Select a prompt in the slash menu by the keyboard; starts the server if necessary."""
    box = page.get_by_role("textbox", name="Message")
    box.press("/")
    loading_option = page.get_by_role("option", name=re.compile("^Prompts of everything"))
    prompt_option = page.get_by_role("option", name=re.compile(name))
    expect(loading_option.or_(prompt_option)).to_be_visible(timeout=START_MS)
    if loading_option.is_visible():
        loading_option.click()
    box.press_sequentially(name)
    expect(prompt_option).to_be_visible(timeout=START_MS)
    box.press("ArrowDown")
    return box


def test_a_prompt_is_chosen_by_the_keys_filled_in_and_sent_by_the_person(
    page: Page, app: App
) -> None:
    box = select_prompt(page, "args-prompt")
    check_with_axe(page, app)
    box.press("Enter")
    dialog = page.get_by_role("dialog", name="args-prompt, a prompt of everything")
    dialog.get_by_role("textbox", name=re.compile("city", re.IGNORECASE)).fill("Emden")
    check_with_axe(page, app)
    dialog.get_by_role("button", name="Insert").click()
    expect(box).to_have_value("What's weather in Emden?")
    expect(box).to_be_focused()
    expect(page.locator(".message.user")).to_have_count(0)


def test_a_call_that_is_always_allowed_is_asked_after_a_prompt_of_a_server(
    page: Page, data: Path
) -> None:
    with_tools(data)
    note = json.dumps({"path": str(data / "notes.txt"), "text": "tide"})
    offer(page, "note")
    ask(page, f"/call note {note}\n/then\n/text First.")
    press(page, "note", "Always allow…")
    press(page, "note", "Always allow where this fits")
    expect(answer(page)).to_have_text("First.")
    ask(page, f"/call note {note}\n/then\n/text Second.")
    expect(answer(page)).to_have_text("Second.")
    box = select_prompt(page, "simple-prompt")
    box.press("Enter")
    expect(box).to_have_value("This is a simple prompt without arguments.")
    # It is unknown which words of an edited text are still the server's.
    ask(page, f"/call note {note}\n/then\n/text Third.")
    expect(card(page, "note")).to_contain_text("strangers")
    press(page, "note", "Deny")
    expect(answer(page)).to_have_text("Third.")


def test_a_server_asks_with_a_form_and_gets_what_was_typed(page: Page) -> None:
    offer(page, "trigger-elicitation-request")
    ask(page, "/call everything__trigger-elicitation-request {}\n/then\n/text It has asked.")
    press(page, "trigger-elicitation-request", "Allow once")
    form = page.get_by_role("group", name="server-everything")
    expect(form).to_contain_text("Please provide inputs", timeout=START_MS)
    send = form.get_by_role("button", name="Send")
    expect(send).not_to_have_attribute("aria-disabled", "true")
    form.get_by_label("Integer").fill("7000")
    decide(form, send)
    expect(form.get_by_label("String", exact=True).first).to_be_focused()
    expect(form.get_by_text("Enter something here.")).to_be_visible()
    expect(form.get_by_text("Enter a number from 1 to 100.")).to_be_visible()
    page.keyboard.type("Ann")
    form.get_by_label("Integer").fill("7")
    decide(form, send, lambda: form.get_by_label("Integer").press("Enter"))
    expect(answer(page)).to_have_text("It has asked.", timeout=START_MS)
    expect_state(page, "trigger-elicitation-request")
    expect(result(page, "trigger-elicitation-request")).to_contain_text("Ann")
    expect(form).to_have_count(0)


def test_a_server_is_tested_and_switched_off_and_on_in_the_settings(page: Page) -> None:
    dialog = settings(page)
    dialog.get_by_role("button", name="Test everything").click()
    expect(dialog.get_by_text("Ready · 15 tools")).to_be_visible(timeout=START_MS)
    dialog.get_by_text("Output", exact=True).click()
    expect(dialog.get_by_text("Starting default (STDIO) server...")).to_be_visible()
    switch = dialog.get_by_role("switch", name="Use the server everything")
    switch.click()
    expect(dialog.get_by_text("Off", exact=False).first).to_be_visible()
    expect(switch).not_to_be_checked()
    switch.click()
    expect(dialog.get_by_text("Ready · 15 tools")).to_be_visible(timeout=START_MS)
    dialog.get_by_text("Tools of everything").click()
    # A server's statement removes no flag, so that there is none to add.
    sends = dialog.get_by_role("checkbox", name="echo: Sends data out or changes something")
    expect(sends).to_be_checked()
    expect(sends).to_be_disabled()


def test_a_script_of_the_page_adds_no_command(
    page: Page, app: App, data: Path, tmp_path: Path
) -> None:
    if app.kind == "window":
        return  # the dialog of the window waits for a person; `tests/window` presses its buttons
    before = (data / "mcp.json").read_bytes()
    dialog = settings(page)
    dialog.get_by_label("Name").fill("mine")
    command = " ".join(f'"{word}"' for word in hostile("nothing", tmp_path))
    dialog.get_by_label("Command or address").fill(command)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("tidewire mcp add mine")
    assert (data / "mcp.json").read_bytes() == before
    assert not (tmp_path / "processes").exists()
