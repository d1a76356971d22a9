"""The program as a whole: it starts, prints its address, and leaves nothing behind."""

import asyncio
import http.client
import http.server
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from shell.contract import CONTRACT_VERSION
from shell.support.data_directory import HOLDER, DataDirectory
from tests.command import COMMAND, LONGEST_S, Program, environment, run, started
from tests.host_process import PATIENCE_S, HostProcess
from tests.way_in import Entry, handshake, new_link, ticket_of

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, or at displays")


def serve(data: Path, *arguments: str) -> list[str]:
    return ["serve", "--no-open", "--data-dir", str(data), "--provider", "echo", *arguments]


def address(program: Program) -> tuple[str, str]:
    """Return host and port, and the ticket, from the ready line of the program."""
    line = program.line()
    assert sorted(line) == ["token", "url"]
    assert len(str(line["token"])) > 40
    assert str(line["token"]) not in str(line["url"])
    parts = urlsplit(str(line["url"]))
    assert (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/")
    return parts.netloc, ticket_of(line["url"])


def status_of(host: str) -> int:
    connection = http.client.HTTPConnection(host, timeout=PATIENCE_S)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


@asynccontextmanager
async def page_with_a_run(host: str, ticket: str) -> AsyncIterator[ClientConnection]:
    """Open a page with a run that does not end by itself, and wait for its first word."""
    async with connect(f"ws://{host}/door", origin=Origin(f"http://{host}")) as page:
        await begin_a_run(page, ticket)
        yield page


async def begin_a_run(page: ClientConnection, ticket: str) -> None:
    load = str(uuid.uuid4())
    await handshake(page, Entry(load=load, ticket=ticket))
    message = {"role": "user", "content": "/rate 0\nfirst\n/stall"}
    calls = [
        {"id": 1, "method": "shell.hello", "params": {"version": CONTRACT_VERSION}},
        {
            "id": 2,
            "method": "llm.inference",
            "params": {"providerId": "echo", "messages": [message]},
        },
    ]
    await page.send(json.dumps({"version": CONTRACT_VERSION, "load": load, "calls": calls}))
    async for text in page:
        if "push" in (received := json.loads(text)):
            await page.send(json.dumps({"answer": received["push"][:2]}))
            if any(item["channel"] == "llm:token" for item in received["push"][2]):
                return


async def last_event(page: ClientConnection) -> dict[str, object]:
    """Return the last event that a page gets before its connection ends."""
    event: dict[str, object] = {}
    async for text in page:
        load, number, items = json.loads(text)["push"]
        await page.send(json.dumps({"answer": [load, number]}))
        event = items[-1]
    assert page.close_code == 1001
    return event


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_in_order_when_asked_to(tmp_path: Path, number: int) -> None:
    """Runs end with their terminal event, which pages get, and the exit status is 0."""

    async def scenario(program: Program) -> tuple[dict[str, object], float]:
        async with page_with_a_run(*address(program)) as page:
            began = time.monotonic()
            program.send(number)
            return await last_event(page), began

    with started(*serve(tmp_path)) as program:
        event, began = asyncio.run(scenario(program))
        result = program.finish()
        assert time.monotonic() - began < 20
    assert (event["channel"], event["code"]) == ("llm:error", "ABORTED")
    assert (result.status, result.out, result.err) == (0, "", "")


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(tmp_path: Path, number: int) -> None:
    async def scenario(program: Program) -> float:
        async with page_with_a_run(*address(program)):
            assert program.process.pid in program.process_ids()
            program.send(number)
            return time.monotonic()

    with started(*serve(tmp_path)) as program:
        deadline = asyncio.run(scenario(program)) + 3
        program.finish()
        while program.process_ids():
            assert time.monotonic() < deadline, program.process_ids()


def test_the_index_is_served_and_the_port_can_be_chosen(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with started(*serve(tmp_path, "--port", str(port))) as program:
        host, _ = address(program)
        assert host == f"127.0.0.1:{port}"
        assert status_of(host) == 200
        other = run(*serve(tmp_path / "other", "--port", str(port)))
        assert other.status == 1
        assert other.is_one_sentence(str(port), "in use", "--port"), other.err


def test_one_data_directory_has_one_host(tmp_path: Path) -> None:
    with started(*serve(tmp_path)) as program:
        address(program)
        second = run(*serve(tmp_path))
        assert second.status == 1
        assert second.is_one_sentence(str(program.process.pid), "tidewire serve", "--data-dir")
        ask_result = run("ask", "hi", "--provider", "echo", "--data-dir", str(tmp_path))
        assert ask_result.status == 0  # takes no lock
        program.stop(signal.SIGKILL)
    with started(*serve(tmp_path)) as program:  # a lock dies with its process
        address(program)


def test_data_that_does_not_close_in_time_stays_locked_until_the_process_ends(
    tmp_path: Path,
) -> None:
    """Without the lock, a second start could repair a file that is still open."""
    with HostProcess("tests.slow_close", *serve(tmp_path)) as host:
        host.json_line()
    assert not (tmp_path / "released").exists()
    with started(*serve(tmp_path)) as program:
        address(program)


def test_a_data_directory_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", "utf-8")
    for arguments, changes in (
        (["--data-dir", str(file / "below")], {}),
        ([], {"TIDEWIRE_DATA_DIR": str(file)}),
    ):
        result = run("serve", "--no-open", *arguments, **changes)
        assert result.status == 1
        assert result.is_one_sentence("cannot be written", "--data-dir"), result.err


def test_where_the_data_directory_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"TIDEWIRE_DATA_DIR": str(tmp_path / "named")}
    assert DataDirectory(str(tmp_path / "given"), named).path == tmp_path / "given"
    assert DataDirectory(None, named).path == tmp_path / "named"
    assert DataDirectory(None, {}).path.name == "tidewire"
    monkeypatch.chdir(tmp_path)
    assert DataDirectory("relative", {}).path == tmp_path / "relative"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_the_data_directory_is_its_owners_alone(tmp_path: Path) -> None:
    data = DataDirectory(str(tmp_path / "new" / "data"), {})
    data.prepare()
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
    assert not list(data.path.iterdir())


async def visit(host: str, ticket: str) -> None:
    async with page_with_a_run(host, ticket):
        pass


def test_the_secrets_are_nowhere_but_in_the_ready_line(tmp_path: Path) -> None:
    with started(*serve(tmp_path, "--log-level", "debug")) as program:
        line = program.line()
        parts, token = urlsplit(str(line["url"])), str(line["token"])
        ticket = ticket_of(line["url"])
        status_of(parts.netloc)
        asyncio.run(visit(parts.netloc, ticket))
        another = ticket_of(new_link(line))
        asyncio.run(visit(parts.netloc, another))
        known = [token, ticket.partition(".")[2], another.partition(".")[2]]
        if sys.platform == "linux":
            command = Path(f"/proc/{program.process.pid}/cmdline").read_text("utf-8")
            assert not [secret for secret in known if secret in command]
        contents = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        result, _ = program.stop()
    assert not [secret for secret in known if secret in result.out + result.err]
    assert not [secret for secret in known if any(secret.encode() in file for file in contents)]


# --- tidewire link --------------------------------------------------------------------------


def test_link_prints_one_for_the_owner_of_the_data_directory(tmp_path: Path) -> None:
    with started(*serve(tmp_path)) as program:
        host, _ = address(program)
        if sys.platform != "win32":
            assert stat.S_IMODE((tmp_path / HOLDER).stat().st_mode) == 0o600
        links = [run("link", "--data-dir", str(tmp_path)) for _ in range(2)]
        assert [link.status for link in links] == [0, 0], links
        assert len({link.out for link in links}) == 2
        for link in links:
            assert link.out.startswith(f"http://{host}/#ticket=")
            asyncio.run(visit(host, ticket_of(link.out.strip())))
    missing = run("link", "--data-dir", str(tmp_path))
    assert missing.status == 1
    assert missing.is_one_sentence("No 'tidewire serve'", str(tmp_path))


def test_link_tells_a_program_on_the_port_of_a_killed_host_nothing(tmp_path: Path) -> None:
    """The file of the data directory outlives a host that is killed."""
    with started(*serve(tmp_path)) as program:
        host, _ = address(program)
        program.stop(signal.SIGKILL)
    key = json.loads((tmp_path / HOLDER).read_text("utf-8"))["key"]
    requests: list[str] = []

    class Squatter(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(str(self.headers))
            body = json.dumps({"url": "http://evil.example/", "proof": "0" * 64}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = http.server.HTTPServer(("127.0.0.1", int(host.rpartition(":")[2])), Squatter)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        result = run("link", "--data-dir", str(tmp_path))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (result.status, result.out) == (1, "")
    assert requests
    assert key not in "".join(requests)


@ON_LINUX
def test_a_person_is_told_in_words_where_it_is(tmp_path: Path) -> None:
    """On a terminal, and without a secret; programs and logs get nothing on stderr."""
    above, below = os.openpty()
    with subprocess.Popen(
        [*COMMAND, *serve(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=below,
        env=environment(),
        text=True,
    ) as process:
        os.close(below)
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        with os.fdopen(above, "rb", buffering=0) as terminal:
            output = terminal.read(1)
            while not output.endswith(b"\n"):
                output += terminal.read(100)
            process.terminate()
            assert process.wait() == 0
    assert str(line["url"]).startswith("http://127.0.0.1:")
    expected = "Tidewire is running. Open the printed `url` in a browser of this computer; "
    assert output.decode().strip() == f"{expected}`tidewire link` prints another one."


@ON_LINUX
@pytest.mark.parametrize("display", [None, ":4711", "nowhere.invalid:0"])
def test_without_a_display_the_page_goes_to_a_browser(tmp_path: Path, display: str | None) -> None:
    """The program prints the reason in one sentence. Ctrl-C ends it with status 0."""
    with started(
        "--data-dir",
        str(tmp_path),
        "--provider",
        "echo",
        DISPLAY=display,
        WAYLAND_DISPLAY=None,
        QT_QPA_PLATFORM=None,
        XDG_SESSION_TYPE=None,
    ) as program:
        host, _ = address(program)
        assert status_of(host) == 200
        result, seconds = program.stop(signal.SIGINT)
    assert (result.status, seconds < 20) == (0, True)
    assert result.is_one_sentence("browser"), result.err
    if display is not None:
        assert display in result.err


@contextmanager
def program_with_browser(
    tmp_path: Path, browser: str = "a.desktop", **changes: str
) -> Iterator[tuple[Program, str]]:
    """Start a program that opens a browser, which is a script. Yields also the script's argument.

    Args:
        tmp_path: a folder for the scripts and the data.
        browser: the desktop file of the default browser, as `xdg-mime` prints it.
        changes: to the program's environment. The script writes its own to the file `environment`.
    """
    bin_, opened = tmp_path / "bin", tmp_path / "opened"
    bin_.mkdir()
    opener = bin_ / ("open" if sys.platform == "darwin" else "xdg-open")
    opener.write_text(
        f'#!/bin/sh\nenv > "{tmp_path}/environment"\n'
        f'printf %s "$1" > "{opened}.part"\nmv "{opened}.part" "{opened}"\n'
    )
    mime_query = bin_ / "xdg-mime"
    mime_query.write_text(f"#!/bin/sh\necho {browser}\n")
    for script in (opener, mime_query):
        script.chmod(0o755)
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    data = str(tmp_path / "data")
    with started(
        "serve", "--data-dir", data, "--provider", "echo", PATH=path, DISPLAY=":1", **changes
    ) as program:
        deadline = time.monotonic() + LONGEST_S
        while not opened.exists():
            assert time.monotonic() < deadline
        yield program, opened.read_text("utf-8")


def test_a_browser_is_opened_without_a_secret_on_its_command_line(tmp_path: Path) -> None:
    """Its argument is a file that only the owner can read, and that is removed after its use."""
    with program_with_browser(tmp_path) as (program, argument):
        host, _ = address(program)
        file = Path(urlsplit(argument).path)
        assert argument == file.as_uri()
        if sys.platform != "win32":
            modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
            assert modes == [0o600, 0o700]
        url = re.search(r'url=([^"]+)"', file.read_text("utf-8"))
        assert url is not None
        assert url[1].startswith(f"http://{host}/#ticket=")
        assert ticket_of(url[1]) not in argument
        asyncio.run(visit(host, ticket_of(url[1])))
        assert not file.parent.exists()
        program.stop()
    assert not list((tmp_path / "data").glob("opening-*"))


def test_a_browser_gets_no_key_whatever_its_variable_is_called(tmp_path: Path) -> None:
    add = ("providers", "add", "groq", "--base-url", "http://127.0.0.1:9/v1")
    added = run(*add, "--key-env", "GROQ_WORK", "--data-dir", str(tmp_path / "data"))
    assert added.status == 0, added.err
    key = "sk-not-for-a-browser"
    with program_with_browser(tmp_path, GROQ_WORK=key, OPENAI_API_KEY=key):
        variables = (tmp_path / "environment").read_text("utf-8")
    assert "PATH=" in variables
    assert key not in variables


def test_what_a_killed_program_left_for_a_browser_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "opening-1234"
    left.mkdir()
    (left / "tidewire.html").write_text("old", "utf-8")
    with started(*serve(tmp_path)) as program:
        address(program)
        assert not left.exists()


@ON_LINUX
def test_a_browser_that_reads_no_hidden_files_has_a_ticket_for_our_user_only(
    tmp_path: Path,
) -> None:
    """The browser is from a snap. test_other_users.py has the refusal of other users."""
    with program_with_browser(tmp_path, "firefox_firefox.desktop") as (program, argument):
        host, _ = address(program)
        assert argument.startswith(f"http://{host}/#ticket=")
        asyncio.run(visit(host, ticket_of(argument)))
        assert not list((tmp_path / "data").glob("opening-*"))
