"""Hostile: texts that try to run, to fetch and to lead away, shown by the real page."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, expect

from tests.chromium import wait_until_ready
from tests.e2e.app import PATIENCE_MS, WATCH, ask, box, until
from tests.host_process import ROOT, HostProcess
from tests.page.trap import Trap, trapped
from tests.way_in import new_link

TEXTS: Sequence[str] = json.loads(
    (ROOT / "web" / "src" / "markdown" / "tests" / "hostile.json").read_text("utf-8")
)
TOGETHER = 12
"""Texts in one conversation: so many that a page shows all of them as soon as it is loaded."""

ALARM = """
(() => {
  const alarms = [];
  Object.defineProperty(window, "alarms", { value: alarms });
  for (const name of ["alert", "confirm", "prompt", "print", "open", "fetch"])
    window[name] = (...all) => { alarms.push(`${name} ${all}`); return null; };
  navigator.sendBeacon = (url) => { alarms.push(`beacon ${url}`); return false; };
})();
"""
"""Runs before the page's own script: what a text that ran would call."""

HARM = """
[...document.querySelectorAll("#root *")].flatMap((element) => [
  ...(/^(script|iframe|object|embed|link|meta|base|style|video|audio)$/i.test(element.localName)
    ? [element.outerHTML.slice(0, 200)] : []),
  ...[...element.attributes].filter(({ name }) => /^on|^srcdoc$|^ping$|^formaction$/i.test(name))
    .map(({ name, value }) => `${element.localName} ${name}=${value}`),
])
"""
"""What must not stand in the page."""


def in_conversations(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts, as many at a time as one conversation takes."""
    for start in range(0, len(texts), TOGETHER):
        yield texts[start : start + TOGETHER]


class Watched:
    """A page whose requests, dialogs, popups and navigations are written down."""

    def __init__(self, browser: Browser, trap: Trap, url: str, *, is_new: bool = True) -> None:
        self.harm: list[str] = []
        self._trap = trap
        self._own = url.partition("#")[0]
        context = browser.new_context()
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(WATCH)
        self.page.add_init_script(ALARM)
        self.page.goto(url)
        wait_until_ready(self.page)
        if is_new:
            expect(box(self.page)).to_be_focused()
        context.on("page", lambda popup: self.harm.append(f"a popup: {popup.url}"))
        context.on("request", lambda request: self._look("a request", request.url))
        self.page.on("dialog", self._dismiss)
        self.page.on("framenavigated", lambda frame: self._look("a navigation", frame.url))

    def show(self, texts: Sequence[str]) -> None:
        """Have the echo provider answer with each of them."""
        for number, text in enumerate(texts, 1):
            ask(self.page, f"/rate 0\n{text}")
            until(self.page, f"window.seen.ends.length >= {number}")
            until(self.page, "!document.querySelector('[aria-busy=true]')")

    def reload(self, answers: int) -> None:
        """Load the page anew; it shows what it had."""
        self.page.reload()
        expect(self.page.locator(".message.assistant")).to_have_count(answers)
        self.page.evaluate("window.llm.ready()")

    def look(self) -> list[str]:
        """Everything that has happened and should not have."""
        # What is put off is done, and what it asked for is on its way.
        idle = "() => new Promise((resolve) => requestIdleCallback(() => setTimeout(resolve, 100)))"
        self.page.evaluate(idle)
        found = [*self.harm, *self._trap.caught]
        for what in ("window.alarms", "window.seen.violations", HARM):
            found += self.page.evaluate(what)
        self._look("the address", self.page.url)
        return found

    def close(self) -> None:
        """Close its context."""
        self.page.context.close()

    def _look(self, what: str, url: str) -> None:
        if not url.startswith((self._own, f"blob:{self._own}", "data:")):
            self.harm.append(f"{what}: {url}")

    def _dismiss(self, dialog: object) -> None:
        self.harm.append(f"a dialog: {dialog}")
        dialog.dismiss()  # type: ignore[attr-defined]


@contextmanager
def hostile_pages(playwright: Playwright) -> Iterator["Pages"]:
    """The program with the echo provider, and a browser that cannot reach anything else."""
    with tempfile.TemporaryDirectory() as data, trapped(playwright) as (browser, trap):
        common = ("--data-dir", str(Path(data)), "--provider", "echo")
        with HostProcess("shell", "serve", "--no-open", *common) as program:
            yield Pages(browser, trap, program.json_line())


class Pages:
    """Opens pages in which texts are shown."""

    def __init__(self, browser: Browser, trap: Trap, ready: Mapping[str, object]) -> None:
        self._browser, self._trap, self._ready = browser, trap, ready

    def open(self) -> Watched:
        """A new tab with an empty conversation."""
        return Watched(self._browser, self._trap, new_link(self._ready))

    def harm_of(self, texts: Sequence[str]) -> list[str]:
        """What the texts do, final and after a reload; nothing, as it should be."""
        watched = self.open()
        watched.show(texts)
        found = watched.look()
        watched.reload(len(texts))
        found += watched.look()
        watched.close()
        return found
