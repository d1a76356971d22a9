"""The program as a whole: it starts, says where it is, and leaves nothing behind."""

import asyncio
import http.client
import json
import os
import signal
import socket
import stat
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from shell.contract import CONTRACT_VERSION
from shell.support.data_directory import DataDirectory
from tests.command import Program, run, started
from tests.host_process import HostProcess

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, or at displays")


def serve(data: Path, *arguments: str) -> list[str]:
    return ["serve", "--no-open", "--data-dir", str(data), "--provider", "echo", *arguments]


def address(program: Program) -> tuple[str, str]:
    """Host and port, and the token, from the line that says that the program is ready."""
    line = program.line()
    assert list(line) == ["url"]
    parts = urlsplit(str(line["url"]))
    assert (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/")
    name, _, token = parts.fragment.partition("=")
    assert name == "token"
    assert len(token) > 40
    return parts.netloc, token


def status_of(host: str) -> int:
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


@asynccontextmanager
async def a_page_with_a_run(host: str, token: str) -> AsyncIterator[ClientConnection]:
    """A page that asked something that does not end by itself, and has seen its first word."""
    async with connect(f"ws://{host}/door", origin=Origin(f"http://{host}")) as page:
        await begin_a_run(page, token)
        yield page


async def begin_a_run(page: ClientConnection, token: str) -> None:
    load = str(uuid.uuid4())
    greeting = {"token": token, "tab": str(uuid.uuid4()), "load": load, "version": CONTRACT_VERSION}
    await page.send(json.dumps(greeting))
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
        if "push" in (told := json.loads(text)):
            await page.send(json.dumps({"answer": told["push"][:2]}))
            if any(item["channel"] == "llm:token" for item in told["push"][2]):
                return


async def last_event(page: ClientConnection) -> dict[str, object]:
    """What the page is told last, before its connection ends."""
    event: dict[str, object] = {}
    async for text in page:
        load, number, items = json.loads(text)["push"]
        await page.send(json.dumps({"answer": [load, number]}))
        event = items[-1]
    assert page.close_code == 1001
    return event


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_in_order_when_asked_to(tmp_path: Path, number: int) -> None:
    """Runs end with their terminal event, pages are told, the status is 0, it takes < 3 s."""

    async def scenario(program: Program) -> tuple[dict[str, object], float]:
        async with a_page_with_a_run(*address(program)) as page:
            began = time.monotonic()
            program.send(number)
            return await last_event(page), began

    with started(*serve(tmp_path)) as program:
        event, began = asyncio.run(scenario(program))
        result = program.rest()
        assert time.monotonic() - began < 3
    assert (event["channel"], event["code"]) == ("llm:error", "ABORTED")
    assert (result.status, result.out, result.err) == (0, "", "")


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(tmp_path: Path, number: int) -> None:
    async def scenario(program: Program) -> float:
        async with a_page_with_a_run(*address(program)):
            assert program.process.pid in program.family()
            program.send(number)
            return time.monotonic()

    with started(*serve(tmp_path)) as program:
        deadline = asyncio.run(scenario(program)) + 3
        program.rest()
        while program.family():
            assert time.monotonic() < deadline, program.family()


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
        asked = run("ask", "hi", "--provider", "echo", "--data-dir", str(tmp_path))
        assert asked.status == 0  # takes no lock
        program.stop(signal.SIGKILL)
    with started(*serve(tmp_path)) as program:  # a lock dies with its process
        address(program)


def test_data_that_does_not_close_in_time_stays_locked_until_the_process_ends(
    tmp_path: Path,
) -> None:
    """Otherwise a second start could repair a file that is still open."""
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


async def visit(host: str, token: str) -> None:
    async with a_page_with_a_run(host, token):
        pass


def test_the_token_is_nowhere_but_in_the_ready_line(tmp_path: Path) -> None:
    with started(*serve(tmp_path, "--log-level", "debug")) as program:
        host, token = address(program)
        status_of(host)
        asyncio.run(visit(host, token))
        if sys.platform == "linux":
            command = Path(f"/proc/{program.process.pid}/cmdline").read_bytes()
            assert token.encode() not in command
        result, _ = program.stop()
    assert token not in result.out + result.err
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and token in p.read_text("utf-8")]


@ON_LINUX
@pytest.mark.parametrize("display", [None, ":4711", "nowhere.invalid:0"])
def test_without_a_display_the_page_goes_to_a_browser(tmp_path: Path, display: str | None) -> None:
    """One sentence says why; the address follows; Ctrl-C ends it with status 0."""
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
    assert (result.status, seconds < 3) == (0, True)
    assert result.is_one_sentence("browser"), result.err
    if display is not None:
        assert display in result.err


def test_a_browser_is_opened_with_a_ticket(tmp_path: Path) -> None:
    """Its command line can be read by anybody: the address in it works once."""
    opened = tmp_path / "opened"
    opener = tmp_path / ("open" if sys.platform == "darwin" else "xdg-open")
    opener.write_text(
        f'#!/bin/sh\nprintf %s "$1" > "{opened}.part"\nmv "{opened}.part" "{opened}"\n'
    )
    opener.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with started(
        "serve", "--data-dir", str(tmp_path / "data"), "--provider", "echo", PATH=path, DISPLAY=":1"
    ) as program:
        host, token = address(program)
        deadline = time.monotonic() + 10
        while not opened.exists():
            assert time.monotonic() < deadline
        url = opened.read_text("utf-8")
        assert url.startswith(f"http://{host}/#ticket=")
        assert token not in url
