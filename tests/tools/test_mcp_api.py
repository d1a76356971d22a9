"""The `mcp` namespace: what a page may do with servers, and what it may not."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shell.api.mcp import McpApi
from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.contract import McpSwitch, NewMcpServer
from shell.errors import ErrorCode, ShellError, ValidationFailed
from shell.providers.keys import Keys
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.mcp.servers import NoConsent
from shell.tools.registry import Tools
from tests.providers.test_keys import Memory
from tests.tools.mcp_servers import hostile, ignore, processes_in
from tests.tools.processes import until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc"),
]
CALLER = Caller("window-1")


class Desk:
    """The namespace, with a person at the window who answers what they are asked."""

    def __init__(self, folder: Path) -> None:
        self.chain = Memory()
        self.tools = Tools(folder, os.environ, Keys(lambda: self.chain))
        self.topics = Topics()
        self.asked: list[str] = []
        self.answer: bool | None = True
        self.api = McpApi(self.tools.servers, self.topics, self._confirm)

    async def _confirm(self, caller_id: str, title: str, text: str) -> bool | None:
        self.asked.append(f"{title}\n{text}")
        return self.answer

    def pushed(self) -> list[dict[str, object]]:
        """The servers as a page knows them by the topic."""
        items = [json.loads(item) for _, _, item in self.topics.changed({})]
        return next((item["value"] for item in items if item["name"] == "mcp"), [])


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "data").mkdir()
    desk = Desk(tmp_path / "data")
    yield desk
    await desk.tools.close()
    assert processes_in(tmp_path) == []


def new(tmp_path: Path, name: str = "mine") -> NewMcpServer:
    return NewMcpServer(name=name, command=hostile("nothing", tmp_path))


async def test_a_server_of_a_page_runs_once_the_person_at_the_window_agrees(
    desk: Desk, tmp_path: Path
) -> None:
    added = await desk.api.add(CALLER, new(tmp_path))
    (asked,) = desk.asked
    assert asked.startswith("Run this program on your computer?\nmine\n\n")
    assert str(tmp_path / "processes") in asked, "the whole command"
    assert added.enabled
    await until(lambda: [each["state"] for each in desk.pushed()] == ["ready"])
    assert desk.pushed()[0]["tools"] == 4
    await desk.api.enable(CALLER, McpSwitch(name="mine", enabled=False))
    await desk.api.enable(CALLER, McpSwitch(name="mine", enabled=True))
    assert len(desk.asked) == 1, "once for one command"
    assert await desk.api.remove(CALLER, "mine") == []
    assert json.loads((tmp_path / "data" / "mcp.json").read_bytes()) == {"mcpServers": {}}


async def test_the_person_is_asked_in_the_language_of_the_page(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.answer = False
    spec = NewMcpServer(name="mine", command=["./server"], values={"MY_KEY": "x"})
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    for chosen, question, gets in [
        ("de", "Dieses Programm auf deinem Computer ausführen?", "Es bekommt: MY_KEY"),
        ("en", "Run this program on your computer?", "It gets: MY_KEY"),
        ("", "Dieses Programm auf deinem Computer ausführen?", "Es bekommt: MY_KEY"),
    ]:
        (tmp_path / "data" / "settings.json").write_text(json.dumps({"language": chosen}))
        with pytest.raises(NoConsent):
            await desk.api.add(CALLER, spec)
        assert desk.asked[-1] == f"{question}\nmine\n\n./server\n\n{gets}"


@pytest.mark.parametrize("answer", [False, None], ids=["refused", "in a browser"])
async def test_nothing_is_kept_run_or_contacted_without_the_person_at_the_window(
    desk: Desk, tmp_path: Path, answer: bool | None
) -> None:
    contacted = asyncio.Event()

    async def contact(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        contacted.set()
        writer.close()

    async with await asyncio.start_server(contact, "127.0.0.1", 0) as trap:
        port = trap.sockets[0].getsockname()[1]
        desk.answer = answer
        url = f"http://127.0.0.1:{port}/mcp"
        entry = {"command": sys.executable, "args": hostile("nothing", tmp_path)[1:]}
        file = json.dumps({"mcpServers": {"mine": entry}})
        attempts = [
            desk.api.add(CALLER, new(tmp_path)),
            desk.api.add(CALLER, NewMcpServer(name="there", url=url)),
            desk.api.read_import(CALLER, file),
        ]
        for attempt in attempts:
            with pytest.raises(ShellError) as caught:
                await attempt
            assert caught.value.code is ErrorCode.PERMISSION_DENIED
            assert ("tidewire mcp" in caught.value.message) is (answer is None)
        assert not (tmp_path / "data" / "mcp.json").exists()
        # Written into the file by hand, it still waits for the person.
        servers = {"mine": entry, "there": {"url": url}}
        (tmp_path / "data" / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
        for name in servers:
            for work in (
                desk.api.test(CALLER, name),
                desk.api.enable(CALLER, McpSwitch(name=name, enabled=True)),
            ):
                with pytest.raises(ShellError):
                    await work
        assert [each.state for each in desk.api.list(CALLER)] == ["consent", "consent"]
        assert not [each for each in await desk.tools.all() if each.tool.kind == "mcp"]
        assert not contacted.is_set()
    assert not (tmp_path / "processes").exists()


async def test_what_is_asked_shows_hidden_characters_and_no_markup_comes_first(
    desk: Desk, tmp_path: Path
) -> None:
    desk.answer = False
    command = ["<b>node</b>", "\u202egpj.exe", "a b", "x\u200by"]
    with pytest.raises(ShellError):
        await desk.api.add(CALLER, NewMcpServer(name="mine", command=command))
    (asked,) = desk.asked
    assert "<" not in asked.splitlines()[0]
    assert "\\u202e" in asked
    assert "\\u200b" in asked
    assert "\u202e" not in asked
    with pytest.raises(ShellError, match="too long to be shown"):
        await desk.api.add(CALLER, NewMcpServer(name="mine", command=["node", "x" * 3_000]))
    assert len(desk.asked) == 1


async def test_a_test_of_a_server_that_is_off_tells_how_it_went_and_leaves_it_off(
    desk: Desk, tmp_path: Path
) -> None:
    for name, wrong in (("good", "nothing"), ("bad", "does not start")):
        command = hostile(wrong, tmp_path)
        await desk.tools.servers.add(name, ServerSpec(command=command[0], args=command[1:]))
        await desk.api.test(CALLER, name)
    assert len(desk.asked) == 2

    def told() -> list[tuple[object, object, bool]]:
        return [(one["state"], one["tools"], "error" in one) for one in desk.pushed()]

    await until(lambda: told() == [("off", 4, False), ("off", 0, True)])
    assert "There is no database." in str(desk.pushed()[1])
    assert not [each for each in await desk.tools.all() if each.tool.kind == "mcp"]


async def test_an_import_is_off_and_its_secrets_are_in_no_file(desk: Desk, tmp_path: Path) -> None:
    secret = "sk-abcdefghijklmnop"
    entry = {"command": "node", "args": ["server.js"], "env": {"API_KEY": secret}}
    remote = {"type": "http", "url": "https://example.org/mcp", "headers": {"X-Key": secret}}
    file = {"mcpServers": {"my server": entry, "there": remote, "broken": {"args": []}}}
    done = await desk.api.read_import(CALLER, json.dumps(file))
    assert done.added == ["my-server", "there"]
    assert "either a command or a url" in done.problems["broken"]
    assert [(each.enabled, each.state) for each in desk.api.list(CALLER)] == [
        (False, "consent"),
        (False, "consent"),
    ]
    for kept in (tmp_path / "data").rglob("*"):
        assert not kept.is_file() or secret not in kept.read_text()
    told = json.dumps([each.model_dump() for each in desk.api.list(CALLER)])
    assert secret not in told
    assert secret not in desk.asked[0]
    assert len(desk.chain.kept) == 2


async def test_a_secret_reaches_the_command_that_it_was_given_for_and_no_other(
    desk: Desk, tmp_path: Path
) -> None:
    command = hostile("nothing", tmp_path)
    values = {"API_KEY": "sk-abcdefghijklmnop"}
    await desk.api.add(CALLER, NewMcpServer(name="mine", command=command, values=values))
    found = json.loads(await desk.tools.call("environment", {}, ignore))
    assert found["API_KEY"] == values["API_KEY"]
    file = tmp_path / "data" / "mcp.json"
    content = json.loads(file.read_bytes())
    assert content["mcpServers"]["mine"]["env"] == {"API_KEY": "${keychain}"}
    content["mcpServers"]["mine"]["args"].append("another")
    file.write_text(json.dumps(content))
    await desk.tools.servers.agree("mine", desk.tools.servers.spec("mine").identity)
    tested = await desk.tools.servers.test("mine")
    assert tested.error == "API_KEY of mine has no value. Remove the server and add it again."
    await desk.api.remove(CALLER, "mine")
    assert desk.chain.kept == {}


async def test_a_server_takes_no_name_of_our_own_tools(desk: Desk, tmp_path: Path) -> None:
    for name in ("calculator", "tidewire"):
        with pytest.raises(ValidationFailed, match="Tidewire's own"):
            await desk.api.add(CALLER, new(tmp_path, name))
    (tmp_path / "data" / "tools").mkdir()
    (tmp_path / "data" / "tools" / "mine.py").write_text("def fine() -> str: return 'file'\n")
    await desk.api.add(CALLER, new(tmp_path))
    assert await desk.tools.call("fine", {}, ignore) == "file"


@pytest.mark.parametrize(
    "url", ["http://example.org/mcp", "ftp://example.org", "https://a:b@example.org/", "no address"]
)
async def test_an_address_that_others_could_read_is_refused(desk: Desk, url: str) -> None:
    with pytest.raises(ValidationFailed, match="begins with https://"):
        await desk.api.add(CALLER, NewMcpServer(name="there", url=url))
    assert desk.asked == []
