"""A canary key in the whole program: used, echoed by a server, then killed: found nowhere."""

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.command import run
from tests.e2e.app import Kind, answer, ask, decide, running, wait_for_end
from tests.e2e.test_tools import offer, with_tools
from tests.providers.dialects import Chat, Dialect, Responses
from tests.providers.fault_server import Exchange, FaultServer, Scene, fault_server
from tests.store.test_canary import CANARY, echo, files, hits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
STORAGE = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"


TOOL = """
import json, os
from pathlib import Path

def look(at: str) -> str:
    own = Path("/proc/self/environ").read_text() + Path("/proc/self/cmdline").read_text()
    return json.dumps(dict(os.environ)) + own + " seen at the " + at
"""
ONCE_MORE = ("ask", "once more", "--provider", "openai")
SAYS: Mapping[str, Dialect] = {"/responses": Responses(), "/completions": Chat()}


async def calling(exchange: Exchange) -> None:
    """Asks for a call of the tool, then answers with its result."""
    says = next(words for end, words in SAYS.items() if exchange.request.path.endswith(end))
    await exchange.head()
    is_called = b"seen at the sea" in exchange.request.body
    call = [piece.replace(b'"look"', b'"mine__look"') for piece in says.call()]
    await exchange.send(*says.begin(), *(says.text("Seen.") if is_called else call))
    await exchange.send(*says.finish())
    await exchange.end()


@contextlib.contextmanager
def serving(scene: Scene = echo) -> Iterator[FaultServer]:
    """A server on a loop of its own; by default one that refuses, with the key that it was sent."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    found: list[FaultServer] = []
    over = asyncio.Event()

    async def serve() -> None:
        async with fault_server(scene) as server:
            found.append(server)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize("origin", ["environment", "settings"])
def test_a_key_is_found_nowhere(
    kind: Kind, playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    data = tmp_path / "data"
    with serving() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        if origin == "environment":
            monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        with running(kind, playwright, data, provider="openai") as app:
            page = app.page()
            if origin == "settings":
                enter_key(page)
            ask(page, "a question for the canary")
            assert wait_for_end(page)["code"] == "API_KEY_ERROR"
            expect(page.locator(".error")).to_be_visible()
            assert server.requests[-1].headers["authorization"] == f"Bearer {CANARY}"
            told = [page.content(), page.evaluate(STORAGE), *processes(app.program.process.pid)]
            app.close()
            app.program.process.send_signal(signal.SIGKILL)
            app.program.process.wait()
            app.program.expected = -signal.SIGKILL
        told += [app.program.last_words(), *app.program.said]
        assert any(b"a question for the canary" in path.read_bytes() for path in files(data))
        if kind == "browser":  # a window leaves the same files
            told += commands(data)
    for text in told:
        assert hits(text.encode("utf-8", "surrogateescape")) == []
    for path in files(tmp_path):
        assert hits(path.read_bytes()) == [], path


def test_a_key_reaches_no_tool_and_no_card(
    kind: Kind, playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    with_tools(data, TOOL, "mine.py")
    for name in ("OPENAI_API_KEY", "MY_SERVICE_TOKEN", "CLIENT_SECRET", "DB_PASSWORD"):
        monkeypatch.setenv(name, CANARY)
    with serving(calling) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        with running(kind, playwright, data, provider="openai") as app:
            page = app.page()
            offer(page, "look")
            ask(page, "a question for the canary")
            question = page.get_by_role("group", name="Approve look")
            expect(question).to_contain_text("sea")
            told = [page.content(), *processes(app.program.process.pid)]
            decide(question, question.get_by_role("button", name="Allow once"))
            expect(answer(page)).to_have_text("Seen.")
            call = page.get_by_role("group", name="Tool call look")
            call.locator("summary").click()
            expect(call.get_by_role("group", name="Result")).to_contain_text("seen at the sea")
            expect(call.get_by_role("group", name="Result")).to_contain_text("PATH")
            told += [page.content(), page.evaluate(STORAGE), *processes(app.program.process.pid)]
        assert server.requests[-1].headers["authorization"] == f"Bearer {CANARY}"
        told += [request.body.decode() for request in server.requests]
        told += [app.program.last_words(), *app.program.said]
        if kind == "browser":  # a window leaves the same files
            told += commands(data)
    assert any(b"seen at the sea" in path.read_bytes() for path in files(data))
    for text in told:
        assert hits(text.encode("utf-8", "surrogateescape")) == []
    for path in files(tmp_path):
        assert hits(path.read_bytes()) == [], path


def commands(data: Path) -> Iterator[str]:
    """What the commands say and write of what is there."""
    common = ("--data-dir", str(data), "--log-level", "debug")
    listed = run(*common, "conversations", "list", "--json")
    assert [line["title"] for line in listed.lines] == ["a question for the canary"]
    conversation = str(listed.lines[0]["id"])
    kept = run(*common, "wire", "list", "--json").lines
    assert kept
    shown = [("wire", "show", str(kept[0]["inferenceId"]))]
    for arguments in (
        ("conversations", "show", conversation, "--json"),
        ("conversations", "export", conversation, "--format", "html"),
        ("backup", str(data.with_name("all.zip"))),
        ("keys", "list"),
        ("doctor",),
        *shown,
        *((*shown[0], "--as", form) for form in ("json", "curl", "python")),
        ("ask", "once more", "--provider", "openai", "--json"),
        (*ONCE_MORE, "--record", str(data.with_name("recording.jsonl"))),
    ):
        done = run(*common, *arguments)
        yield from (done.out, done.err)


def enter_key(page: Page) -> None:
    """Give the key as a person does."""
    page.keyboard.press("Control+Comma")
    field = page.get_by_label("Key for OpenAI")
    field.fill(CANARY)
    field.press("Enter")
    expect(field).to_have_value("")
    page.get_by_role("button", name="Close").click()


def processes(parent: int) -> Iterator[str]:
    """The command line of a process and of all its descendants, and the descendants' environments.
    Its own is what it was given.
    """
    parents = {}
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
            parents[int(directory.name)] = int(fields[1])
    found = {parent}
    while grown := {pid for pid, above in parents.items() if above in found} - found:
        found |= grown
    assert len(found) > 1 or "serve" in Path(f"/proc/{parent}/cmdline").read_text()
    for pid in found:
        with contextlib.suppress(OSError):
            yield Path(f"/proc/{pid}/cmdline").read_text()
            if pid != parent:
                yield Path(f"/proc/{pid}/environ").read_text()
