"""A program that takes the port of a killed host learns nothing from the host's open tab."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Playwright, expect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.chromium import PATIENCE_MS, headless, new_page
from tests.e2e.app import answer, ask, box
from tests.host_process import HostProcess
from tests.way_in import ticket_of

pytestmark = pytest.mark.browser


class Squatter:
    """Imitates the host, and records everything that it receives."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.greeted = threading.Event()

    def request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Record a request; refuse it unless it opens a WebSocket."""
        self.received.append(f"{request.path}\n{request.headers}")
        if "Upgrade" in request.headers:
            return None
        return Response(404, "Not Found", Headers({"Content-Length": "0"}), b"")

    def serve_connection(self, connection: ServerConnection) -> None:
        """Serve a WebSocket with an outdated welcome, a forged proof, and further frames."""
        try:
            greeting = json.loads(self._receive(connection))
            load = greeting["load"]
            try:
                for frame in (
                    {"welcome": {"token": "theirs"}},
                    {"push": [load, 1, []]},
                    {"ticket": "theirs.theirs"},
                    {"challenge": {"nonce": "0" * 32, "proof": "0" * 64}},
                    {"welcome": {"key": "theirs"}},
                    {"push": [load, 2, []]},
                ):
                    connection.send(json.dumps(frame))
            finally:
                # The page may have rejected the forgery and closed before it got all frames.
                self.greeted.set()
            while True:
                self._receive(connection)
        except ConnectionClosed:
            pass

    def _receive(self, connection: ServerConnection) -> str:
        text = str(connection.recv())
        self.received.append(text)
        return text


@contextmanager
def squatting(port: int) -> Iterator[Squatter]:
    """Run the other program on this port."""
    squatter = Squatter()
    with serve(
        squatter.serve_connection, "127.0.0.1", port, process_request=squatter.request
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield squatter
        finally:
            server.shutdown()
            thread.join()


def test_a_program_on_the_port_of_a_killed_host_is_told_nothing(
    playwright: Playwright, tmp_path: Path
) -> None:
    command = ("shell", "serve", "--no-open", "--data-dir", str(tmp_path), "--provider", "echo")
    with HostProcess(*command) as program, headless(playwright) as browser:
        ready = program.json_line()
        page = new_page(browser)
        page.goto(str(ready["url"]))
        ask(page, "before the end")
        expect(answer(page)).to_have_text("before the end")
        key = page.evaluate("window.name").removeprefix("tidewire:")
        box(page).fill("a word half wri")
        program.expected = -signal.SIGKILL
        program.stop(signal.SIGKILL)
        with squatting(urlsplit(str(ready["url"])).port or 0) as squatter:
            box(page).fill("a word half written")
            box(page).press("Enter")
            # Chromium waits longer and longer before it connects again.
            assert squatter.greeted.wait(3 * PATIENCE_MS / 1_000)
            expect(page.get_by_role("alert").first).to_contain_text("tidewire link")
            box(page).fill("another word")
            box(page).press("Enter")
            page.evaluate("window.llm.llmGetStatus().catch(() => {})")
            # The page does not reconnect by itself any more; it needs a link.
            assert page.evaluate("window.llm.ready().catch(({ code }) => code)") == "HOST_LOST"
            page.close()
        received = "\n".join(squatter.received)
    assert '"nonce"' in received
    secrets = (key, str(ready["token"]), ticket_of(ready["url"]).partition(".")[2])
    assert not [text for text in ("word", "before", *secrets) if text in received]
