"""The servers of the page, over real sockets: what they hand out and what they refuse."""

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
from tests.served import FILES, Served, serving, write_built_page

pytestmark = pytest.mark.anyio
both = pytest.mark.parametrize("browser", [True, False], ids=["browser", "window"])
"""A browser's server and a window's hand out the same."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: str


async def get(
    served: Served, path: str, *, method: str = "GET", host: str | None = None, **headers: str
) -> Answer:
    """One plain request. A keyword such as `sec_fetch_site` becomes a header."""

    def ask() -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, headers={"Host": host or served.host, **named})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


@both
async def test_the_index_names_the_built_files_and_carries_the_policy(browser: bool) -> None:
    async with serving(browser=browser) as served:
        answer = await get(served, "/?bridge=fake")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-DNS-Prefetch-Control"] == "off"
    assert "Server" not in answer.headers
    assert '<script type="module" src="/assets/main-abc123.js">' in answer.body
    assert '<link rel="stylesheet" href="/assets/main-abc123.css">' in answer.body
    assert '<link rel="modulepreload" href="/assets/vendor-def456.js">' in answer.body
    assert "later-789abc" not in answer.body
    transport = "loopback" if browser else "pywebview"
    assert f'<meta name="tidewire-transport" content="{transport}">' in answer.body


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
    async with serving(browser=browser) as served:
        answer = await get(served, path, sec_fetch_site="same-origin")
    assert answer.status == 200
    assert answer.body == FILES[path[1:]]
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]


@both
async def test_head_answers_like_get_without_the_body(browser: bool) -> None:
    async with serving(browser=browser) as served:
        index = await get(served, "/", method="HEAD")
        asset = await get(served, "/assets/main-abc123.js", method="HEAD")
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
    async with serving(browser=browser) as served:
        assert (await get(served, path)).status == 404


@both
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
async def test_nothing_but_get_and_head_is_answered(browser: bool, method: str) -> None:
    async with serving(browser=browser) as served:
        for path in ("/", "/door", "/assets/main-abc123.js"):
            answer = await get(served, path, method=method, content_type="text/plain")
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
            assert not any(name.lower().startswith("access-control") for name in answer.headers)


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
    async with serving(browser=browser) as served:
        name = host.format(port=served.port)
        for path in ("/", "/assets/main-abc123.js", "/nowhere"):
            answer = await get(served, path, host=name or " ")
            assert answer.status == 421 or (not name and answer.status == 400)
            assert "Tidewire" not in answer.body
        assert (await get(served, "/", host=f"localhost:{served.port}")).status == 200


@both
async def test_another_site_may_link_here_and_nothing_else(browser: bool) -> None:
    async with serving(browser=browser) as served:
        for site in ("cross-site", "same-site"):
            link = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
            assert (await get(served, "/", sec_fetch_site=site, **link)).status == 200
            frame = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
            assert (await get(served, "/", sec_fetch_site=site, **frame)).status == 403
            path = "/assets/main-abc123.js"
            assert (await get(served, path, sec_fetch_site=site)).status == 403
        assert (await get(served, "/", origin="https://evil.example")).status == 403


@both
async def test_the_page_looks_as_it_is_chosen_to_at_every_load(browser: bool) -> None:
    async with serving(browser=browser) as served:
        assert '<html lang="en" data-language="">' in (await get(served, "/")).body
        served.look = Appearance("dark", "large", "de")
        chosen = '<html lang="de" data-language="de" data-theme="dark" data-size="large">'
        assert chosen in (await get(served, "/")).body


async def test_one_connection_is_asked_again_and_what_is_no_request_ends_it() -> None:
    async with serving(browser=False) as served:

        def ask() -> list[tuple[int, int]]:
            connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
            sizes = []
            for method in ("HEAD", "GET", "GET"):
                connection.request(method, "/assets/main-abc123.js")
                response = connection.getresponse()
                sizes.append((response.status, len(response.read())))
                assert connection.sock is not None  # the server keeps it
            connection.close()
            return sizes

        length = len(FILES["assets/main-abc123.js"])
        assert await asyncio.to_thread(ask) == [(200, 0), (200, length), (200, length)]
        for nonsense in (
            b"\x16\x03\x01\x02\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(nonsense)
            assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
            await reader.read()  # until the server closes it
            writer.close()
        assert (await get(served, "/")).status == 200


async def test_a_server_that_ends_leaves_no_connection_open() -> None:
    async with serving(browser=False) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"GET / HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
        await reader.readline()
    await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def test_a_window_has_no_way_to_the_door() -> None:
    async with serving(browser=False) as served:
        index = await get(served, "/")
        assert '<meta name="tidewire-transport" content="pywebview">' in index.body
        with pytest.raises((InvalidStatus, ConnectionClosed, OSError)):
            await connect(f"ws://{served.host}/door", origin=Origin(f"http://{served.host}"))


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
