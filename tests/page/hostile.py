"""Shows hostile texts in the real page, which try to run scripts, fetch URLs and navigate."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, expect

from tests.chromium import new_page, wait_until_ready
from tests.e2e.app import WATCH, ask, box, until
from tests.host_process import ROOT, HostProcess
from tests.page.trap import Trap, trapped
from tests.way_in import new_link

TEXTS: Sequence[str] = json.loads(
    (ROOT / "web" / "src" / "markdown" / "tests" / "hostile.json").read_text("utf-8")
)
TEXTS_PER_CONVERSATION = 12
"""Few enough that a page shows all of them as soon as it is loaded."""

ALARM = """
(() => {
  const alarms = [];
  Object.defineProperty(window, "alarms", { value: alarms });
  for (const name of ["alert", "confirm", "prompt", "print", "open", "fetch"])
    window[name] = (...all) => { alarms.push(`${name} ${all}`); return null; };
  navigator.sendBeacon = (url) => { alarms.push(`beacon ${url}`); return false; };
})();
"""
"""Runs before the page's own script. Records calls of functions that a hostile script would use."""

HARM = """
[...document.querySelectorAll("#root *")].flatMap((element) => [
  ...(/^(script|iframe|object|embed|link|meta|base|style|video|audio)$/i.test(element.localName)
    ? [element.outerHTML.slice(0, 200)] : []),
  ...[...element.attributes].filter(({ name }) => /^on|^srcdoc$|^ping$|^formaction$/i.test(name))
    .map(({ name, value }) => `${element.localName} ${name}=${value}`),
])
"""
"""Finds elements and attributes that the page must not contain."""
IDLE = """
() => new Promise((resolve) =>
  requestIdleCallback(() => setTimeout(resolve, 100), { timeout: 5_000 }))
"""
"""Waits until deferred work is done and its requests have been sent. Chromium may call nothing when
idle while it draws nothing, so there is a timeout.
"""


def in_conversations(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split the texts into batches for one conversation each."""
    for start in range(0, len(texts), TEXTS_PER_CONVERSATION):
        yield texts[start : start + TEXTS_PER_CONVERSATION]


class WatchedPage:
    """A page that records its requests, dialogs, popups and navigations."""

    def __init__(self, browser: Browser, trap: Trap, url: str, *, is_new: bool = True) -> None:
        self.harm: list[str] = []
        self._trap = trap
        self._own = url.partition("#")[0]
        context = browser.new_context()
        self.page = new_page(context)
        self.page.add_init_script(WATCH)
        self.page.add_init_script(ALARM)
        self.page.goto(url)
        wait_until_ready(self.page)
        if is_new:
            expect(box(self.page)).to_be_focused()
        context.on("page", lambda popup: self.harm.append(f"a popup: {popup.url}"))
        context.on("request", lambda request: self._check_url("a request", request.url))
        self.page.on("dialog", self._dismiss)
        self.page.on("framenavigated", lambda frame: self._check_url("a navigation", frame.url))

    def show(self, texts: Sequence[str]) -> None:
        """Have the echo provider answer with each of them."""
        for number, text in enumerate(texts, 1):
            ask(self.page, f"/rate 0\n{text}")
            until(self.page, f"window.seen.ends.length >= {number}")
            until(self.page, "!document.querySelector('[aria-busy=true]')")

    def reload(self, answers: int) -> None:
        """Reload the page, which must show the same number of answers."""
        self.page.reload()
        expect(self.page.locator(".message.assistant")).to_have_count(answers)
        self.page.evaluate("window.llm.ready()")

    def collect_harm(self) -> list[str]:
        """Every forbidden effect so far, one line each."""
        self.page.evaluate(IDLE)
        findings = [*self.harm, *self._trap.requests]
        for expression in ("window.alarms", "window.seen.violations", HARM):
            findings += self.page.evaluate(expression)
        self._check_url("the address", self.page.url)
        return findings

    def close(self) -> None:
        """Close its context."""
        self.page.context.close()

    def _check_url(self, kind: str, url: str) -> None:
        if not url.startswith((self._own, f"blob:{self._own}", "data:")):
            self.harm.append(f"{kind}: {url}")

    def _dismiss(self, dialog: object) -> None:
        self.harm.append(f"a dialog: {dialog}")
        dialog.dismiss()  # type: ignore[attr-defined]


@contextmanager
def hostile_pages(playwright: Playwright) -> Iterator["Pages"]:
    """Run the program with the echo provider, and a browser that can reach nothing else."""
    with tempfile.TemporaryDirectory() as data, trapped(playwright) as (browser, trap):
        common = ("--data-dir", str(Path(data)), "--provider", "echo")
        with HostProcess("shell", "serve", "--no-open", *common) as program:
            yield Pages(browser, trap, program.json_line())


class Pages:
    """Opens pages that show texts."""

    def __init__(self, browser: Browser, trap: Trap, ready: Mapping[str, object]) -> None:
        self._browser, self._trap, self._ready = browser, trap, ready

    def open(self) -> WatchedPage:
        """A new tab with an empty conversation."""
        return WatchedPage(self._browser, self._trap, new_link(self._ready))

    def harm_of(self, texts: Sequence[str]) -> list[str]:
        """Show the texts and reload the page; returns their forbidden effects."""
        watched = self.open()
        watched.show(texts)
        findings = watched.collect_harm()
        watched.reload(len(texts))
        findings += watched.collect_harm()
        watched.close()
        return findings
