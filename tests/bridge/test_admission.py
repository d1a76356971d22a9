"""Who may come in through the door from a browser: origins, proofs, tickets, caps."""

import asyncio
import contextlib
import http.client
import json
import secrets
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from shell.bridge.browser.peer import Peer
from shell.bridge.browser.server import BrowserServer
from shell.bridge.browser.tokens import AGAIN_S, MAX_TICKETS, TICKET_S, AccessTokens, prove
from shell.contract import CONTRACT_VERSION
from tests.served import Browser, Served, serving
from tests.way_in import Entry, come_in, ticket_of

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
    async with serving(dev_url=vite) as served:
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


async def closed_with(browser: Browser, **fields: Any) -> int:
    """The code with which the host closes a connection that greets with these fields."""
    with pytest.raises(ConnectionClosed) as caught:
        await browser.open(**fields)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


async def spoken(served: Served, *frames: object) -> list[dict[str, Any]]:
    """What the host says to these frames, sent one after another whatever it says."""
    said: list[dict[str, Any]] = []
    url, origin = f"ws://{served.host}/door", Origin(f"http://{served.host}")
    async with connect(url, origin=origin) as socket:
        for frame in frames:
            await socket.send(json.dumps(frame))
        with contextlib.suppress(ConnectionClosed):
            while True:
                said.append(json.loads(await socket.recv()))
    return [*said, {"code": socket.close_code}]


def greeting(**fields: object) -> dict[str, object]:
    ids = {name: secrets.token_hex(16) for name in ("tab", "load", "nonce")}
    return {**ids, "version": CONTRACT_VERSION, **fields}


async def test_who_does_not_know_the_secret_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """Not with the token either, which makes links and opens nothing."""
    async with serving() as served:
        tokens, ticket = served.tokens, served.tokens.ticket()
        name = ticket.partition(".")[0]
        proofs: list[dict[str, object]] = [{"ticket": name}, {}]
        for fields in proofs:
            for wrong in ("", tokens.token, tokens.owners_key, ticket, tokens.tab_key("other")):
                asked = greeting(**fields)
                facts = [str(asked[name]) for name in ("tab", "load", "nonce")]
                proof = prove(wrong, "page", *facts, "not the host's number")
                said, end = await spoken(served, asked, {"proof": proof})
                assert (list(said), end) == (["challenge"], {"code": 4401})
        assert await spoken(served, greeting(ticket="nobodys-ticket")) == [{"code": 4401}]
        # The ticket was not used up by this.
        assert await Browser(served).open(ticket=ticket)
        known = (tokens.token, tokens.owners_key, ticket)
    assert not [one for one in known if one in caplog.text]


async def test_the_hosts_own_proof_is_no_proof_of_a_page() -> None:
    async with serving() as served:
        url, origin = f"ws://{served.host}/door", Origin(f"http://{served.host}")
        async with connect(url, origin=origin) as socket:
            await socket.send(json.dumps(greeting()))
            challenge = json.loads(await socket.recv())["challenge"]
            await socket.send(json.dumps({"proof": challenge["proof"]}))
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4401


@pytest.mark.parametrize(
    "fields",
    [
        {"tab": "short"},
        {"load": "../../../etc"},
        {"ticket": "x" * 1000},
        {"ticket": 7},
        {"ticket": "\ud800"},
        {"tab": None},
        {"nonce": "short"},
        {"extra": True},
        {"version": "1"},
    ],
)
async def test_a_first_message_that_is_no_greeting_is_refused(fields: dict[str, object]) -> None:
    async with serving() as served:
        assert await spoken(served, greeting(**fields)) == [{"code": 1008}]
        said, end = await spoken(served, greeting(), {"proof": "no proof"})
        assert (list(said), end) == (["challenge"], {"code": 1008})


async def test_a_link_opens_one_page_which_then_has_a_key_of_its_own() -> None:
    async with serving() as served:
        assert isinstance(served.loopback, BrowserServer)
        ticket = ticket_of(served.loopback.link())
        first = Browser(served)
        welcome = await first.open(ticket=ticket)
        assert list(welcome) == ["key"]
        assert await closed_with(Browser(served), ticket=ticket) == 4401
        await first.close()
        assert await first.open(key=str(welcome["key"])) == {}
        assert (await first.hello())["ok"]
        # The key is of this tab alone.
        other, url = Browser(served), f"ws://{served.host}/door"
        async with connect(url, origin=Origin(f"http://{served.host}")) as socket:
            with pytest.raises(AssertionError, match="not the host"):
                await come_in(socket, Entry(tab=other.tab, key=str(welcome["key"])))


async def test_a_tab_that_is_reloaded_before_it_has_its_key_comes_in() -> None:
    async with serving() as served:
        ticket = served.tokens.ticket()
        tab = Browser(served)
        welcome = await tab.open(ticket=ticket)
        await tab.close()
        assert await tab.open(ticket=ticket) == welcome
        assert (await tab.hello())["ok"]
        assert await closed_with(Browser(served), ticket=ticket) == 4401


async def test_one_of_two_pages_with_one_ticket_comes_in() -> None:
    async with serving() as served:
        ticket = served.tokens.ticket()
        tries = [Browser(served).open(ticket=ticket) for _ in range(8)]
        ends = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(end, dict) for end in ends) == 1
        assert sum(isinstance(end, ConnectionClosed) for end in ends) == 7


async def test_a_page_gets_tickets_for_its_neighbours() -> None:
    async with serving() as served:
        page = Browser(served)
        await page.open()
        assert (await page.hello())["ok"]
        neighbour = Browser(served)
        assert "key" in await neighbour.open(ticket=await page.ticket())
        assert (await neighbour.hello())["ok"]


def test_a_ticket_runs_out() -> None:
    now = 0.0
    tokens = AccessTokens(lambda: now)
    one, two, printed = (
        tokens.ticket(lasting=lasting).partition(".")[0] for lasting in (False, False, True)
    )
    now = TICKET_S - 1
    assert tokens.use(one, "tab")
    now = TICKET_S + 1
    assert not tokens.use(two, "tab")
    assert not tokens.use(one, "another")
    assert tokens.use(printed, "tab")
    assert not tokens.use(printed, "another")


def test_the_tab_that_used_a_ticket_may_use_it_again_for_a_moment() -> None:
    now, used = 0.0, []
    tokens = AccessTokens(lambda: now)
    name = tokens.ticket(on_used=lambda: used.append(now)).partition(".")[0]
    assert tokens.use(name, "tab")
    now = AGAIN_S - 1
    assert tokens.find(name, "another") is None
    assert tokens.use(name, "tab")
    now = AGAIN_S + 1
    assert not tokens.use(name, "tab")
    assert used == [0.0]


def test_tickets_are_bounded_and_the_printed_one_outlives_them() -> None:
    tokens = AccessTokens()
    printed, *others = (tokens.ticket(lasting=at == 0) for at in range(MAX_TICKETS + 2))
    known = [tokens.find(one.partition(".")[0], "tab") is not None for one in (printed, *others)]
    assert known == [True, False, *[True] * MAX_TICKETS]


def test_what_is_derived_from_one_root_is_the_same_in_the_next_process() -> None:
    one, again, other = AccessTokens(root="r" * 43), AccessTokens(root="r" * 43), AccessTokens()
    assert (one.token, one.tab_key("t")) == (again.token, again.tab_key("t"))
    assert len({one.token, other.token, one.owners_key, one.tab_key("t"), one.tab_key("u")}) == 5


# --- links ----------------------------------------------------------------------------------


def post(served: Served, authorization: str | None, **headers: str) -> tuple[int, bytes]:
    """`POST /link`."""
    connection = http.client.HTTPConnection(served.host, timeout=5)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if authorization is not None:
        named["Authorization"] = authorization
    try:
        connection.request("POST", "/link", headers=named)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


async def test_the_token_makes_links_and_nothing_else_does() -> None:
    async with serving() as served:

        def ask() -> None:
            token, key = served.tokens.token, served.tokens.owners_key
            status, body = post(served, f"Bearer {token}")
            assert status == 200
            url = json.loads(body)["url"]
            assert token not in url
            tickets.append(ticket_of(url))
            for wrong in (
                None,
                token,
                "Bearer",
                f"Bearer {token}x",
                f"Bearer {tickets[0]}",
                f"Bearer {key}",
                f"Owner {key}",
                f"Owner nonce.{prove(key, 'host', '/link', 'nonce')}",
                f"Owner other.{prove(key, 'page', '/link', 'nonce')}",
                f"Owner nonce.{prove(key, 'page', '/window/show', 'nonce')}",
            ):
                assert post(served, wrong)[0] == 401
            right = f"Bearer {token}"
            assert post(served, right, origin="https://evil.example")[0] == 403
            assert post(served, right, sec_fetch_site="cross-site")[0] == 403
            assert post(served, right, host=f"evil.example:{served.port}")[0] == 421

        tickets: list[str] = []
        await asyncio.to_thread(ask)
        assert "key" in await Browser(served).open(ticket=tickets[0])


async def test_another_users_connection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it knows."""
    peer = Peer.FOREIGN
    monkeypatch.setattr("shell.bridge.browser.server.peer_of", lambda client, server: peer)
    async with serving() as served:
        assert await refused(served, origin=f"http://{served.host}") == 403
        bearer = f"Bearer {served.tokens.token}"
        assert (await asyncio.to_thread(post, served, bearer))[0] == 403
        for peer in (Peer.UNKNOWN, Peer.OWNER):  # noqa: B007 - read above
            assert (await asyncio.to_thread(post, served, bearer))[0] == 200
            assert await Browser(served).open(ticket=served.tokens.ticket())


async def test_a_ticket_on_a_command_line_is_for_our_own_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = Peer.UNKNOWN
    monkeypatch.setattr("shell.bridge.browser.server.peer_of", lambda client, server: peer)
    async with serving() as served:
        ticket = served.tokens.ticket(owner_only=True)
        assert await closed_with(Browser(served), ticket=ticket) == 4401
        peer = Peer.OWNER
        assert await Browser(served).open(ticket=ticket)


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
