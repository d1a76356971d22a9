"""The servers of the page, over real sockets: the files they serve and the requests they refuse."""

import asyncio
import http.client
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from shell.bridge.appearance import Appearance
from shell.bridge.listener import PortTaken, listen
from shell.bridge.page import MANIFEST, PageMissing, load_page
from shell.bridge.responses import POLICY
from tests.host_process import PATIENCE_S
from tests.served import FILES, LoopbackHost, serving, write_built_page

pytestmark = pytest.mark.anyio
both = pytest.mark.parametrize("browser", [True, False], ids=["browser", "window"])
"""For tests of both servers, a browser's and a window's."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: str


async def get(
    server: LoopbackHost, path: str, *, method: str = "GET", host: str | None = None, **headers: str
) -> Response:
    """Make one HTTP request. A keyword such as `sec_fetch_site` becomes a header."""

    def send_request() -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, headers={"Host": host or server.host, **named})
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    return await asyncio.to_thread(send_request)


@both
async def test_the_index_names_the_built_files_and_carries_the_policy(browser: bool) -> None:
    async with serving(browser=browser) as server:
        response = await get(server, "/?bridge=fake")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; ")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["X-DNS-Prefetch-Control"] == "off"
    assert "Server" not in response.headers
    assert '<script type="module" src="/assets/main-abc123.js">' in response.body
    assert '<link rel="stylesheet" href="/assets/main-abc123.css">' in response.body
    assert '<link rel="modulepreload" href="/assets/vendor-def456.js">' in response.body
    assert "later-789abc" not in response.body
    transport = "loopback" if browser else "pywebview"
    assert f'<meta name="tidewire-transport" content="{transport}">' in response.body


@both
@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/assets/main-abc123.js", "text/javascript; charset=utf-8"),
        ("/assets/main-abc123.css", "text/css; charset=utf-8"),
        ("/assets/math-112233.woff2", "font/woff2"),
        ("/assets/later-789abc.js", "text/javascript; charset=utf-8"),
    ],
)
async def test_a_file_of_the_manifest_is_served_for_good(
    browser: bool, path: str, content_type: str
) -> None:
    async with serving(browser=browser) as server:
        response = await get(server, path, sec_fetch_site="same-origin")
    assert response.status == 200
    assert response.body == FILES[path[1:]]
    assert response.headers["Content-Type"] == content_type
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response.headers["Cache-Control"]


@both
async def test_head_answers_like_get_without_the_body(browser: bool) -> None:
    async with serving(browser=browser) as server:
        index = await get(server, "/", method="HEAD")
        asset = await get(server, "/assets/main-abc123.js", method="HEAD")
    assert (index.status, index.body) == (200, "")
    assert (asset.status, asset.body) == (200, "")
    assert asset.headers["Content-Length"] == str(len(FILES["assets/main-abc123.js"]))


@both
@pytest.mark.parametrize(
    "path",
    [
        "/assets/main-abc123.js.map",
        "/.vite/manifest.json",
        "/assets/",
        "/assets/../assets/main-abc123.js",
        "/assets/%2e%2e/assets/main-abc123.js",
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/assets\\main-abc123.js",
        "/index.html",
        "/door",
    ],
)
async def test_nothing_but_the_manifest_is_served(browser: bool, path: str) -> None:
    async with serving(browser=browser) as server:
        assert (await get(server, path)).status == 404


@both
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
async def test_nothing_but_get_and_head_is_answered(browser: bool, method: str) -> None:
    async with serving(browser=browser) as server:
        for path in ("/", "/door", "/assets/main-abc123.js"):
            response = await get(server, path, method=method, content_type="text/plain")
            assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
            assert not any(name.lower().startswith("access-control") for name in response.headers)


@both
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "evil.example:{port}",
        "0.0.0.0:{port}",
        "[::1]:{port}",
        "127.0.0.1:{port}@evil.example",
        "",
    ],
)
async def test_another_host_name_is_refused(browser: bool, host: str) -> None:
    async with serving(browser=browser) as server:
        name = host.format(port=server.port)
        for path in ("/", "/assets/main-abc123.js", "/nowhere"):
            response = await get(server, path, host=name or " ")
            assert response.status == 421 or (not name and response.status == 400)
            assert "Tidewire" not in response.body
        assert (await get(server, "/", host=f"localhost:{server.port}")).status == 200


@both
async def test_another_site_may_link_here_and_nothing_else(browser: bool) -> None:
    async with serving(browser=browser) as server:
        for site in ("cross-site", "same-site"):
            navigation = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
            assert (await get(server, "/", sec_fetch_site=site, **navigation)).status == 200
            frame = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
            assert (await get(server, "/", sec_fetch_site=site, **frame)).status == 403
            path = "/assets/main-abc123.js"
            assert (await get(server, path, sec_fetch_site=site)).status == 403
        assert (await get(server, "/", origin="https://evil.example")).status == 403


@both
async def test_the_page_looks_as_it_is_chosen_to_at_every_load(browser: bool) -> None:
    async with serving(browser=browser) as server:
        assert '<html lang="en" data-language="">' in (await get(server, "/")).body
        server.appearance = Appearance("dark", "large", "de")
        chosen = '<html lang="de" data-language="de" data-theme="dark" data-size="large">'
        assert chosen in (await get(server, "/")).body


async def test_one_connection_is_asked_again_and_what_is_no_request_ends_it() -> None:
    async with serving(browser=False) as server:

        def request_three_times() -> list[tuple[int, int]]:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
            sizes = []
            for method in ("HEAD", "GET", "GET"):
                connection.request(method, "/assets/main-abc123.js")
                response = connection.getresponse()
                sizes.append((response.status, len(response.read())))
                assert connection.sock is not None  # the server keeps it
            connection.close()
            return sizes

        length = len(FILES["assets/main-abc123.js"])
        assert await asyncio.to_thread(request_three_times) == [
            (200, 0),
            (200, length),
            (200, length),
        ]
        for nonsense in (
            b"\x16\x03\x01\x02\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(nonsense)
            assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
            await reader.read()  # until the server closes it
            writer.close()
        assert (await get(server, "/")).status == 200


async def test_a_server_that_ends_leaves_no_connection_open() -> None:
    async with serving(browser=False) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET / HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
        await reader.readline()
    await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()


async def test_a_window_has_no_way_to_the_door() -> None:
    async with serving(browser=False) as server:
        index = await get(server, "/")
        assert '<meta name="tidewire-transport" content="pywebview">' in index.body
        with pytest.raises((InvalidStatus, ConnectionClosed, OSError)):
            await connect(f"ws://{server.host}/door", origin=Origin(f"http://{server.host}"))


def test_a_page_that_was_not_built_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PageMissing, match=r"Build it with `python3 dev\.py"):
        load_page(tmp_path / "nowhere")
    write_built_page(tmp_path)
    load_page(tmp_path)
    (tmp_path / "assets/math-112233.woff2").unlink()
    with pytest.raises(PageMissing):
        load_page(tmp_path)


def test_the_style_sheets_of_a_build_come_with_the_index(tmp_path: Path) -> None:
    write_built_page(tmp_path)
    shared, own = "assets/shared-aabbcc.css", "assets/index-aabbcc.css"
    chunks: dict[str, dict[str, object]] = {
        "index.html": {
            "file": "assets/index-aabbcc.js",
            "isEntry": True,
            "imports": ["_shared.js"],
            "css": [own, shared],
        },
        "_shared.js": {"file": "assets/shared-aabbcc.js", "css": [shared]},
    }
    for name in (shared, own, *(str(chunk["file"]) for chunk in chunks.values())):
        (tmp_path / name).write_text("", "utf-8")
    (tmp_path / MANIFEST).write_text(json.dumps(chunks), "utf-8")
    page = load_page(tmp_path)
    index = page.index("loopback", Appearance()).decode()
    assert re.findall(r'"stylesheet" href="/(.*?)"', index) == [shared, own]
    assert page.assets[f"/{own}"].content_type.startswith("text/css")


def test_a_manifest_cannot_name_a_file_outside(tmp_path: Path) -> None:
    built = tmp_path / "page"
    write_built_page(built)
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    manifest = {"index.html": {"file": "../secret.txt", "isEntry": True}}
    (built / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(PageMissing):
        load_page(built)


def test_a_port_in_use_is_a_sentence() -> None:
    with listen(0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} .* is in use .* --port"):
            listen(port)
