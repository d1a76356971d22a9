"""Access to the door from a browser: origins, proofs, tickets, limits."""

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
from tests.host_process import PATIENCE_S
from tests.served import Browser, LoopbackHost, serving
from tests.way_in import Entry, handshake, ticket_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def handshake_status(server: LoopbackHost, *, path: str = "/door", **headers: str) -> int:
    """The HTTP status of a refused handshake."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    origin = Origin(named.pop("origin")) if "origin" in named else None
    host = named.pop("host", server.host)
    uri = f"ws://{host}{path}"
    with pytest.raises(InvalidStatus) as excinfo:
        await connect(
            uri, host="127.0.0.1", port=server.port, origin=origin, additional_headers=named
        )
    return excinfo.value.response.status_code


async def test_the_door_opens_for_its_own_page_only() -> None:
    async with serving() as server:
        own = f"http://{server.host}"
        assert await handshake_status(server) == 403  # not a browser, or one that hides where it is
        for origin in (
            "https://evil.example",
            "null",
            f"https://{server.host}",
            f"http://127.0.0.1:{server.port + 1}",
            f"http://{server.host}.evil.example",
            f"http://localhost:{server.port}",
        ):
            assert await handshake_status(server, origin=origin) == 403
        for site in ("cross-site", "same-site"):
            assert await handshake_status(server, origin=own, sec_fetch_site=site) == 403
        rebound = f"evil.example:{server.port}"
        assert await handshake_status(server, host=rebound, origin=f"http://{rebound}") == 421
        assert await handshake_status(server, path="/other", origin=own) == 404


async def test_vites_origin_is_accepted_only_when_it_was_named() -> None:
    vite = "http://127.0.0.1:5173"
    async with serving() as server:
        assert await handshake_status(server, origin=vite) == 403
    async with serving(dev_url=vite) as server:
        async with connect(
            f"ws://{server.host}/door",
            origin=Origin(vite),
            additional_headers={"Sec-Fetch-Site": "same-site"},
        ):
            pass
        through = Origin(vite)
        async with connect("ws://127.0.0.1:5173/door", origin=through, port=server.port):
            pass
        assert await handshake_status(server, origin="http://127.0.0.1:5174") == 403
        assert await handshake_status(server, host="evil.example", origin=vite) == 421


async def close_code(browser: Browser, **fields: Any) -> int:
    """The code with which the host closes a connection that greets with these fields."""
    with pytest.raises(ConnectionClosed) as excinfo:
        await browser.open(**fields)
    assert excinfo.value.rcvd is not None
    return excinfo.value.rcvd.code


async def replies_to(server: LoopbackHost, *frames: object) -> list[dict[str, Any]]:
    """The host's replies to these frames, which are sent without waiting, and the close code."""
    replies: list[dict[str, Any]] = []
    url, origin = f"ws://{server.host}/door", Origin(f"http://{server.host}")
    async with connect(url, origin=origin) as socket:
        for frame in frames:
            await socket.send(json.dumps(frame))
        with contextlib.suppress(ConnectionClosed):
            while True:
                replies.append(json.loads(await socket.recv()))
    return [*replies, {"code": socket.close_code}]


def greeting(**fields: object) -> dict[str, object]:
    ids = {name: secrets.token_hex(16) for name in ("tab", "load", "nonce")}
    return {**ids, "version": CONTRACT_VERSION, **fields}


async def test_who_does_not_know_the_secret_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """Also with the token, which makes links and does not open the door."""
    async with serving() as server:
        access_tokens, ticket = server.access_tokens, server.access_tokens.ticket()
        name = ticket.partition(".")[0]
        proofs: list[dict[str, object]] = [{"ticket": name}, {}]
        for fields in proofs:
            for wrong_secret in (
                "",
                access_tokens.token,
                access_tokens.owners_key,
                ticket,
                access_tokens.tab_key("other"),
            ):
                first_message = greeting(**fields)
                facts = [str(first_message[name]) for name in ("tab", "load", "nonce")]
                proof = prove(wrong_secret, "page", *facts, "not the host's number")
                reply, end = await replies_to(server, first_message, {"proof": proof})
                assert (list(reply), end) == (["challenge"], {"code": 4401})
        assert await replies_to(server, greeting(ticket="nobodys-ticket")) == [{"code": 4401}]
        # The ticket was not used up by this.
        assert await Browser(server).open(ticket=ticket)
        secret_texts = (access_tokens.token, access_tokens.owners_key, ticket)
    assert not [secret for secret in secret_texts if secret in caplog.text]


async def test_the_hosts_own_proof_is_no_proof_of_a_page() -> None:
    async with serving() as server:
        url, origin = f"ws://{server.host}/door", Origin(f"http://{server.host}")
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
    async with serving() as server:
        assert await replies_to(server, greeting(**fields)) == [{"code": 1008}]
        reply, end = await replies_to(server, greeting(), {"proof": "no proof"})
        assert (list(reply), end) == (["challenge"], {"code": 1008})


async def test_a_link_opens_one_page_which_then_has_a_key_of_its_own() -> None:
    async with serving() as server:
        assert isinstance(server.loopback, BrowserServer)
        ticket = ticket_of(server.loopback.link())
        first = Browser(server)
        welcome = await first.open(ticket=ticket)
        assert list(welcome) == ["key"]
        assert await close_code(Browser(server), ticket=ticket) == 4401
        await first.close()
        assert await first.open(key=str(welcome["key"])) == {}
        assert (await first.hello())["ok"]
        # The key is of this tab alone.
        other_tab, url = Browser(server), f"ws://{server.host}/door"
        async with connect(url, origin=Origin(f"http://{server.host}")) as socket:
            with pytest.raises(AssertionError, match="not the host"):
                await handshake(socket, Entry(tab=other_tab.tab, key=str(welcome["key"])))


async def test_a_tab_that_is_reloaded_before_it_has_its_key_comes_in() -> None:
    async with serving() as server:
        ticket = server.access_tokens.ticket()
        tab = Browser(server)
        welcome = await tab.open(ticket=ticket)
        await tab.close()
        assert await tab.open(ticket=ticket) == welcome
        assert (await tab.hello())["ok"]
        assert await close_code(Browser(server), ticket=ticket) == 4401


async def test_one_of_two_pages_with_one_ticket_comes_in() -> None:
    async with serving() as server:
        ticket = server.access_tokens.ticket()
        attempts = [Browser(server).open(ticket=ticket) for _ in range(8)]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert sum(isinstance(outcome, dict) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, ConnectionClosed) for outcome in outcomes) == 7


async def test_a_page_gets_tickets_for_its_neighbours() -> None:
    async with serving() as server:
        page = Browser(server)
        await page.open()
        assert (await page.hello())["ok"]
        neighbour = Browser(server)
        assert "key" in await neighbour.open(ticket=await page.ticket())
        assert (await neighbour.hello())["ok"]


def test_a_ticket_runs_out() -> None:
    now = 0.0
    access_tokens = AccessTokens(lambda: now)
    first, second, printed = (
        access_tokens.ticket(lasting=lasting).partition(".")[0] for lasting in (False, False, True)
    )
    now = TICKET_S - 1
    assert access_tokens.use(first, "tab")
    now = TICKET_S + 1
    assert not access_tokens.use(second, "tab")
    assert not access_tokens.use(first, "another")
    assert access_tokens.use(printed, "tab")
    assert not access_tokens.use(printed, "another")


def test_the_tab_that_used_a_ticket_may_use_it_again_for_a_moment() -> None:
    now, used = 0.0, []
    access_tokens = AccessTokens(lambda: now)
    name = access_tokens.ticket(on_used=lambda: used.append(now)).partition(".")[0]
    assert access_tokens.use(name, "tab")
    now = AGAIN_S - 1
    assert access_tokens.find(name, "another") is None
    assert access_tokens.use(name, "tab")
    now = AGAIN_S + 1
    assert not access_tokens.use(name, "tab")
    assert used == [0.0]


def test_tickets_are_bounded_and_the_printed_one_outlives_them() -> None:
    access_tokens = AccessTokens()
    printed, *later_tickets = (
        access_tokens.ticket(lasting=number == 0) for number in range(MAX_TICKETS + 2)
    )
    is_valid = [
        access_tokens.find(ticket.partition(".")[0], "tab") is not None
        for ticket in (printed, *later_tickets)
    ]
    assert is_valid == [True, False, *[True] * MAX_TICKETS]


def test_what_is_derived_from_one_root_is_the_same_in_the_next_process() -> None:
    tokens, same_root = AccessTokens(root="r" * 43), AccessTokens(root="r" * 43)
    derived = {tokens.token, tokens.owners_key, tokens.tab_key("t"), tokens.tab_key("u")}
    assert (tokens.token, tokens.tab_key("t")) == (same_root.token, same_root.tab_key("t"))
    assert len({*derived, AccessTokens().token}) == 5


# --- links ----------------------------------------------------------------------------------


def post(server: LoopbackHost, authorization: str | None, **headers: str) -> tuple[int, bytes]:
    """`POST /link`."""
    connection = http.client.HTTPConnection(server.host, timeout=PATIENCE_S)
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
    async with serving() as server:

        def request_links() -> None:
            token, key = server.access_tokens.token, server.access_tokens.owners_key
            status, body = post(server, f"Bearer {token}")
            assert status == 200
            url = json.loads(body)["url"]
            assert token not in url
            tickets.append(ticket_of(url))
            for authorization in (
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
                assert post(server, authorization)[0] == 401
            bearer = f"Bearer {token}"
            assert post(server, bearer, origin="https://evil.example")[0] == 403
            assert post(server, bearer, sec_fetch_site="cross-site")[0] == 403
            assert post(server, bearer, host=f"evil.example:{server.port}")[0] == 421

        tickets: list[str] = []
        await asyncio.to_thread(request_links)
        assert "key" in await Browser(server).open(ticket=tickets[0])


async def test_another_users_connection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it knows."""
    peer = Peer.FOREIGN
    monkeypatch.setattr("shell.bridge.browser.server.peer_of", lambda client, server: peer)
    async with serving() as server:
        assert await handshake_status(server, origin=f"http://{server.host}") == 403
        bearer = f"Bearer {server.access_tokens.token}"
        assert (await asyncio.to_thread(post, server, bearer))[0] == 403
        for peer in (Peer.UNKNOWN, Peer.OWNER):  # noqa: B007 - read above
            assert (await asyncio.to_thread(post, server, bearer))[0] == 200
            assert await Browser(server).open(ticket=server.access_tokens.ticket())


async def test_a_ticket_on_a_command_line_is_for_our_own_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = Peer.UNKNOWN
    monkeypatch.setattr("shell.bridge.browser.server.peer_of", lambda client, server: peer)
    async with serving() as server:
        ticket = server.access_tokens.ticket(owner_only=True)
        assert await close_code(Browser(server), ticket=ticket) == 4401
        peer = Peer.OWNER
        assert await Browser(server).open(ticket=ticket)


async def test_a_message_beyond_the_cap_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.bridge.browser.server.MAX_MESSAGE_BYTES", 10_000)
    async with serving() as server:
        browser = Browser(server)
        await browser.open()
        await browser.socket.send("x" * 10_001)
        await browser.wait_closed()
        assert browser.socket.close_code == 1009


async def test_a_binary_message_ends_the_connection() -> None:
    async with serving() as server:
        browser = Browser(server)
        await browser.open()
        await browser.socket.send(b"\x00")
        await browser.wait_closed()
        assert browser.socket.close_code == 1003
