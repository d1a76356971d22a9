"""Calls every tool of seven third-party servers once through its card, in both shells."""

import json
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect

from tests.chromium import driver
from tests.command import run
from tests.e2e.app import KINDS, Kind, answer, ask, decide, running
from tests.e2e.test_tools import calls, offer, press
from tests.soak.result import Check, Result
from tests.tools.mcp_servers import node, processes_in, python
from tests.tools.processes import until_now

Calls = Mapping[str, Mapping[str, object]]
HERE, PAGE = "(here)", "(page)"
START_MS = 120_000
BAY = {"name": "Bay", "entityType": "place", "observations": ["wide"]}
FLOWS = {"from": "Bay", "to": "Sea", "relationType": "flows into"}
REPOSITORY = {"repo_path": HERE}
SERVERS: Mapping[str, tuple[list[str], Calls]] = {
    "everything": (
        node("server-everything"),
        {
            "echo": {"message": "hi"},
            "get-annotated-message": {"messageType": "success"},
            "get-env": {},
            "get-resource-links": {"count": 2},
            "get-resource-reference": {"resourceType": "Text", "resourceId": 1},
            "get-structured-content": {"location": "Chicago"},
            "get-sum": {"a": 1, "b": 2},
            "get-tiny-image": {},
            "gzip-file-as-resource": {"name": "a.gz", "data": "data:text/plain,tide"},
            "toggle-simulated-logging": {},
            "toggle-subscriber-updates": {},
            "trigger-long-running-operation": {"duration": 1, "steps": 2},
            "trigger-elicitation-request": {},
            "trigger-url-elicitation": {"url": "https://example.com/"},
            "simulate-research-query": {"topic": "tides"},
        },
    ),
    "filesystem": (
        [*node("server-filesystem"), HERE],
        {
            "read_file": {"path": f"{HERE}/tide.txt"},
            "read_text_file": {"path": f"{HERE}/tide.txt"},
            "read_media_file": {"path": f"{HERE}/tide.txt"},
            "read_multiple_files": {"paths": [f"{HERE}/tide.txt"]},
            "write_file": {"path": f"{HERE}/new.txt", "content": "low"},
            "edit_file": {
                "path": f"{HERE}/new.txt",
                "edits": [{"oldText": "low", "newText": "ebb"}],
            },
            "create_directory": {"path": f"{HERE}/folder"},
            "list_directory": {"path": HERE},
            "list_directory_with_sizes": {"path": HERE},
            "directory_tree": {"path": f"{HERE}/folder"},
            "move_file": {"source": f"{HERE}/new.txt", "destination": f"{HERE}/folder/new.txt"},
            "search_files": {"path": HERE, "pattern": "*.txt"},
            "get_file_info": {"path": f"{HERE}/tide.txt"},
            "list_allowed_directories": {},
        },
    ),
    "memory": (
        node("server-memory"),
        {
            "create_entities": {"entities": [BAY, {**BAY, "name": "Sea"}]},
            "create_relations": {"relations": [FLOWS]},
            "add_observations": {"observations": [{"entityName": "Bay", "contents": ["deep"]}]},
            "read_graph": {},
            "search_nodes": {"query": "Bay"},
            "open_nodes": {"names": ["Bay"]},
            "delete_observations": {"deletions": [{"entityName": "Bay", "observations": ["deep"]}]},
            "delete_relations": {"relations": [FLOWS]},
            "delete_entities": {"entityNames": ["Bay", "Sea"]},
        },
    ),
    "thinking": (
        node("server-sequential-thinking"),
        {
            "sequentialthinking": {
                "thought": "so",
                "nextThoughtNeeded": False,
                "thoughtNumber": 1,
                "totalThoughts": 1,
            }
        },
    ),
    "time": (
        python("mcp-server-time"),
        {
            "get_current_time": {"timezone": "UTC"},
            "convert_time": {
                "source_timezone": "UTC",
                "time": "12:00",
                "target_timezone": "Asia/Tokyo",
            },
        },
    ),
    "git": (
        python("mcp-server-git"),
        {
            "git_status": REPOSITORY,
            "git_log": {**REPOSITORY, "max_count": 1},
            "git_show": {**REPOSITORY, "revision": "HEAD"},
            "git_add": {**REPOSITORY, "files": ["later.txt"]},
            "git_diff_staged": REPOSITORY,
            "git_commit": {**REPOSITORY, "message": "The second"},
            "git_reset": REPOSITORY,
            "git_diff_unstaged": REPOSITORY,
            "git_diff": {**REPOSITORY, "target": "HEAD"},
            "git_branch": {**REPOSITORY, "branch_type": "local"},
            "git_create_branch": {**REPOSITORY, "branch_name": "ebb"},
            "git_checkout": {**REPOSITORY, "branch_name": "ebb"},
        },
    ),
    "fetch": (
        [*python("mcp-server-fetch"), "--allow-private-ips", "--ignore-robots-txt"],
        {"fetch": {"url": PAGE}},
    ),
}
"""Each server's command, and arguments for each of its tools."""


@contextmanager
def web_page() -> Iterator[str]:
    """The address of a page to fetch."""

    class PageHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<html><body><p>The tide is high</p></body></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), PageHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def repository(folder: Path) -> str:
    """A folder with a file, a commit, and a file that is in no commit."""
    folder.mkdir()
    (folder / "tide.txt").write_text("high")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "The first"]):
        subprocess.run([*git, *arguments], check=True)
    for name in ("name", "email"):
        subprocess.run([*git, "config", f"user.{name}", "a@b.c"], check=True)
    (folder / "later.txt").write_text("low")
    return str(folder)


def call(page: Page, server: str, tool: str, arguments: str) -> str:
    """Have the model call a tool, allow it once, decline its form; returns the call's state."""
    ask(page, f"/call {server}__{tool} {arguments}\n/then\n/text It is {tool}.")
    press(page, tool, "Allow once")
    ending = page.get_by_text(f"It is {tool}.", exact=True).last
    decline = page.get_by_role("button", name="Decline", exact=True)
    expect(ending.or_(decline).first).to_be_visible(timeout=START_MS)
    if not ending.is_visible():
        decide(page.get_by_role("group").filter(has=decline).last, decline)
    expect(answer(page)).to_have_text(f"It is {tool}.", timeout=START_MS)
    summary = calls(page, tool).last.locator("summary").inner_text()
    return "Done" if re.search(r"\bDone\b", summary) else summary


def in_shell(kind: Kind, playwright: Playwright) -> dict[str, str]:
    """Call every tool; returns the final state of each call."""
    states: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name, web_page() as address:
        data = Path(name) / "data"
        here = repository(Path(name) / "here")
        for server, (argv, _) in SERVERS.items():
            command = [here if each == HERE else each for each in argv]
            added = run("mcp", "add", server, *command, TIDEWIRE_DATA_DIR=str(data))
            assert added.status == 0, added.out
        with running(kind, playwright, data) as app:
            for server, (_, tools) in SERVERS.items():
                page = app.page()
                offer(page, *tools)
                for tool, arguments in tools.items():
                    arguments_json = (
                        json.dumps(arguments).replace(HERE, here).replace(PAGE, address)
                    )
                    states[f"{server}__{tool}"] = call(page, server, tool, arguments_json)
                    print(kind, server, tool, states[f"{server}__{tool}"], flush=True)
        until_now(lambda: processes_in(data) == [])
    return states


def every_tool() -> Result:
    """Check that every call ends: done, or with the server's reason after a declined form."""
    expected = sum(len(tools) for _, tools in SERVERS.values())
    figures: dict[str, int | str] = {"tools": expected}
    is_ok = True
    with driver() as playwright:
        for kind in KINDS:
            states = in_shell(kind, playwright)
            not_done = {name: state for name, state in states.items() if state != "Done"}
            figures[f"{kind} called"], figures[f"{kind} done"] = (
                len(states),
                len(states) - len(not_done),
            )
            figures[f"{kind} other"] = json.dumps(not_done)
            is_ok = is_ok and len(states) == expected
    return Result(is_ok, figures)


CHECKS: Mapping[str, Check] = {"every_tool": every_tool}
