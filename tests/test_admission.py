"""Who may come in through the door from a browser: origins, tokens, tickets, caps."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from shell.bridge.browser.tokens import TICKET_S, Passes
from tests.served import Browser, Served, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def refused(served: Served, *, path: str = "/door", **headers: str) -> int:
    """The status of a refused handshake."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    origin = Origin(named.pop("origin")) if "origin" in named else None
    host = named.pop("host", served.host)
    uri = f"ws://{host}{path}"
    with pytest.raises(InvalidStatus) as caught:
        await connect(
            uri, host="127.0.0.1", port=served.port, origin=origin, additional_headers=named
        )
    return caught.value.response.status_code


async def test_the_door_opens_for_its_own_page_only() -> None:
    async with serving() as served:
        own = f"http://{served.host}"
        assert await refused(served) == 403  # not a browser, or one that hides where it is
        for origin in (
            "https://evil.example",
            "null",
            f"https://{served.host}",
            f"http://127.0.0.1:{served.port + 1}",
            f"http://{served.host}.evil.example",
            f"http://localhost:{served.port}",
        ):
            assert await refused(served, origin=origin) == 403
        for site in ("cross-site", "same-site"):
            assert await refused(served, origin=own, sec_fetch_site=site) == 403
        rebound = f"evil.example:{served.port}"
        assert await refused(served, host=rebound, origin=f"http://{rebound}") == 421
        assert await refused(served, path="/other", origin=own) == 404


async def test_vites_origin_is_accepted_only_when_it_was_named() -> None:
    vite = "http://127.0.0.1:5173"
    async with serving() as served:
        assert await refused(served, origin=vite) == 403
    async with serving(dev_origin=vite) as served:
        async with connect(
            f"ws://{served.host}/door",
            origin=Origin(vite),
            additional_headers={"Sec-Fetch-Site": "same-site"},
        ):
            pass
        through = Origin(vite)
        async with connect("ws://127.0.0.1:5173/door", origin=through, port=served.port):
            pass
        assert await refused(served, origin="http://127.0.0.1:5174") == 403
        assert await refused(served, host="evil.example", origin=vite) == 421


async def closed_with(browser: Browser, **fields: object) -> int:
    """The code with which the host closes a connection that greets with these fields."""
    with pytest.raises(ConnectionClosed) as caught:
        await browser.open(**fields)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


async def test_a_wrong_token_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        right = served.passes.token
        for wrong in ("", right[:-1], right + "x", right.swapcase(), None):
            assert await closed_with(Browser(served), token=wrong) == 4401
    assert right not in caplog.text


@pytest.mark.parametrize(
    "fields",
    [
        {"tab": "short"},
        {"load": "../../../etc"},
        {"token": "x" * 1000},
        {"token": 7},
        {"token": "\ud800"},
        {"tab": None},
        {"extra": True},
        {"version": "1"},
    ],
)
async def test_a_first_message_that_is_no_greeting_is_refused(fields: dict[str, object]) -> None:
    async with serving() as served:
        assert await closed_with(Browser(served), **fields) == 1008


async def test_a_ticket_opens_once_and_becomes_a_token() -> None:
    async with serving() as served:
        ticket = served.passes.ticket()
        first = Browser(served)
        welcome = await first.open(token=None, ticket=ticket)
        assert welcome == {"token": served.passes.token}
        assert await closed_with(Browser(served), token=None, ticket=ticket) == 4401
        second = Browser(served)
        await second.open(token=welcome["token"])
        assert (await second.hello())["ok"]


def test_a_ticket_runs_out() -> None:
    now = 0.0
    passes = Passes(lambda: now)
    tickets = [passes.ticket(), passes.ticket()]
    now = TICKET_S - 1
    assert passes.admit(None, tickets[0])
    now = TICKET_S + 1
    assert not passes.admit(None, tickets[1])
    assert not passes.admit(None, tickets[0])


async def test_a_message_beyond_the_cap_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.server.MAX_MESSAGE_BYTES", 10_000)
    async with serving() as served:
        browser = Browser(served)
        await browser.open()
        await browser.socket.send("x" * 10_001)
        await browser.left()
        assert browser.socket.close_code == 1009


async def test_a_binary_message_ends_the_connection() -> None:
    async with serving() as served:
        browser = Browser(served)
        await browser.open()
        await browser.socket.send(b"\x00")
        await browser.left()
        assert browser.socket.close_code == 1003
