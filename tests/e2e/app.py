"""App: the program with its real page, in a browser or in the real window; one face for both."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, Playwright, expect

from tests.chromium import headless, inside, wait_until_ready, windows
from tests.host_process import HostProcess
from tests.way_in import new_link

Kind = Literal["browser", "window"]
KINDS: tuple[Kind, ...] = ("browser", "window")
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
PATIENCE_MS = 60_000
"""For a busy machine; what is waited for takes a fraction of it."""

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
  const look = () => {
    if (!window.llm) return setTimeout(look, 5);
    window.llm.onLlmToken(({ count, inferenceId }) => {
      Object.assign(seen, { inferenceId, tokens: seen.tokens + count, pieces: seen.pieces + 1 });
    });
    const ended = (event) => seen.ends.push({ ...event, at: performance.now() });
    window.llm.onLlmDone(ended);
    window.llm.onLlmError(ended);
  };
  look();
})();
"""
"""Runs before the page's own script: counts what must not happen, and what must happen once.

What is to be forgotten goes here, but for what lets the page in: the page of before may have been
writing to its end.
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
    """A running program; `page()` is a page in it that begins an empty conversation."""

    def __init__(self, kind: Kind, playwright: Playwright, program: HostProcess) -> None:
        self.kind = kind
        self.program = program
        ready = program.json_line()
        # Whatever fails here leaves no browser behind.
        with contextlib.ExitStack() as stack:
            if kind == "window":
                browser = stack.enter_context(inside(playwright, str(ready["debugUrl"])))
                self._page = windows(browser)[0]
            else:
                browser = stack.enter_context(headless(playwright))
                self._page = browser.new_context().new_page()
                self._ready = ready
                self._page.goto(str(ready["url"]))
                # A link opens one page once: one that is reloaded before that has no way back.
                wait_until_ready(self._page)
            self._page.add_init_script(WATCH)
            self._page.set_default_timeout(PATIENCE_MS)
            self._stack = stack.pop_all()

    @property
    def url(self) -> str:
        """A link that opens it in a browser, once."""
        return new_link(self._ready)

    def page(self) -> Page:
        """Its tab or window, in front, with everything of the test before it forgotten."""
        self._page.bring_to_front()
        return anew(self._page)

    def snapshot(self) -> str:
        """What its page shows, in words."""
        return self._page.locator("body").aria_snapshot(timeout=PATIENCE_MS)

    def another(self, page: Page) -> Page:
        """A second page beside this one: a tab of the same browser, or another window."""
        if self.kind == "browser":
            other = page.context.new_page()
            other.goto(self.url)
        else:
            with page.context.expect_page() as opened:
                page.evaluate("window.shell.openWindow()")
            other = opened.value
        other.set_default_timeout(PATIENCE_MS)
        wait_until_ready(other)
        return other

    def part(self, other: Page) -> None:
        """Close the second page. A window has no close button here: it stays, and is not used."""
        if self.kind == "browser":
            other.close()

    def close(self) -> None:
        """Let go of the browser; the program goes on."""
        self._stack.close()


@contextlib.contextmanager
def running(
    kind: Kind, playwright: Playwright, data: Path, provider: str = "echo"
) -> Iterator[App]:
    """The program with this provider for new conversations."""
    common = ("--data-dir", str(data), "--provider", provider)
    command = (
        ("shell", "serve", "--no-open", *common)
        if kind == "browser"
        else ("shell", "--debug-port", "0", *common)
    )
    with HostProcess(*command, env=OFFSCREEN) as program:
        app = App(kind, playwright, program)
        try:
            yield app
        finally:
            app.close()


def anew(page: Page) -> Page:
    """The same page with everything of it forgotten: far sooner there than another one. It shows an
    empty conversation and knows its host.
    """
    page.evaluate(FORGET)
    page.reload()
    expect(box(page)).to_be_focused()
    wait_until_ready(page)
    return page


# --- what a person does and sees ------------------------------------------------------------


def box(page: Page) -> Locator:
    """Where a message is written."""
    return page.get_by_role("textbox", name="Message")


def ask(page: Page, text: str) -> None:
    """Write a message and send it by the keyboard."""
    box(page).fill(text)
    box(page).press("Enter")


PRESSED_EARLY = "the press did not count"


def decide(card: Locator, button: Locator, press: Callable[[], None] | None = None) -> None:
    """Press a button of a card that waits for a person; `press` replaces the click.

    It is clicked when it is free: a click that Playwright has to try again scrolls the page, and
    "Jump to end" may come between the pointer and the button. Right after the card has moved it
    refuses a press and says so. Then it is pressed again.
    """
    while True:
        expect(button).to_be_enabled()
        (press or button.click)()
        if card.get_by_text(PRESSED_EARLY).count() == 0:
            return


def answer(page: Page) -> Locator:
    """The text of the newest answer."""
    return page.locator(".message.assistant .message-text").last


def shown(page: Page) -> str:
    """The newest answer's text, as it stands in the document."""
    return str(answer(page).evaluate("element => element.textContent"))


def ends(page: Page) -> list[dict[str, object]]:
    """Every terminal event that this load of the page was told."""
    found: list[dict[str, object]] = json.loads(page.evaluate("JSON.stringify(window.seen.ends)"))
    return found


def until(page: Page, condition: str, patience_ms: int = PATIENCE_MS) -> None:
    """Wait in the page until the expression holds. (Playwright's own way looks at an expression a
    second time by `eval`, which the content policy forbids.)
    """
    page.evaluate(
        f"""() => new Promise((resolve, reject) => {{
          const late = performance.now() + {patience_ms};
          const look = () => {{
            const found = {condition};
            if (typeof found === "function") reject(new Error("a function always holds"));
            else if (found) resolve();
            else if (performance.now() > late) reject(new Error("waited in vain"));
            else setTimeout(look, 10);
          }};
          look();
        }})"""
    )


def wait_for_end(page: Page, count: int = 1, patience_ms: int = PATIENCE_MS) -> dict[str, object]:
    """Wait for a terminal event; there must be exactly so many."""
    until(page, f"window.seen.ends.length >= {count}", patience_ms)
    found = ends(page)
    assert len(found) == count, found
    return found[-1]
