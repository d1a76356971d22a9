"""Measures how long switching between two long conversations takes until the end is shown."""

import tempfile
from pathlib import Path

from shell.contract import NewConversation, Role
from shell.store.database import Connection
from shell.store.messages import tree
from shell.store.messages.content import take_apart
from shell.store.store import Store
from shell.support.ids import new_id
from tests.chromium import driver, headless, new_page
from tests.e2e.app import box, until
from tests.host_process import HostProcess
from tests.soak.result import Check, Result

MESSAGES = 1_000
SMALL_CONVERSATIONS = 5_000
"""Conversations of one message below the two long ones in the list."""
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
  const poll = () => {
    const rows = [...document.querySelectorAll("[data-row]")];
    const isThere = document.querySelector("h1").textContent === title
      && rows.at(-1)?.textContent.includes(`the end of ${title}`);
    if (isThere) requestAnimationFrame(() => resolve(performance.now() - began));
    else requestAnimationFrame(poll);
  };
  item.click();
  poll();
})"""


def write_conversations(folder: Path) -> None:
    """Write two conversations of 1,000 messages, and thousands of small ones."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        for index in range(SMALL_CONVERSATIONS):
            title = f"a small one, {index}"
            number = tree.create(connection, new_id(), NewConversation(title=title), 1)
            message = tree.NewMessage(new_id(), "user", take_apart(title), 1)
            tree.add(connection, number, None, message)
        for title in TITLES:
            number = tree.create(connection, new_id(), NewConversation(title=title), 2)
            parent = None
            for index in range(MESSAGES):
                role: Role = "assistant" if index % 2 else "user"
                text = ANSWER if index % 2 else f"question {index}"
                if index == MESSAGES - 1:
                    text += f"\n\nthe end of {title}"
                message = tree.NewMessage(new_id(), role, take_apart(text), 1)
                parent = tree.add(connection, number, parent, message)

    store.database.write(write).result()
    store.close()


def long_conversations() -> Result:
    """Open one, then switch between the two."""
    with tempfile.TemporaryDirectory() as name:
        write_conversations(Path(name))
        command = ("shell", "serve", "--no-open", "--data-dir", name, "--provider", "echo")
        with driver() as playwright, HostProcess(*command) as program:
            url = str(program.json_line()["url"])
            with headless(playwright) as browser:
                page = new_page(browser.new_context(viewport={"width": 1_200, "height": 800}))
                page.goto(url)
                box(page).wait_for()
                until(page, f"{LIST}[0]?.textContent === {TITLES[1]!r}")
                # Scroll to the end of the list and back, after which the page removes the rows
                # that are out of sight.
                page.evaluate("document.querySelector('[data-list]').scrollTop = 1e9")
                until(page, f"{LIST}.at(-1).textContent === 'a small one, 0'")
                page.evaluate("document.querySelector('[data-list]').scrollTop = 0")
                until(page, f"{LIST}[0].textContent === {TITLES[1]!r}")
                row_count = page.locator("[data-conversation]").count()
                page.get_by_role("button", name="New chat").click()
                times = [
                    float(page.evaluate(SWITCH, TITLES[number % 2])) for number in range(TIMES + 2)
                ]
    open_ms, switch_ms = max(times[:2]), sorted(times[2:])
    figures = {
        "messages": MESSAGES,
        "listed": SMALL_CONVERSATIONS + len(TITLES),
        "rows_drawn": row_count,
        "open_ms": round(open_ms),
        "switch_p50_ms": round(switch_ms[len(switch_ms) // 2]),
        "switch_p95_ms": round(switch_ms[-2]),
        "switch_max_ms": round(switch_ms[-1]),
    }
    return Result(open_ms <= OPEN_MS and switch_ms[-2] <= SWITCH_MS, figures)


CHECKS: dict[str, Check] = {"conversations": long_conversations}
