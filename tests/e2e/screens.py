"""Shows every screen of the page, for axe and for pictures.

`python -m tests.e2e.screens DIR [NAME ...]` writes pictures of each screen: light, dark, from right
to left, 400 px wide, and at twice the size.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Locator, Page, Playwright, expect

from shell.contract import PreferencesChange
from shell.settings import SettingsFile
from tests.chromium import driver
from tests.e2e.app import App, answer, ask, box, reset_page, running, until
from tests.e2e.files import SampleFile, drag, drop, picture
from tests.host_process import ROOT

Show = Callable[[Page], None]
WIDE, NARROW = (1_200, 800), (400, 800)
RIGHT_TO_LEFT = "en-XB"
"""The pseudo-language: every text in brackets, and mirrored."""
TOOLS, TEMPLATES = 3, 5
"""Indices of the sections of the settings."""

MARKDOWN = r"""
/rate 0
/reasoning First the moon, then the sun.
## The tide, in short

The **tide** rises twice a day, see [the almanac](https://tides.example/almanac) and `depth(now)`.

1. Spring tides come with the *full* moon
2. Neap tides come in between
   - [x] measured
   - [ ] explained[^1]

> A rising tide lifts all boats.

```python
def height(hour: float) -> float:
    return 3 * cos(2 * pi * hour / 12.42)  # metres
```

| port | range |
|---|---:|
| Husum | 3.6 m |
| Saint-Malo | 12.2 m |

$$h(t) = \sum_i A_i \cos(\omega_i t + \varphi_i)$$

With $A_1$ as the largest.

[^1]: By Laplace, in 1775.
"""


@dataclass(frozen=True)
class Screen:
    """How to reach the screen from an empty conversation, and the size of the window."""

    show: Show
    size: tuple[int, int] = WIDE


def ask_script(script: str, then: Show = lambda page: None) -> Show:
    """Ask with a script for the echo provider, then do `then`."""

    def show(page: Page) -> None:
        # Filled, because typing thousands of keys would take longer than the answer.
        box(page).fill(script)
        box(page).press("Enter")
        then(page)

    return show


def wait_until_finished(page: Page) -> None:
    """Wait until there is an answer and nothing is busy any more."""
    until(page, "document.querySelector('.message.assistant')")
    until(page, "!document.querySelector('[aria-busy=true]')")


def ask_and_finish(
    script: str = "/rate 0\nan answer to look at", then: Show = lambda page: None
) -> Show:
    """Ask, wait until the answer is complete, then do `then`."""

    def finish(page: Page) -> None:
        wait_until_finished(page)
        then(page)

    return ask_script(script, finish)


def wait_until_drawn(page: Page) -> None:
    """Wait for the formula and the colors of the code, which are loaded when first needed."""
    expect(page.locator("math").first).to_be_visible()
    expect(page.locator("pre code span").first).to_be_visible()


def streaming(page: Page) -> None:
    """Show an answer that stalls in its middle."""
    ask(page, "/rate 0\n/reasoning The moon first.\nThe **tide** comes\n/stall")
    expect(answer(page)).to_have_text("The tide comes")


def waiting(page: Page) -> None:
    """Show a question whose answer has no text yet."""
    ask(page, "/progress Loading the model\n/stall")
    expect(page.get_by_text("Loading the model", exact=True)).to_be_visible()


def ask_and_fail(script: str) -> Show:
    """Show an answer that ends with the error banner."""
    return ask_script(script, lambda page: expect(page.locator(".error")).to_be_visible())


def queue(page: Page) -> None:
    """Show a queued question during a streaming answer."""
    streaming(page)
    box(page).fill("and what about the sun?")
    box(page).press("Control+Enter")
    expect(box(page)).to_have_value("")


FILES = (
    picture("the tide at noon.png", 2_400, 1_200),
    SampleFile("tides.md", "text/markdown", b"High water at noon.\n" * 2),
    SampleFile("report.pdf", "application/pdf", b"%PDF-1.7" + bytes(54_321)),
)
SONG = SampleFile("song.mp3", "audio/mpeg", bytes(range(256)) * 20)


def tray(page: Page) -> None:
    """Show pictures and files of a draft, one of which cannot be sent."""
    drop(page, *FILES, SONG)
    expect(page.get_by_text("file type can't be sent")).to_be_visible()
    box(page).fill("What do you see?")
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()


def attachments(page: Page) -> None:
    """Show the same files in a sent message."""
    drop(page, *FILES)
    expect(page.get_by_text("resized to 1,568 px")).to_be_visible()
    expect(page.get_by_text("54.3 kB")).to_be_visible()
    box(page).press("Enter")
    wait_until_finished(page)
    expect(page.locator(".message.user img")).to_be_visible()


def large(page: Page) -> None:
    """Show a picture at full size."""
    attachments(page)
    page.locator(".message.user button").first.click()
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()


def search(query: str) -> Show:
    """Search for a text."""

    def show(page: Page) -> None:
        page.keyboard.press("Control+k")
        page.keyboard.type(query)
        hits = page.get_by_role("navigation").locator("[aria-live=polite]").first
        expect(hits).not_to_have_text("Searching…")

    return show


def item(page: Page) -> Locator:
    """The newest conversation in the sidebar."""
    return page.locator("[data-conversation]").first


def menu(page: Page) -> None:
    """Open the menu of a conversation."""
    item(page).press("Shift+F10")
    expect(page.get_by_role("menu")).to_be_visible()


def rename(page: Page) -> None:
    """Start renaming a conversation."""
    item(page).press("F2")


def toast(page: Page) -> None:
    """Show the notice after a deletion."""
    item(page).press("Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def edit(page: Page) -> None:
    """Start editing a question."""
    box(page).press("ArrowUp")
    expect(page.locator(".message textarea, [data-row] textarea").first).to_be_focused()


def versions(page: Page) -> None:
    """Show a second version of an answer."""
    page.get_by_role("button", name="Regenerate").click()
    until(page, "document.querySelector('[role=group]')")
    wait_until_finished(page)


def picker(page: Page) -> None:
    """Open the list of models."""
    page.get_by_role("button", name="choose another model").click()
    panel = page.get_by_role("dialog").last
    expect(panel).to_be_visible()


def picker_empty(page: Page) -> None:
    """Search the models without a match."""
    picker(page)
    page.keyboard.type("nosuchmodel")


def settings(section: int) -> Show:
    """Open one section of the settings."""

    def show(page: Page) -> None:
        page.keyboard.press("Control+Comma")
        dialog = page.locator("dialog[open]")
        expect(dialog).to_be_visible()
        tabs = dialog.get_by_role("tab")
        if section:
            tabs.nth(section).click()
        # The host's values have arrived when this call returns.
        page.evaluate("window.llm.ready()")

    return show


def keys(page: Page) -> None:
    """Show the list of keyboard shortcuts."""
    page.keyboard.press("Control+Slash")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def server_form(page: Page) -> None:
    """Open the form for another server."""
    settings(0)(page)
    page.get_by_role("button", name="Other server").click()


def template_editor(page: Page) -> None:
    """Open the editor of a new template, with an invalid text."""
    settings(TEMPLATES)(page)
    page.get_by_role("button", name=re.compile("New template")).click()
    text = page.get_by_role("textbox", name=re.compile("Text of the template"))
    text.fill("Dear {{ name }},\n{{ text | nothing }}")
    expect(text).to_have_attribute("aria-invalid", "true")


def compact(page: Page) -> None:
    """Open the dialog that confirms a summary of earlier messages."""
    ask(page, "/rate 0\nand tomorrow?")
    expect(answer(page)).to_contain_text("and tomorrow?")
    page.get_by_role("button", name="Conversation actions").click()
    page.get_by_role("menuitem", name="Summarize earlier messages…").click()
    expect(page.get_by_role("dialog")).to_contain_text("tokens")


def summary(page: Page) -> None:
    """Show an unfolded summary of earlier messages."""
    compact(page)
    page.get_by_role("dialog").get_by_role("button", name="Summarize").click()
    fold = page.get_by_role("region", name="Earlier messages are summarized")
    fold.locator("summary").click()
    expect(fold.get_by_role("button", name="Edit")).to_be_visible()


def folder(page: Page) -> None:
    """Open the dialog that moves a conversation to a folder."""
    menu(page)
    page.get_by_role("menuitem", name="Move to folder").click()
    expect(page.locator("dialog[open]")).to_be_visible()


CALL = '/call calculate {"expression": "2 ** 10 / 3\\u202e"}'


def tools(script: str, then: Show = lambda page: None) -> Show:
    """Ask a model that may call the calculator, then do `then`."""

    def show(page: Page) -> None:
        settings(TOOLS)(page)
        page.get_by_role("switch", name="Use calculate").check()
        page.keyboard.press("Escape")
        page.get_by_role("button", name=re.compile("Tools: ")).click()
        page.get_by_role("checkbox", name=re.compile("^calculate")).check()
        page.keyboard.press("Escape")
        box(page).fill(script)
        box(page).press("Enter")
        then(page)

    return show


def approval(label: str | None = None) -> Show:
    """Show the card of a waiting call, with the form behind one of its buttons."""

    def show(page: Page) -> None:
        card = page.get_by_role("group", name="Approve calculate")
        expect(card).to_be_visible()
        if label is not None:
            card.get_by_role("button", name=label).click()

    return show


def decide_calls(page: Page) -> None:
    """Allow one call, deny the other, and unfold a result."""
    for label in ("Allow once", "Deny"):
        card = page.get_by_role("group", name="Approve calculate").first
        card.get_by_role("button", name=re.compile(rf"^\[?{label}]?$")).click()
    wait_until_finished(page)
    page.locator("details summary").first.click()


def call_states(page: Page) -> None:
    """Show unfolded calls in every state, by the fake host in the page. Two of them wait."""
    direction = page.evaluate("document.documentElement.dir")
    page.goto(f"{page.url.partition('?')[0]}?bridge=fake&stream=calls")
    expect(box(page)).to_be_focused()
    page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
    box(page).fill("show me")
    box(page).press("Enter")
    expect(page.locator("[data-approval]")).to_have_count(2)
    for summary in page.locator("[data-state] > summary").all():
        summary.click()
    expect(page.get_by_role("group", name=re.compile(r"^\[?Result]?$"))).to_have_count(6)


def waiting_elsewhere(page: Page) -> None:
    """Show the notice that another conversation waits for a decision."""
    tools(f"/rate 0\nI compute it.\n{CALL}", approval())(page)
    page.get_by_role("button", name=re.compile("New chat")).first.click()
    expect(page.get_by_text(re.compile("waits for your decision"))).to_be_visible()


def new_tool(page: Page) -> None:
    """Create a new tool."""
    settings(TOOLS)(page)
    page.get_by_role("button", name=re.compile("New tool")).click()
    expect(page.get_by_role("dialog").get_by_text(re.compile(r"my_tool.*\.py$"))).to_be_visible()


def tool_menu(page: Page) -> None:
    """Open the list of tools for the conversation."""
    page.get_by_role("button", name=re.compile("Tools: ")).click()
    expect(page.get_by_role("dialog", name="Tools")).to_be_visible()


def spending(page: Page) -> None:
    """Show the context and cost of a conversation."""
    page.locator("header button[aria-haspopup=dialog]").click()
    expect(page.locator("[popover]")).to_be_visible()


def sidebar(page: Page) -> None:
    """Show the sidebar over a narrow page."""
    button = page.get_by_role("button", name="Show sidebar")
    if button.is_visible():
        button.click()
    expect(page.get_by_role("navigation")).to_be_visible()


def find(page: Page) -> None:
    """Find a word in the open conversation."""
    page.keyboard.press("Control+f")
    expect(page.get_by_role("search").get_by_role("textbox")).to_be_focused()
    page.keyboard.type("answer")
    expect(page.get_by_role("search").get_by_role("status")).to_contain_text("2 of 2")


def retry_menu(page: Page) -> None:
    """Open the menu with other ways to regenerate an answer."""
    page.get_by_role("button", name="Other ways to answer").click()
    expect(page.get_by_role("menu")).to_be_visible()


def temporary(page: Page) -> None:
    """Start a temporary chat."""
    page.get_by_role("checkbox", name="Temporary chat").check()


def hidden(page: Page) -> None:
    """Hide the sidebar."""
    page.get_by_role("button", name="Hide sidebar").click()


def request(page: Page) -> None:
    """Show the request of a draft, for a model without HTTP."""
    box(page).fill("how deep?")
    page.keyboard.press("Control+Shift+l")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("status")).to_contain_text(re.compile("tokens"))


def recording(page: Page) -> None:
    """Play a recording with calls in every state to its end."""
    page.get_by_role("button", name=re.compile(r"^\[?Menu]?$")).click()
    page.get_by_role("menuitem", name=re.compile("Open recording")).click()
    viewer = page.locator("dialog[open]")
    viewer.locator("input[type=file]").set_input_files(ROOT / "tests" / "streams" / "calls.jsonl")
    expect(viewer.get_by_role("button", name=re.compile("Play again"))).to_be_visible()


SCREENS: Mapping[str, Screen] = {
    "empty": Screen(lambda page: None),
    "temporary": Screen(temporary),
    "waiting": Screen(waiting),
    "streaming": Screen(streaming),
    "answer": Screen(ask_and_finish(MARKDOWN, wait_until_drawn)),
    "reasoning": Screen(
        ask_and_finish(
            "/rate 0\n/reasoning The moon, then the sun.\nTwice a day.",
            lambda page: page.locator("summary").first.click(),
        )
    ),
    "tool": Screen(ask_and_finish('/rate 0\nI look it up.\n/tool almanac {"port": "Husum"}')),
    "approval": Screen(tools(CALL, approval())),
    "approval-always": Screen(tools(CALL, approval("Always allow…"))),
    "approval-edit": Screen(tools(CALL, approval("Edit"))),
    "approval-reason": Screen(tools(CALL, approval("Deny with a reason"))),
    "calls": Screen(tools(f"/rate 0\nI compute it.\n{CALL}\n{CALL}\n/then\nDone.", decide_calls)),
    "waits-elsewhere": Screen(waiting_elsewhere),
    "new-tool": Screen(new_tool),
    "tool-menu": Screen(tool_menu),
    "interrupted": Screen(ask_and_fail("/rate 0\nhalf an answer\n/error SERVER_ERROR")),
    "key-error": Screen(ask_and_fail("/error API_KEY_ERROR")),
    "rate-limit": Screen(ask_and_fail("/error RATE_LIMIT 120000")),
    "context": Screen(ask_and_fail("/error CONTEXT_LENGTH")),
    "queue": Screen(queue),
    "tray": Screen(tray),
    "attachments": Screen(attachments),
    "picture": Screen(large),
    "drop": Screen(lambda page: drag(page, FILES[:1], "dragenter", "dragover")),
    "narrow-tray": Screen(tray, NARROW),
    "edit": Screen(ask_and_finish(then=edit)),
    "versions": Screen(ask_and_finish(then=versions)),
    "search": Screen(ask_and_finish("/rate 0\nZwieback at low tide", search("zwieb"))),
    "search-empty": Screen(search("xylophone")),
    "menu": Screen(ask_and_finish(then=menu)),
    "rename": Screen(ask_and_finish(then=rename)),
    "find": Screen(ask_and_finish(then=find)),
    "again": Screen(ask_and_finish(then=retry_menu)),
    "toast": Screen(ask_and_finish(then=toast)),
    "models": Screen(picker),
    "models-empty": Screen(picker_empty),
    "settings": Screen(settings(0)),
    **{f"settings-{section}": Screen(settings(section)) for section in range(1, 10)},
    "settings-server": Screen(server_form),
    "template-editor": Screen(template_editor),
    "keys": Screen(keys),
    "folder": Screen(ask_and_finish(then=folder)),
    "compact": Screen(ask_and_finish("/rate 0\nWhen is high water?", compact)),
    "summary": Screen(ask_and_finish("/rate 0\nWhen is high water?", summary)),
    "spending": Screen(ask_and_finish(then=spending)),
    "request": Screen(request),
    "recording": Screen(recording),
    "narrow": Screen(lambda page: None, NARROW),
    "narrow-answer": Screen(ask_and_finish(MARKDOWN, wait_until_drawn), NARROW),
    "narrow-sidebar": Screen(sidebar, NARROW),
    "narrow-models": Screen(picker, NARROW),
    "narrow-settings": Screen(settings(0), NARROW),
    "narrow-template-editor": Screen(template_editor, NARROW),
    "no-sidebar": Screen(ask_and_finish(then=hidden)),
    # These navigate the page away from the program.
    "call-states": Screen(call_states, (1_200, 3_200)),
    "narrow-call-states": Screen(call_states, (400, 5_200)),
}


def show_screen(page: Page, name: str) -> None:
    """Show a screen, whatever the page showed before."""
    if "?" not in page.url:  # the last screens have a fake host in the page
        stop_all(page)
    reset_page(page)
    screen = SCREENS[name]
    width, height = screen.size
    page.set_viewport_size({"width": width, "height": height})
    screen.show(page)


def stop_all(page: Page) -> None:
    """Cancel all runs, because stalled ones count towards the limit of concurrent runs."""
    page.evaluate(
        "() => window.llm.llmList().then((runs) => Promise.all("
        "runs.map(({ inferenceId }) => window.llm.llmCancel(inferenceId))))"
    )


def wait_for_animations(page: Page) -> None:
    """Wait until every transition is over, because colors differ in the middle of a fade."""
    page.evaluate(
        "() => Promise.allSettled(document.getAnimations()"
        ".filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)"
        ".map(({ finished }) => finished))"
    )


def take_pictures(page: Page, folder: Path, name: str) -> None:
    """Take pictures of the current screen in both themes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        wait_for_animations(page)
        page.screenshot(path=folder / f"{name}-{theme}.png")


def pictures(app: App, folder: Path, names: list[str]) -> None:
    """Take pictures of the screens: as they are, narrow, and twice as large."""
    page = app.page()
    for name in names:
        show_screen(page, name)
        take_pictures(page, folder, name)
        if SCREENS[name].size == WIDE:
            page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
            take_pictures(page, folder, f"{name}-400px")
            # A page at twice the size has half the width and height.
            page.set_viewport_size({"width": WIDE[0] // 2, "height": WIDE[1] // 2})
            take_pictures(page, folder, f"{name}-200percent")


@contextmanager
def mirrored(playwright: Playwright) -> Iterator[App]:
    """Run the program from right to left, with all its texts in brackets."""
    with TemporaryDirectory() as name:
        data = Path(name)
        SettingsFile(data).change(PreferencesChange(language=RIGHT_TO_LEFT))
        with running("browser", playwright, data) as app:
            yield app


def main(arguments: list[str] | None = None) -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(prog="tests.e2e.screens", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCREENS))
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    names = options.names or list(SCREENS)
    with driver() as playwright:
        with TemporaryDirectory() as data, running("browser", playwright, Path(data)) as app:
            pictures(app, options.folder, names)
        with mirrored(playwright) as app:
            page = app.page()
            for name in names:
                show_screen(page, name)
                take_pictures(page, options.folder, f"{name}-rtl")


if __name__ == "__main__":
    main()
