"""Attacks of other sites in the same browser do not change the program's state."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright

from tests.chromium import headless, new_page, wait_until_ready
from tests.host_process import HostProcess

PAGE = b"<!doctype html><meta charset=utf-8><title>Another site</title>"
ATTACK_SCRIPT = """async ({ home, ticket }) => {
  const tried = {};
  const door = (url, first) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => { socket.send(first); };
    socket.onmessage = ({ data }) => resolve(`told ${data}`);
    socket.onclose = ({ code }) => resolve(`closed ${code}`);
  });
  const names = { tab: "tab-of-another", load: "load-of-another", nonce: "0".repeat(32) };
  const greeting = JSON.stringify({ ticket: ticket.split(".")[0], ...names, version: 1 });
  tried.socket = await door(`${home.replace("http", "ws")}/door`, greeting);
  tried.get = await fetch(home).then(() => "read", () => "refused");
  tried.opaque = await fetch(home, { mode: "no-cors" }).then((r) => r.type, () => "refused");
  const text = { method: "POST", mode: "no-cors", body: greeting,
    headers: { "Content-Type": "text/plain" } };
  tried.post = await fetch(`${home}/door`, text).then((r) => r.type, () => "refused");
  const script = document.createElement("script");
  script.src = `${home}/`;
  tried.script = await new Promise((resolve) => {
    script.onload = () => resolve("run");
    script.onerror = () => resolve("refused");
    document.head.append(script);
  });
  return tried;
}"""


class Site(http.server.BaseHTTPRequestHandler):
    """Another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with headless(playwright, "--host-resolver-rules=MAP rebound.example 127.0.0.1") as browser:
        yield browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A link to the program with its ticket, which a hostile site must not be able to use."""
    data: Path = tmp_path_factory.mktemp("data")
    command = ("shell", "serve", "--no-open", "--data-dir", str(data), "--provider", "echo")
    with HostProcess(*command) as program:
        yield str(program.json_line()["url"])
        assert program.count("Traceback") == 0


def test_another_site_reaches_nothing_even_with_the_ticket(
    browser: Browser, site: str, url: str
) -> None:
    parts = urlsplit(url)
    base_url, ticket = f"http://{parts.netloc}", parts.fragment.partition("=")[2]
    page = new_page(browser)
    page.goto(site)
    outcomes = page.evaluate(ATTACK_SCRIPT, {"home": base_url, "ticket": ticket})
    assert outcomes == {
        "socket": "closed 1006",
        "get": "refused",
        "opaque": "refused",
        "post": "refused",
        "script": "refused",
    }
    page.close()


def test_a_form_and_a_frame_of_another_site_come_to_nothing(
    browser: Browser, site: str, url: str
) -> None:
    base_url = f"http://{urlsplit(url).netloc}"
    page = new_page(browser)
    page.goto(site)
    with page.expect_response(f"{base_url}/door") as posted:
        page.evaluate(
            """(home) => {
              const form = document.createElement("form");
              form.action = `${home}/door`;
              form.method = "post";
              form.enctype = "text/plain";
              form.innerHTML = '<input name=\\'{"token":"\\' value=\\'"}\\'>';
              document.body.append(form);
              form.submit();
            }""",
            base_url,
        )
    assert posted.value.status in (403, 405)
    page.close()
    page = new_page(browser)
    page.goto(site)
    with page.expect_response(f"{base_url}/") as framed:
        page.evaluate(
            """(home) => {
              const frame = document.createElement("iframe");
              frame.src = `${home}/`;
              document.body.append(frame);
            }""",
            base_url,
        )
    assert framed.value.status == 403
    page.close()


def test_a_name_that_was_bound_again_is_not_served(browser: Browser, url: str) -> None:
    """DNS rebinding: for the browser, the page of the other name has the program's origin."""
    parts = urlsplit(url)
    page = new_page(browser)
    answer = page.goto(f"http://rebound.example:{parts.port}/#{parts.fragment}")
    assert answer is not None
    assert answer.status == 421
    base_url = f"http://rebound.example:{parts.port}"
    ticket = parts.fragment.partition("=")[2]
    outcomes = page.evaluate(ATTACK_SCRIPT, {"home": base_url, "ticket": ticket})
    assert outcomes["socket"] == "closed 1006"
    assert page.evaluate("fetch('/').then((answer) => answer.status)") == 421
    page.close()


def test_and_the_program_s_own_page_still_works(browser: Browser, url: str) -> None:
    page = new_page(browser)
    page.goto(url)
    wait_until_ready(page)
    status = page.evaluate("window.llm.llmGetStatus()")
    assert status["activeInferences"] == 0
    page.close()
