"""Measures a long conversation and a long answer in the real page: opening, updates, memory."""

import itertools
import json
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from shell.contract import NewConversation, Role
from shell.store.database import Connection
from shell.store.messages import steps, tree
from shell.store.messages.content import take_apart
from shell.store.store import Store
from shell.support.ids import new_id
from tests.chromium import driver, headless, new_page
from tests.e2e.app import WATCH, answer_text, ask, box, until
from tests.host_process import HostProcess
from tests.soak.result import Check, Result

MESSAGES = 1_000
TITLE = "a thousand messages"
OPEN_MS, UPDATE_MS = 300.0, 2.0
CALLS, CALLS_AN_ANSWER, CALLS_A_STEP = 1_000, 100, 4
OPENED = 5
LOADED_AHEAD = """performance.getEntriesByType("resource")
  .some(({ name }) => name.includes("/CallCard-"))"""
CALLS_TITLE = "a thousand calls"
LINES, WORDS_A_LINE = 3_000, 4
RATE = 200
MEGABYTE = 1_000_000
MOST_MB = 40.0
"""How much the heap may grow with each thousand lines, which stay in the page."""
ANSWER = (
    "The **tide** rises twice a day; `depth(now)` says how much water there is.\n\n"
    "- spring tides come with the *full* moon\n- neap tides in between\n\n"
    "```python\ndef height(hour):\n    return 3 * cos(hour)\n```\n"
)

OPEN = """([title, selector, count]) => new Promise((resolve) => {
  const item = [...document.querySelectorAll("[data-conversation]")]
    .find((each) => each.textContent.includes(title));
  const began = performance.now();
  const poll = () => document.querySelectorAll(selector).length < count
    ? requestAnimationFrame(poll)
    : requestAnimationFrame(() => resolve(performance.now() - began));
  item.click();
  poll();
})"""

PASTE = """(box, text) => {
  const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
  set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}"""
"""Sets the text of the box, because typing thousands of lines would take longer than answering."""


def write_conversation(folder: Path) -> None:
    """Write a store with one conversation of 1,000 messages."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        number = tree.create(connection, new_id(), NewConversation(title=TITLE), 1)
        parent = None
        for index in range(MESSAGES):
            role: Role = "assistant" if index % 2 else "user"
            text = ANSWER if index % 2 else f"question {index}"
            parent = tree.add(
                connection, number, parent, tree.NewMessage(new_id(), role, take_apart(text), 1)
            )

    store.database.write(write).result()
    store.close()


def write_calls(folder: Path) -> None:
    """Write a store with one conversation whose answers have 1,000 calls."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        number = tree.create(connection, new_id(), NewConversation(title=CALLS_TITLE), 1)
        parent = None
        for index in range(2 * CALLS // CALLS_AN_ANSWER):
            role: Role = "assistant" if index % 2 else "user"
            message = tree.NewMessage(new_id(), role, take_apart(ANSWER), 1)
            parent = tree.add(connection, number, parent, message)
            if role == "assistant":
                steps.write(connection, parent, list(enumerate(call_entries())))

    store.database.write(write).result()
    store.close()


def call_entries() -> Iterator[steps.Entry]:
    """The stored entries of an answer with 100 calls, each allowed by a person."""
    for number in range(CALLS_AN_ANSWER):
        step, ordinal = divmod(number, CALLS_A_STEP)
        call_id = f"call-{step + 1}-{ordinal}"
        common = {"run": "run", "at": 0, "thought_at": 0, "call_id": call_id}
        result = f"row {number} of the almanac\n" * 20
        call_fields = {
            **common,
            "step": step + 1,
            "ordinal": ordinal,
            "tool": "look_up",
            "source": "almanac.py",
            "arguments": {"port": "Husum", "day": number},
            "reads": True,
            "brings": False,
            "sends": False,
            "definition": "0" * 64,
        }
        approved = {"state": "decided", "verdict": "allow", "scope": "once"}
        size = len(result)
        yield steps.CallEntry.model_validate({**call_fields, "state": "waiting"})
        yield steps.ApprovalEntry.model_validate({**common, "state": "asked", "nonce": "n"})
        yield steps.ApprovalEntry.model_validate({**common, **approved})
        yield steps.CallEntry.model_validate({**call_fields, "state": "running"})
        yield steps.ResultEntry.model_validate(
            {**common, "state": "done", "text": result, "bytes": size, "shown_bytes": size}
        )


@contextmanager
def open_page(folder: Path) -> Iterator[tuple[Browser, Page]]:
    """Open the page of a host with this data directory."""
    command = ("shell", "serve", "--no-open", "--data-dir", str(folder), "--provider", "echo")
    with driver() as playwright, HostProcess(*command) as program:
        url = str(program.json_line()["url"])
        with headless(playwright) as browser:
            page = new_page(browser.new_context(viewport={"width": 1_200, "height": 800}))
            page.add_init_script(WATCH)
            page.goto(url)
            box(page).wait_for()
            page.evaluate("window.llm.ready()")
            yield browser, page


def frames_ms(events: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    """Milliseconds of the script and of the whole task, for each frame that ran script."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = defaultdict[tuple[int, int], list[dict[str, Any]]](list)
    scripts = defaultdict[tuple[int, int], list[dict[str, Any]]](list)
    for event in events:
        thread = (event["pid"], event.get("tid", 0))
        if thread in mains and "tdur" in event:
            if event["name"] == "FireAnimationFrame":
                scripts[thread].append(event)
            elif event["name"].endswith("RunTask"):
                tasks[thread].append(event)
    thread = max(scripts, key=lambda key: len(scripts[key]))
    task_ms = []
    for script in scripts[thread]:
        start = script["ts"]
        enclosing = [
            task for task in tasks[thread] if task["ts"] <= start < task["ts"] + task["dur"]
        ]
        task_ms.append(max((task["tdur"] for task in enclosing), default=0) / 1_000)
    return [script["tdur"] / 1_000 for script in scripts[thread]], task_ms


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def long_conversation() -> Result:
    """Open the conversation, scroll through all of it, and stream an answer at its end."""
    with tempfile.TemporaryDirectory() as name:
        write_conversation(Path(name))
        with open_page(Path(name)) as (browser, page):
            page.locator("[data-conversation]", has_text=TITLE).wait_for()
            # The page may have opened it by itself.
            page.get_by_role("button", name="New chat").click()
            until(page, "!document.querySelector('.message')")
            open_ms = float(page.evaluate(OPEN, [TITLE, ".message", 20]))
            while page.locator(".message").count() < MESSAGES:
                page.locator(".messages").evaluate("frame => { frame.scrollTop = 0; }")
                page.wait_for_timeout(50)
            page.locator(".messages").evaluate("frame => { frame.scrollTop = frame.scrollHeight; }")
            categories = ["toplevel", "__metadata", "devtools.timeline"]
            browser.start_tracing(page=page, categories=categories)
            ask(page, f"/rate {RATE}\n/repeat {RATE * 5} tide")
            until(page, "window.seen.ends.length > 0")
            events = json.loads(browser.stop_tracing())["traceEvents"]
    scripts, tasks = frames_ms(events)
    figures = {
        "messages": MESSAGES,
        "open_ms": round(open_ms),
        "updates": len(scripts),
        "update_p50_ms": round(statistics.median(scripts), 2),
        "update_p95_ms": round(p95(scripts), 2),
        "frame_p95_ms": round(p95(tasks), 2),
    }
    return Result(open_ms <= OPEN_MS and figures["update_p95_ms"] <= UPDATE_MS, figures)


def many_calls() -> Result:
    """Open a conversation with 1,000 calls until all are drawn, each time in a fresh page."""
    with tempfile.TemporaryDirectory() as name:
        write_calls(Path(name))
        with open_page(Path(name)) as (_, page):
            times = []
            for _ in range(OPENED):
                page.reload()
                page.get_by_role("button", name="New chat").click()
                until(page, "!document.querySelector('.message')")
                page.locator("[data-conversation]", has_text=CALLS_TITLE).wait_for()
                until(page, LOADED_AHEAD)
                request = [CALLS_TITLE, "[data-state=done] > summary", CALLS]
                times.append(float(page.evaluate(OPEN, request)))
    open_ms = statistics.median(times)
    figures = {"calls": CALLS, "open_ms": round(open_ms), "best_ms": round(min(times))}
    return Result(open_ms <= OPEN_MS, figures)


def long_answer() -> Result:
    """Stream an answer of 3,000 lines and measure the heap after each third."""
    line = " ".join(["tide"] * WORDS_A_LINE)
    script = f"/rate {RATE}\n" + "\n".join(f"{line} {number}" for number in range(LINES))
    heaps: list[float] = []
    with tempfile.TemporaryDirectory() as name, open_page(Path(name)) as (_, page):
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        box(page).evaluate(PASTE, script)
        box(page).press("Enter")
        tokens = LINES * (WORDS_A_LINE + 1)
        for third in range(4):
            is_done = "window.seen.ends.length > 0"
            until(page, f"window.seen.tokens >= {tokens * third // 3} || {is_done}", 300_000)
            session.send("HeapProfiler.collectGarbage")
            metrics = session.send("Performance.getMetrics")["metrics"]
            heap = next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")
            heaps.append(heap / MEGABYTE)
        until(page, "window.seen.ends.length > 0")
        until(page, "!document.querySelector('[aria-busy=true]')")
        word_count = answer_text(page).count("tide")
    growth = [after - before for before, after in itertools.pairwise(heaps)]
    figures = {f"heap_{number}_thirds_mb": round(heap, 1) for number, heap in enumerate(heaps)}
    is_flat = max(growth) <= MOST_MB
    is_complete = word_count == LINES * WORDS_A_LINE
    return Result(is_flat and is_complete, {**figures, "lines": LINES})


CHECKS: dict[str, Check] = {
    "long_conversation": long_conversation,
    "many_calls": many_calls,
    "long_answer": long_answer,
}
