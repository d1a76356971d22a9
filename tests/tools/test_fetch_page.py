"""The tool that reads web pages: real servers on this machine, and names that lead there."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpcore2
import pytest

from shell.errors import ToolError
from shell.tools import web
from shell.tools.python.source import PythonFile
from shell.tools.registry import SHIPPED
from shell.tools.web import CannotFetch, PublicNetwork, fetch, is_public, page_text

pytestmark = pytest.mark.anyio

Answer = Callable[[str], Awaitable[bytes]]


class TestNetwork(PublicNetwork):
    """Treats 127.0.0.1 as a public address, and resolves names as the test says.

    Args:
        names: the addresses of a name, one list for each lookup.
    """

    __test__ = False

    def __init__(self, **names: list[list[str]]) -> None:
        super().__init__()
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.resolved: list[str] = []

    async def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        answers = self.names.get(host)
        if answers is None:
            return [host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def allows(self, address: str) -> bool:
        return address == "127.0.0.1"


class Server:
    """A web server on this machine. Keeps the heads of its requests."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.port = 0

    def url(self, host: str = "127.0.0.1", path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def serving(
    answer: Answer, address: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Server]:
    server = Server()
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            server.requests.append(head)
            writer.write(await answer(head.split(" ")[1]))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, address, port)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


def page(body: bytes, kind: str = "text/html; charset=utf-8", *more: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {kind}", "Connection: close", *more])
    return head.encode() + b"\r\n\r\n" + body


def moved(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nConnection: close\r\n\r\n".encode()


def always(answer: bytes) -> Answer:
    async def give(path: str) -> bytes:
        return answer

    return give


# --- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.2.1", "198.18.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.192"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001:db8::1", "::127.0.0.1", "100::1"),
        *("example.org", "", "1"),
        "168.63.129.16",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


async def test_a_public_address_of_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "is_public", lambda address: True)
    async with serving(always(page(b"secret"))) as server:
        with pytest.raises(CannotFetch, match=r"127\.0\.0\.1 is not a public address"):
            await fetch(server.url())
    assert server.requests == []


@pytest.mark.parametrize(
    ("address", "own", "is_own"),
    [
        ("2001:db8::5", "2001:db8::9", True),
        ("2001:db8:0:1::5", "2001:db8::5", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", None, False),
    ],
)
def test_the_neighbors_of_a_machine_with_ipv6_are_its_network(
    address: str, own: str | None, is_own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_address_for", lambda _: own)
    assert web.is_own(address) is is_own


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "localhost",
            "[::1]",
            "0",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
        ),
        *("127.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254", "[fd00:ec2::254]"),
        "127.0.0.1.",
    ],
)
async def test_this_machine_is_never_asked_however_it_is_written(host: str) -> None:
    async with serving(always(page(b"secret"))) as server:
        with pytest.raises(CannotFetch, match=r"is not a public address|cannot be found"):
            await fetch(server.url(host))
        assert server.requests == []


async def test_the_tool_itself_refuses_this_machine() -> None:
    """The tool runs in its own process, which reaches only the public network."""
    source = PythonFile(SHIPPED / "fetch_page.py", "builtin")
    (tool,) = await source.list()
    assert (tool.reads, tool.brings, tool.sends) == (False, True, True)
    assert list(tool.parameters["properties"]) == ["url"]  # type: ignore[call-overload]
    async with serving(always(page(b"secret"))) as server:
        with pytest.raises(ToolError, match=r"127\.0\.0\.1 is not a public address"):
            await source.call(tool, {"url": server.url()}, lambda line: None)
        assert server.requests == []
    await source.close()


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "data:text/plain,x"),
        *("javascript:alert(1)", "//example.org/", "example.org", "", "http://", "http:///path"),
        *("http://me:secret@example.org/", "http://example.org@127.0.0.1/", "http://[broken"),
        *("http://example.org:25/", "http://example.org:99999/", "http://example.org:x/"),
    ],
)
async def test_other_addresses_than_those_of_pages_are_refused(url: str) -> None:
    network = TestNetwork()
    with pytest.raises(CannotFetch):
        await fetch(url, network)
    assert network.resolved == []


async def test_a_name_with_one_private_address_is_refused() -> None:
    async with serving(always(page(b"secret"))) as server:
        network = TestNetwork(example_org=[["127.0.0.1", "127.0.0.2"]])
        with pytest.raises(CannotFetch, match=r"example\.org is not a public address"):
            await fetch(server.url("example.org"), network)
        assert server.requests == []


async def test_a_name_that_changes_its_address_leads_nowhere_else() -> None:
    """The first lookup gives a public address, and every later one a private address."""
    async with (
        serving(always(page(b"public"))) as server,
        serving(always(page(b"secret")), "127.0.0.2", server.port) as private,
    ):
        network = TestNetwork(example_org=[["127.0.0.1"], ["127.0.0.2"]])
        assert await fetch(server.url("example.org"), network) == "public"
        assert network.resolved == ["example.org"], "it is resolved once for a connection"
        with pytest.raises(CannotFetch, match="is not a public address"):
            await fetch(server.url("example.org"), network)
        assert private.requests == []


async def test_a_redirect_is_checked_like_the_first_address() -> None:
    async with (
        serving(always(moved("/next"))) as server,
        serving(always(page(b"secret")), "127.0.0.2", server.port) as private,
    ):
        network = TestNetwork(example_org=[["127.0.0.1"], ["127.0.0.2"]])
        with pytest.raises(CannotFetch, match="is not a public address"):
            await fetch(server.url("example.org"), network)
        assert len(server.requests) == 1
        assert private.requests == []


async def test_a_connection_that_ends_up_elsewhere_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check is on the real peer, whatever has redirected the connection on its way."""
    async with serving(always(page(b"secret")), "127.0.0.2") as private:
        connect = httpcore2.AnyIOBackend.connect_tcp

        async def elsewhere(self: Any, host: str, *rest: Any) -> httpcore2.AsyncNetworkStream:
            return await connect(self, "127.0.0.2", *rest)

        monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", elsewhere)
        with pytest.raises(CannotFetch, match="does not answer"):
            await fetch(private.url(), TestNetwork())
        assert private.requests == []


@pytest.mark.parametrize(
    "location", ["http://127.0.0.2:{port}/", "//other.example/", "http://localhost:{port}/x"]
)
async def test_a_redirect_to_another_host_is_named_and_not_followed(location: str) -> None:
    async def answer(path: str) -> bytes:
        return moved(location.format(port=server.port))

    async with serving(answer) as server:
        network = TestNetwork()
        with pytest.raises(CannotFetch, match=r"has moved to http://.*, on another host"):
            await fetch(server.url(path="/?data=private"), network)
        assert network.resolved == ["127.0.0.1"]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "javascript:alert(1)", "http://[x"])
async def test_a_redirect_to_no_page_is_refused(location: str) -> None:
    async with serving(always(moved(location))) as server:
        with pytest.raises((CannotFetch, ValueError)):
            await fetch(server.url(), TestNetwork())


async def test_redirects_within_a_host_are_followed_and_end() -> None:
    async def answer(path: str) -> bytes:
        return page(b"<p>here") if path == "/there" else moved("/there")

    async with serving(answer) as server:
        network = TestNetwork(www_example_org=[["127.0.0.1"]], example_org=[["127.0.0.1"]])
        assert await fetch(server.url("www.example.org"), network) == "here"
        assert "host: www.example.org" in server.requests[0].lower()
    async with serving(always(moved("/again"))) as server:
        with pytest.raises(CannotFetch, match="redirects more than 5 times"):
            await fetch(server.url(), TestNetwork())
        assert len(server.requests) == 6


# --- answers --------------------------------------------------------------------------------


async def test_a_request_says_nothing_about_the_person() -> None:
    async with serving(always(page(b"x"))) as server:
        await fetch(server.url(path="/sch\u00f6n?q=a b#part"), TestNetwork())
    (head,) = server.requests
    assert head.startswith("GET /sch%C3%B6n?q=a%20b HTTP/1.1\r\n")
    names = {line.split(":")[0].lower() for line in head.strip().split("\r\n")[1:]}
    assert names == {"host", "user-agent", "accept", "accept-encoding"}


@pytest.mark.parametrize("url", ["http://example.org/a\r\nX-Evil: 1", "http://exa mple.org/"])
async def test_no_header_is_smuggled_in(url: str) -> None:
    async with serving(always(page(b"x"))) as server:
        network = TestNetwork()
        network.names = {"example.org": [["127.0.0.1"]]}
        url = url.replace("example.org", f"example.org:{server.port}")
        try:
            await fetch(url, network)
        except (CannotFetch, ValueError):
            assert server.requests == []
        assert "X-Evil: 1\r\n" not in "".join(server.requests)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (page(b"x" * 2_000_001, "text/plain"), "larger than 2 MB"),
        (page(gzip.compress(b"x" * 50_000_000), "text/plain", "Content-Encoding: gzip"), "2 MB"),
        (page(b"x", "text/plain", "Content-Encoding: gzip"), "cannot be unpacked"),
        (page(b"x", "text/plain", "Content-Encoding: br"), "packed in a way that is not known: br"),
        (page(b"%PDF", "application/pdf"), "is no text but application/pdf"),
        (page(b"\x89PNG", "image/png"), "is no text but image/png"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "with the status 404"),
        (b"SSH-2.0-OpenSSH\r\n", "The connection failed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", "The connection failed"),
        (b"", "The connection failed"),
    ],
    ids=["large", "bomb", "no gzip", "br", "pdf", "png", "404", "ssh", "long header", "nothing"],
)
async def test_what_is_no_page_of_text_is_refused_with_the_reason(
    answer: bytes, message: str
) -> None:
    async with serving(always(answer)) as server:
        with pytest.raises(CannotFetch, match=message):
            await fetch(server.url(), TestNetwork())


async def test_texts_come_in_their_own_encoding() -> None:
    for answer, text in (
        (page("grün".encode("latin-1"), "text/plain; charset=iso-8859-1"), "grün"),
        (page(b'<meta charset="iso-8859-1"><p>gr\xfcn', "text/html"), "grün"),
        (page("grün".encode(), "text/plain; charset=unheard-of"), "grün"),
        (page(gzip.compress(b"packed"), "text/plain", "Content-Encoding: gzip"), "packed"),
        (page(b'{"a": 1}', "application/ld+json"), '{"a": 1}'),
    ):
        async with serving(always(answer)) as server:
            assert await fetch(server.url(), TestNetwork()) == text


async def test_a_server_that_never_ends_is_left_after_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web, "FETCH_S", 0.2)

    async def never(path: str) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(never) as server:
        with pytest.raises(CannotFetch, match="no whole answer"):
            await fetch(server.url(), TestNetwork())


async def test_nobody_there_is_said() -> None:
    with socket.socket() as bound_socket:
        bound_socket.bind(("127.0.0.1", 0))
        with pytest.raises(CannotFetch, match="does not answer"):
            await fetch(f"http://127.0.0.1:{bound_socket.getsockname()[1]}/", TestNetwork())


def test_a_page_becomes_text_with_the_addresses_of_its_links() -> None:
    html = """<html><head><title>Tides</title><style>p {}</style><script>alert("<p>")</script>
    </head><body><h1>The &amp; sea</h1><p>Two
    lines with a <a href="/more?a=1">link</a>, <a href="#part">a part</a> and
    <a href="javascript:alert(1)">a script</a>.</p><ul><li>one<li>two</ul>
    <noscript>hidden</noscript><img src="x.png" onerror="alert(1)"></body></html>"""
    assert page_text(html, "https://example.org/a/b") == (
        "Tides\n\nThe & sea\n\nTwo lines with a link (https://example.org/more?a=1), a part and "
        "a script.\n\n- one\n- two"
    )


@pytest.mark.parametrize("piece", ["<a ", "<svg></a>"])
def test_no_page_of_the_largest_size_takes_long(piece: str) -> None:
    """A parser that looks again from each of these pieces would take minutes."""
    page_text(piece * (web.MAX_BYTES // len(piece)), "http://example.org/")


def test_nothing_of_what_is_skipped_is_shown() -> None:
    html = "<svg><a>1</a><svg>2</svg>3</svg>shown<noscript>4</noscript><p>too<template>5"
    assert page_text(html, "http://example.org/") == "shown\ntoo"


@pytest.mark.parametrize(
    "html",
    [
        "<",
        "<script>",
        "</noscript>x",
        "<!--",
        "<![CDATA[",
        "<![<![",
        "<a href='http://[x'>y</a>",
        "&#xD800;",
    ],
)
def test_broken_pages_are_read_as_far_as_they_go(html: str) -> None:
    page_text(html, "http://example.org/")
