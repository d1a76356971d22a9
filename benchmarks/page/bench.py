"""Builds the page, shows it with each renderer, and tells what came of it."""

import argparse
import functools
import json
import os
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.machine import load, machine
from benchmarks.page.bars import Figures, Key, judge
from benchmarks.page.plan import Order, orders
from benchmarks.page.shown import Open, chromium, window
from devtools.processes import Children
from devtools.setup import Setup

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
BUILT = ROOT / ".bench" / "renderers"
MEGABYTE = 1_000_000


def run(arguments: Sequence[str]) -> int:
    """Measure, and print a JSON line for each order and one for the bars.

    Returns 1 when a bar was missed.
    """
    parser = argparse.ArgumentParser(prog="bench page", description=__doc__)
    parser.add_argument("--full", action="store_true", help="all renderers, all sizes")
    parser.add_argument("--window", action="store_true", help="in the web view of a real window")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    options = parser.parse_args(arguments)
    build()
    before = load()
    rounds = defaultdict[Key, list[Figures]](list)
    place = window() if options.window else chromium()
    with served(BUILT) as address, place as (browser, open_page):
        version = browser.version
        for order in orders(options.full):
            figures = measure(browser, open_page, address, order)
            rounds[order.key].append(figures)
            line = {"renderer": order.renderer, "tokens": order.tokens, "rate": order.rate}
            print(json.dumps(line | dict(figures)), flush=True)
    measured = {key: median(figures) for key, figures in rounds.items()}
    verdicts = judge(measured)
    facts = {
        "bars": [
            {"bar": verdict.bar, "reached": verdict.reached, "met": verdict.met}
            for verdict in verdicts
        ],
        "machine": machine() | {"chromium": version},
        "load": {"before": before, "after": load()},
    }
    print(json.dumps(facts), flush=True)
    if options.json is not None:
        rows = [{"order": key, **figures} for key, several in rounds.items() for figures in several]
        options.json.write_text(json.dumps(facts | {"measured": rows}, indent=1), "utf-8")
    return int(any(verdict.met is False for verdict in verdicts))


def median(rounds: Sequence[Figures]) -> Figures:
    """The round with the median processor time."""
    return sorted(rounds, key=lambda figures: figures["cpu_s"])[len(rounds) // 2]


def build() -> None:
    """Install the page's locked dependencies, and build the page for production."""
    node, npm = Setup(ROOT, Children()).node()
    lock = FOLDER / "package-lock.json"
    stamp = FOLDER / "node_modules" / ".lock"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        _quietly(node, *npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        stamp.write_bytes(lock.read_bytes())
    _quietly(node, node, "node_modules/vite/bin/vite.js", "build", "--config", "vite.config.ts")


def _quietly(node: str, *command: str) -> None:
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command,
        cwd=FOLDER,
        env={**os.environ, "PATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        raise SystemExit(f"bench page: {' '.join(command)} failed")


def measure(browser: Browser, open_page: Open, address: str, order: Order) -> Figures:
    """Carry out one order on a freshly loaded page.

    `cpu_s` and `longest_task_ms` are processor time of the main thread, so that other programs on
    the machine count little. Names with `wall` mean wall-clock time.
    """
    with open_page() as page:
        page.goto(address)
        page.evaluate("name => window.prepare(name)", order.renderer)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def now() -> dict[str, float]:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return {metric["name"]: metric["value"] for metric in metrics}

        browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
        before = now()
        outcome: dict[str, float] = page.evaluate(
            "order => window.measure(order)",
            {"renderer": order.renderer, "tokens": order.tokens, "rate": order.rate},
        )
        after = now()
        longest = longest_task_ms(json.loads(browser.stop_tracing())["traceEvents"])
        session.send("HeapProfiler.collectGarbage")
        spent = {name: after[name] - before[name] for name in after}
        return {
            "cpu_s": round(spent["TaskDuration"], 3),
            "script_s": round(spent["ScriptDuration"], 3),
            "style_s": round(spent["RecalcStyleDuration"], 3),
            "layout_s": round(spent["LayoutDuration"], 3),
            "commit_s": round(outcome["commitMs"] / 1_000, 3),
            "longest_task_ms": round(longest, 1),
            "longest_task_wall_ms": round(outcome["longestTaskMs"]),
            "updates": outcome["updates"],
            "tokens_per_s": round(order.tokens / spent["TaskDuration"]),
            "tokens_per_s_wall": round(order.tokens / outcome["seconds"]),
            "elements": outcome["elements"],
            "heap_mb": round(now()["JSHeapUsedSize"] / MEGABYTE, 1),
        }


def longest_task_ms(events: Sequence[Mapping[str, Any]]) -> float:
    """Processor time of the longest task on the busiest main thread of a page."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = defaultdict[tuple[int, int], list[float]](list)
    for event in events:
        thread = (event["pid"], event.get("tid", 0))
        if thread in mains and event["name"].endswith("RunTask") and "tdur" in event:
            tasks[thread].append(event["tdur"] / 1_000)
    return max(max(tasks.values(), key=sum, default=[0.0]))


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Write no log: standard output is for figures."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The files of a folder on the loopback address, for as long as the context lasts."""
    handler = functools.partial(_Files, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()
            thread.join()
