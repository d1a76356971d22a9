"""Runs the program with its real page, in a browser or in a window, with one API for both."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, Playwright, expect

from tests.chromium import PATIENCE_MS, headless, inside, new_page, wait_until_ready, windows
from tests.host_process import HostProcess
from tests.way_in import new_link

Kind = Literal["browser", "window"]
KINDS: tuple[Kind, ...] = ("browser", "window")
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
STILL = {"QTWEBENGINE_CHROMIUM_FLAGS": "--force-prefers-reduced-motion"}
"""Shows pages in windows as to a person who wants reduced motion; in browsers they are animated.
Without a graphics processor, animations take almost a third of these tests' processor time.
"""

WATCH = """
(() => {
  if (location.origin === "null") return;
  if (sessionStorage.getItem("test.forget") !== null)
    for (const name of Object.keys(sessionStorage))
      if (name !== "tidewire.tab") sessionStorage.removeItem(name);
  const seen = { violations: [], ends: [], tokens: 0, pieces: 0, inferenceId: null };
  Object.defineProperty(window, "seen", { value: seen });
  document.addEventListener("securitypolicyviolation", (event) =>
    seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  const subscribe = () => {
    if (!window.llm) return setTimeout(subscribe, 5);
    window.llm.onLlmToken(({ count, inferenceId }) => {
      Object.assign(seen, { inferenceId, tokens: seen.tokens + count, pieces: seen.pieces + 1 });
    });
    const ended = (event) => seen.ends.push({ ...event, at: performance.now() });
    window.llm.onLlmDone(ended);
    window.llm.onLlmError(ended);
  };
  subscribe();
})();
"""
"""Runs before the page's own script. Records violations of the content policy, tokens, and ends.

If `FORGET` was evaluated, it first clears the session storage except for the tab's id. That happens
here, because the previous load of the page may write to the storage until its end.
"""
FORGET = "sessionStorage.setItem('test.forget', '')"

LOG_TEXT = """
async (inferenceId) => {
  const { events, live } = await window.llm.llmAttach({ inferenceId, afterSeq: -1 });
  const tokens = events.filter((event) => event.channel === "llm:token");
  const ends = events.filter((event) => ["llm:done", "llm:error"].includes(event.channel));
  return { text: tokens.map((event) => event.token).join(""), ends: ends.length, live };
}
"""


class App:
    """A running program. `page()` returns its page with an empty conversation."""

    def __init__(self, kind: Kind, playwright: Playwright, program: HostProcess) -> None:
        self.kind = kind
        self.program = program
        ready = program.json_line()
        # The stack closes the browser if anything fails here.
        with contextlib.ExitStack() as stack:
            if kind == "window":
                browser = stack.enter_context(inside(playwright, str(ready["debugUrl"])))
                self._page = windows(browser)[0]
            else:
                browser = stack.enter_context(headless(playwright))
                self._page = new_page(browser.new_context())
                self._ready = ready
                self._page.goto(str(ready["url"]))
                # A link works once, so that a page that is reloaded too early is locked out.
                wait_until_ready(self._page)
            self._page.add_init_script(WATCH)
            self._page.set_default_timeout(PATIENCE_MS)
            self._stack = stack.pop_all()

    @property
    def url(self) -> str:
        """A new link, which opens the program in a browser once."""
        return new_link(self._ready)

    def page(self) -> Page:
        """Its tab or window, in front, without the state of the previous test."""
        self._page.bring_to_front()
        return reset_page(self._page)

    def snapshot(self) -> str:
        """The accessibility tree of its page as text."""
        return self._page.locator("body").aria_snapshot(timeout=PATIENCE_MS)

    def open_another(self, page: Page) -> Page:
        """Open a second page: a tab of the same browser, or another window."""
        if self.kind == "browser":
            second_page = new_page(page.context)
            second_page.goto(self.url)
        else:
            with page.context.expect_page() as opened:
                page.evaluate("window.shell.openWindow()")
            second_page = opened.value
        second_page.set_default_timeout(PATIENCE_MS)
        wait_until_ready(second_page)
        return second_page

    def close_other(self, second_page: Page) -> None:
        """Close the second page. A window stays open, since it has no close button here."""
        if self.kind == "browser":
            second_page.close()

    def close(self) -> None:
        """Disconnect from the browser. The program keeps running."""
        self._stack.close()


@contextlib.contextmanager
def running(
    kind: Kind, playwright: Playwright, data: Path, provider: str = "echo"
) -> Iterator[App]:
    """Run the program with this provider for new conversations."""
    common = ("--data-dir", str(data), "--provider", provider)
    command = (
        ("shell", "serve", "--no-open", *common)
        if kind == "browser"
        else ("shell", "--debug-port", "0", *common)
    )
    with HostProcess(*command, env=OFFSCREEN | STILL) as program:
        app = App(kind, playwright, program)
        try:
            yield app
        finally:
            app.close()


def reset_page(page: Page) -> Page:
    """Reload the page without its state, which is far faster than opening another page.

    Afterwards it shows an empty conversation and is connected to its host.
    """
    page.evaluate(FORGET)
    page.reload()
    expect(box(page)).to_be_focused()
    wait_until_ready(page)
    return page


# --- actions and observations of a user -----------------------------------------------------


def box(page: Page) -> Locator:
    """The text box for the message."""
    return page.get_by_role("textbox", name="Message")


def ask(page: Page, text: str) -> None:
    """Type a message and send it by the keyboard."""
    box(page).fill(text)
    box(page).press("Enter")


PRESSED_EARLY = "the press did not count"


def decide(card: Locator, button: Locator, press: Callable[[], None] | None = None) -> None:
    """Press a button of a card that waits for a decision. `press` replaces the click.

    Waits until the button is enabled, because a click that Playwright must retry scrolls the page,
    and "Jump to end" may then cover the button. A card that has just moved refuses the press with a
    message; then the button is pressed again.
    """
    while True:
        expect(button).to_be_enabled()
        (press or button.click)()
        if card.get_by_text(PRESSED_EARLY).count() == 0:
            return


def answer(page: Page) -> Locator:
    """The text of the newest answer."""
    return page.locator(".message.assistant .message-text").last


def answer_text(page: Page) -> str:
    """The newest answer's text content in the document."""
    return str(answer(page).evaluate("element => element.textContent"))


def terminal_events(page: Page) -> list[dict[str, object]]:
    """Every terminal event that this load of the page has received."""
    events: list[dict[str, object]] = json.loads(page.evaluate("JSON.stringify(window.seen.ends)"))
    return events


def until(page: Page, condition: str, patience_ms: int = PATIENCE_MS) -> None:
    """Wait in the page until the expression is true.

    Playwright's `wait_for_function` would poll an expression with `eval`, which the content policy
    forbids.
    """
    page.evaluate(
        f"""() => new Promise((resolve, reject) => {{
          const late = performance.now() + {patience_ms};
          const poll = () => {{
            const value = {condition};
            if (typeof value === "function") reject(new Error("a function always holds"));
            else if (value) resolve();
            else if (performance.now() > late) reject(new Error("waited in vain"));
            else setTimeout(poll, 10);
          }};
          poll();
        }})"""
    )


def wait_for_end(page: Page, count: int = 1, patience_ms: int = PATIENCE_MS) -> dict[str, object]:
    """Wait until there are `count` terminal events, no more; returns the last one."""
    until(page, f"window.seen.ends.length >= {count}", patience_ms)
    events = terminal_events(page)
    assert len(events) == count, events
    return events[-1]
