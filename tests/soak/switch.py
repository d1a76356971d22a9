"""From one long conversation to another and back: how long until its end is there to be read."""

import tempfile
from pathlib import Path

from shell.contract import NewConversation, Role
from shell.store.database import Connection
from shell.store.messages import tree
from shell.store.messages.content import take_apart
from shell.store.store import Store
from shell.support.ids import new_id
from tests.chromium import driver, headless
from tests.e2e.app import box, until
from tests.host_process import HostProcess
from tests.soak.result import Check, Result

MESSAGES = 1_000
OTHERS = 5_000
"""Conversations of one message that stand below them in the list."""
TITLES = ("the first thousand", "the second thousand")
TIMES = 20
OPEN_MS, SWITCH_MS = 300.0, 150.0
ANSWER = (
    "The **tide** rises twice a day; `depth(now)` says how much water there is.\n\n"
    "- spring tides come with the *full* moon\n- neap tides in between\n\n"
    "```python\ndef height(hour):\n    return 3 * cos(hour)\n```\n"
)

LIST = "[...document.querySelectorAll('[data-conversation]')]"
SWITCH = """(title) => new Promise((resolve) => {
  const item = [...document.querySelectorAll("[data-conversation]")]
    .find((each) => each.textContent === title);
  const began = performance.now();
  const look = () => {
    const rows = [...document.querySelectorAll("[data-row]")];
    const isThere = document.querySelector("h1").textContent === title
      && rows.at(-1)?.textContent.includes(`the end of ${title}`);
    if (isThere) requestAnimationFrame(() => resolve(performance.now() - began));
    else requestAnimationFrame(look);
  };
  item.click();
  look();
})"""


def write_conversations(folder: Path) -> None:
    """A store with two conversations of so many messages, and thousands of small ones."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        for place in range(OTHERS):
            title = f"a small one, {place}"
            number = tree.create(connection, new_id(), NewConversation(title=title), 1)
            said = tree.NewMessage(new_id(), "user", take_apart(title), 1)
            tree.add(connection, number, None, said)
        for title in TITLES:
            number = tree.create(connection, new_id(), NewConversation(title=title), 2)
            parent = None
            for place in range(MESSAGES):
                role: Role = "assistant" if place % 2 else "user"
                text = ANSWER if place % 2 else f"question {place}"
                if place == MESSAGES - 1:
                    text += f"\n\nthe end of {title}"
                said = tree.NewMessage(new_id(), role, take_apart(text), 1)
                parent = tree.add(connection, number, parent, said)

    store.database.write(write).result()
    store.close()


def long_conversations() -> Result:
    """Open one, then go back and forth."""
    with tempfile.TemporaryDirectory() as name:
        write_conversations(Path(name))
        command = ("shell", "serve", "--no-open", "--data-dir", name, "--provider", "echo")
        with driver() as playwright, HostProcess(*command) as program:
            url = str(program.json_line()["url"])
            with headless(playwright) as browser:
                page = browser.new_page(viewport={"width": 1_200, "height": 800})
                page.goto(url)
                box(page).wait_for()
                until(page, f"{LIST}[0]?.textContent === {TITLES[1]!r}")
                # Down to the end of the list and up again: what was drawn on the way is let go.
                page.evaluate("document.querySelector('[data-list]').scrollTop = 1e9")
                until(page, f"{LIST}.at(-1).textContent === 'a small one, 0'")
                page.evaluate("document.querySelector('[data-list]').scrollTop = 0")
                until(page, f"{LIST}[0].textContent === {TITLES[1]!r}")
                drawn = page.locator("[data-conversation]").count()
                page.get_by_role("button", name="New chat").click()
                times = [
                    float(page.evaluate(SWITCH, TITLES[turn % 2])) for turn in range(TIMES + 2)
                ]
    first, back = max(times[:2]), sorted(times[2:])
    figures = {
        "messages": MESSAGES,
        "listed": OTHERS + len(TITLES),
        "rows_drawn": drawn,
        "open_ms": round(first),
        "switch_p50_ms": round(back[len(back) // 2]),
        "switch_p95_ms": round(back[-2]),
        "switch_max_ms": round(back[-1]),
    }
    return Result(first <= OPEN_MS and back[-2] <= SWITCH_MS, figures)


CHECKS: dict[str, Check] = {"conversations": long_conversations}
