"""Signing in to MCP servers, against a real authorization server on this machine."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from shell.api.mcp import McpApi
from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.cli.mcp_login import login
from shell.errors import ShellError, ToolError
from shell.providers.keys import Keys
from shell.support import open_url
from shell.support.data_directory import DataDirectory
from shell.tools.base import Arguments
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.mcp.redirect import Redirect
from shell.tools.mcp.sign_in import SignIn
from shell.tools.registry import Tools
from tests.command import run
from tests.providers.test_keys import Memory
from tests.tools.processes import until
from tests.tools.signed_server import SignedServer, signed_server

pytestmark = pytest.mark.anyio
NAME = "signed"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Iterator[SignedServer]:
    with signed_server() as running:
        yield running


class Program:
    """One run of the program. The keychain outlives it."""

    def __init__(self, folder: Path, chain: Memory) -> None:
        self.folder = folder
        self.chain = chain
        self.keys = Keys(lambda: chain)
        self.tools = Tools(folder, {}, self.keys)
        self.addresses: list[str] = []

    async def add(self, url: str, **more: object) -> None:
        spec = ServerSpec.model_validate({"url": url, **more})
        servers = self.tools.servers
        await servers.add(NAME, spec)
        await servers.agree(NAME, spec.identity)
        await servers.enable(NAME, True)

    async def browser(self, address: str) -> None:
        """Follow an address as a browser does."""
        self.addresses.append(address)
        async with httpx2.AsyncClient(follow_redirects=True, trust_env=False) as client:
            await client.get(address)

    async def sign_in(self) -> bool:
        return await self.tools.servers.sign_in(NAME, self.browser)

    async def call(self, tool: str = "tide") -> str:
        arguments: Arguments = {"place": "Husum"} if tool == "tide" else {}
        return await self.tools.call(f"{NAME}__{tool}", arguments, lambda line: None)

    def state(self) -> str:
        return self.tools.servers.summary(NAME).state

    async def restart(self) -> "Program":
        await self.tools.close()
        return Program(self.folder, self.chain)


@pytest.fixture
async def program(tmp_path: Path, server: SignedServer) -> "Program":
    program = Program(tmp_path / "data", Memory())
    program.folder.mkdir()
    await program.add(server.url)
    return program


async def test_a_server_asks_for_a_sign_in_and_its_tools_work_after_it(
    program: Program, server: SignedServer
) -> None:
    (problem,) = [
        each.tool.problem for each in await program.tools.all() if each.tool.kind == "mcp"
    ]
    assert problem is not None
    assert "tidewire mcp login signed" in problem
    assert program.state() == "sign_in"
    assert server.provider.authorizations == [], (
        "nothing is registered and no browser opens unasked"
    )
    assert server.provider.clients == {}
    assert await program.sign_in(), "the tokens are in the keychain"
    assert await program.call() == "high at Husum"
    assert program.state() == "ready"
    (authorization,) = server.provider.authorizations
    assert authorization.resource == server.url
    assert authorization.redirect_uri.host == "127.0.0.1"
    query = parse_qs(urlsplit(program.addresses[0]).query)
    assert query["code_challenge_method"] == ["S256"]
    await program.tools.close()


def command_lines() -> list[str]:
    """The command lines of all processes, where the system shows them as files."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(file.read_text("utf-8", "replace"))
    return lines


async def test_no_token_leaves_the_keychain(
    program: Program, server: SignedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await program.sign_in()
    await program.call()
    server.provider.end_access()
    tool_output = await program.call("echo_tokens")
    server.provider.revoke()
    with pytest.raises(ToolError) as raised:
        await program.call()
    listed = [each.model_dump_json() for each in program.tools.servers.summaries()]
    tools = [each.model_dump_json() for each in await program.tools.summaries()]
    texts = [tool_output, str(raised.value), *program.addresses, *listed, *tools, caplog.text]
    texts += [each.read_text("utf-8") for each in program.folder.rglob("*") if each.is_file()]
    texts += await asyncio.to_thread(command_lines)
    assert len(server.provider.issued) >= 4
    for secret in server.provider.issued:
        assert all(secret not in text for text in texts)
    await program.tools.close()


async def test_a_token_that_has_ended_is_renewed_silently_also_after_a_restart(
    program: Program, server: SignedServer
) -> None:
    server.provider.expires_in = 0
    await program.sign_in()
    assert await program.call() == "high at Husum"
    assert server.provider.renewals >= 1
    restarted = await program.restart()
    before = server.provider.renewals
    server.provider.expires_in = 3_600
    assert await restarted.call() == "high at Husum"
    assert server.provider.renewals == before + 1
    assert await restarted.call() == "high at Husum"
    assert server.provider.renewals == before + 1, "the new token is used"
    assert len(server.provider.authorizations) == 1, "nobody was asked again"
    assert len(server.provider.refresh) == 1
    (entry,) = (json.loads(json.loads(text)["key"]) for text in restarted.chain.passwords.values())
    assert entry["token"]["refresh_token"] in server.provider.refresh, "the rotated one"
    await restarted.tools.close()


async def test_two_calls_that_are_refused_renew_the_token_once(
    program: Program, server: SignedServer
) -> None:
    await program.sign_in()
    await program.call()
    server.provider.end_access(required_refusals=2)
    answers = await asyncio.gather(program.call(), program.call())
    assert list(answers) == ["high at Husum"] * 2
    assert server.provider.renewals == 1
    assert len(server.provider.authorizations) == 1
    await program.tools.close()


async def test_a_renewed_token_is_kept_although_the_call_is_cancelled(
    program: Program, server: SignedServer
) -> None:
    await program.sign_in()
    await program.call()
    server.provider.end_access(required_refusals=2)
    call = asyncio.create_task(program.call())
    await until(lambda: server.provider.renewals > 0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    server.provider.may_renew.set()
    restarted = await program.restart()
    assert await restarted.call() == "high at Husum"
    assert server.provider.renewals == 1
    await restarted.tools.close()


async def test_a_revoked_token_asks_for_a_sign_in_again(
    program: Program, server: SignedServer
) -> None:
    await program.sign_in()
    await program.call()
    server.provider.revoke()
    with pytest.raises(ToolError, match="tidewire mcp login signed"):
        await program.call()
    with pytest.raises(ToolError, match="tidewire mcp login signed"):
        await program.call()
    assert program.state() == "sign_in"
    assert len(server.provider.authorizations) == 1, "no browser opens unasked"
    assert program.chain.passwords == {}, "what is of no use any more is removed"
    await program.sign_in()
    assert await program.call() == "high at Husum"
    await program.tools.close()


async def test_a_token_that_cannot_be_renewed_now_is_not_forgotten(
    program: Program, server: SignedServer
) -> None:
    await program.sign_in()
    await program.call()
    server.provider.end_access()
    server.broken.add("/token")
    with pytest.raises(ToolError, match="503"):
        await program.call()
    server.broken.clear()
    assert await program.call() == "high at Husum"
    assert len(server.provider.authorizations) == 1
    await program.tools.close()


@pytest.mark.parametrize(
    "refusal",
    [
        PlainTextResponse("Blocked by the firewall", 403),
        JSONResponse({"error": "temporarily_unavailable"}, 400),
        JSONResponse(["invalid_grant"], 401),
    ],
)
async def test_a_refusal_that_does_not_concern_the_token_forgets_nothing(
    program: Program, server: SignedServer, refusal: Response
) -> None:
    await program.sign_in()
    await program.call()
    server.provider.end_access()
    server.answers["/token"] = refusal
    with pytest.raises(ToolError, match=f"answers {refusal.status_code}. Try again later"):
        await program.call()
    server.answers.clear()
    assert await program.call() == "high at Husum"
    assert len(server.provider.authorizations) == 1
    await program.tools.close()


async def test_what_another_process_has_renewed_is_used(
    program: Program, server: SignedServer
) -> None:
    await program.sign_in()
    other = Program(program.folder, program.chain)
    for each in (program, other):
        assert await each.call() == "high at Husum"
    server.provider.end_access()
    for each in (program, other):
        assert await each.call() == "high at Husum"
    assert server.provider.renewals == 1
    for each in (program, other):
        await each.tools.close()


async def test_an_answer_of_another_issuer_is_refused(
    program: Program, server: SignedServer
) -> None:
    server.provider.redirect = {"iss": "https://evil.example"}
    with pytest.raises(ToolError, match="iss mismatch"):
        await program.sign_in()
    assert server.provider.access == {}, "the code was not used"
    assert program.chain.passwords == {}
    await program.tools.close()


async def test_metadata_of_another_issuer_is_refused(
    program: Program, server: SignedServer
) -> None:
    server.issuer = "https://evil.example"
    with pytest.raises(ToolError, match="issuer mismatch"):
        await program.sign_in()
    assert program.addresses == [], "no browser was opened"
    assert server.provider.clients == {}
    await program.tools.close()


async def test_an_invalid_answer_is_refused_without_what_it_contains(
    program: Program, server: SignedServer
) -> None:
    canary = "canary-5b1e07c9"
    server.answers["/token"] = {"token_type": "Bearer", "refresh_token": canary}
    with pytest.raises(ToolError, match="answer is not valid") as raised:
        await program.sign_in()
    assert "canary" not in str(raised.value)
    assert program.chain.passwords == {}
    await program.tools.close()


async def test_a_person_who_refuses_is_told_so(program: Program, server: SignedServer) -> None:
    server.provider.redirect = {"code": None, "error": "access_denied"}
    with pytest.raises(ToolError, match="The sign-in was refused: access_denied"):
        await program.sign_in()
    await program.tools.close()


async def test_without_a_keychain_the_sign_in_is_for_this_session(
    tmp_path: Path, server: SignedServer
) -> None:
    program = Program(tmp_path / "data", Memory())
    program.keys = Keys(lambda: None)
    program.tools = Tools(program.folder, {}, program.keys)
    program.folder.mkdir()
    await program.add(server.url)
    assert not await program.sign_in()
    assert await program.call() == "high at Husum"
    server.provider.end_access()
    assert await program.call() == "high at Husum"
    await program.tools.close()


async def test_removing_a_server_removes_its_tokens(program: Program, server: SignedServer) -> None:
    await program.sign_in()
    assert program.chain.passwords
    await program.tools.servers.remove(NAME)
    assert program.chain.passwords == {}
    await program.tools.close()


async def test_a_command_and_a_server_without_consent_have_no_sign_in(program: Program) -> None:
    servers = program.tools.servers
    await servers.add("local", ServerSpec(command="true"))
    await servers.agree("local", servers.spec("local").identity)
    with pytest.raises(ShellError, match="needs no sign-in"):
        await servers.sign_in("local", program.browser)
    await servers.add("other", ServerSpec(url="https://mcp.example.com/mcp"))
    with pytest.raises(ShellError, match="Nobody has agreed"):
        await servers.sign_in("other", program.browser)
    assert program.addresses == []
    await program.tools.close()


async def get(address: str) -> int:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return (await client.get(address)).status_code


async def test_only_the_answer_to_this_sign_in_is_taken() -> None:
    async with Redirect() as redirect:
        assert await get(f"{redirect.address}?code=a&state=") == 400
        redirect.state = "right"
        assert await get(f"{redirect.address}?code=a&state=wrong") == 400
        assert await get(f"{redirect.address}?error=no") == 400
        assert await get(redirect.address.replace("callback", "other")) == 404
        assert await get(f"{redirect.address}?code=b&state=right&iss=us") == 200
        assert await get(f"{redirect.address}?code=c&state=right") == 200
        result = await redirect.wait()
        assert (result.code, result.state, result.iss) == ("b", "right", "us")


async def test_a_browser_that_holds_a_connection_does_not_hold_up_the_end() -> None:
    async with Redirect() as redirect:
        parts = urlsplit(redirect.address)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        redirect.state = "right"
        await get(f"{redirect.address}?code=b&state=right")
        await redirect.wait()
    writer.close()


async def test_the_command_line_signs_in_and_prints_no_token(
    program: Program,
    server: SignedServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    addresses: list[str] = []

    def open_in_browser(address: str) -> bool:
        addresses.append(address)
        httpx2.get(address, follow_redirects=True, trust_env=False)
        return True

    monkeypatch.setattr(open_url, "browser_reads_files", lambda: False)
    monkeypatch.setattr(open_url, "open_link", open_in_browser)
    data = DataDirectory(str(program.folder))
    await asyncio.to_thread(
        login, data, name=NAME, client_secret=False, as_json=True, keychain=lambda: program.chain
    )
    out, err = capsys.readouterr()
    assert json.loads(out) == {"name": NAME, "signedIn": True}
    assert addresses[0] in err, "for a browser elsewhere"
    assert all(secret not in out + err for secret in server.provider.issued)
    assert await program.call() == "high at Husum", "a program that runs finds the tokens"
    await program.tools.close()


async def test_the_browser_is_led_to_the_sign_in_by_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses: list[str] = []

    def hand_over(address: str) -> bool:
        addresses.append(address)
        return True

    monkeypatch.setattr(open_url, "browser_reads_files", lambda: True)
    monkeypatch.setattr(open_url, "_open_with_system", hand_over)
    with open_url.RedirectPage(tmp_path / "mcp") as redirect_page:
        assert redirect_page.show("https://as.example/authorize?state=secret")
        (page,) = (tmp_path / "mcp").rglob("*.html")
        assert "state=secret" in page.read_text("utf-8")
        assert addresses == [page.as_uri()], "a command line can be read by everybody"
    assert list((tmp_path / "mcp").rglob("*.html")) == []


def test_without_a_keychain_the_command_line_signs_nobody_in(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    missing = run("mcp", "login", "none", "--data-dir", data)
    assert missing.is_one_sentence("There is no server 'none'"), missing.err
    address = json.dumps({"mcpServers": {NAME: {"url": "http://127.0.0.1:9/mcp"}}})
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "mcp.json").write_text(address, "utf-8")
    nowhere = "unix:path=/nowhere"
    refused = run("mcp", "login", NAME, "--data-dir", data, DBUS_SESSION_BUS_ADDRESS=nowhere)
    assert refused.status == 1
    assert refused.is_one_sentence("There is no keychain"), refused.err


async def test_a_page_signs_in_through_the_browser_of_the_host(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = McpApi(program.tools.servers, Topics(), None)
    monkeypatch.setattr(open_url, "browser_reads_files", lambda: False)
    monkeypatch.setattr(open_url, "open_link", lambda address: False)
    with pytest.raises(ToolError, match="No browser can be opened"):
        await api.sign_in(Caller("window-1"), NAME)

    def open_in_browser(address: str) -> bool:
        return httpx2.get(address, follow_redirects=True, trust_env=False).status_code == 200

    monkeypatch.setattr(open_url, "open_link", open_in_browser)
    await api.sign_in(Caller("window-1"), NAME)
    await until(lambda: program.state() == "ready")
    await program.tools.close()


async def test_a_sign_in_removes_no_file_of_a_server_and_no_page_of_another_sign_in(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = program.tools.servers
    file = program.folder / "mcp" / "opening-hours" / "memory.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}", "utf-8")
    pages: list[str] = []

    def open_in_browser(address: str) -> bool:
        page = Path(urlsplit(address).path)
        with servers.redirect_page("opening-hours"):
            pages.append(page.read_text("utf-8"))
        url = re.search(r'href="([^"]+)"', pages[0])
        assert url is not None
        httpx2.get(unescape(url[1]), follow_redirects=True, trust_env=False)
        return True

    monkeypatch.setattr(open_url, "browser_reads_files", lambda: True)
    monkeypatch.setattr(open_url, "_open_with_system", open_in_browser)
    await McpApi(servers, Topics(), None).sign_in(Caller("window-1"), NAME)
    assert len(pages) == 1
    assert file.read_text("utf-8") == "{}"
    assert not list(program.folder.rglob("*.html"))
    await program.tools.close()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:8080/metadata", "on this machine"),
        ("https://localhost/metadata", "on this machine"),
        ("http://as.example/metadata", "Use https://"),
        ("file:///etc/passwd", "not an http"),
    ],
)
async def test_a_server_elsewhere_cannot_lead_a_sign_in_to_an_unsafe_address(
    address: str, reason: str
) -> None:
    url = "https://mcp.example.com/mcp"
    requested_urls: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requested_urls.append(str(request.url))
        challenge = f'Bearer resource_metadata="{address}"'
        return httpx2.Response(401, headers={"www-authenticate": challenge})

    def client() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))

    async def show(address: str) -> None:
        requested_urls.append(address)

    with pytest.raises(ShellError, match=reason):
        await SignIn(NAME, url, Keys(lambda: None), client).sign_in(show)
    assert requested_urls == [url]
