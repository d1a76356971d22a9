"""The `mcp` namespace: the calls of a page about servers, and the person's consent to them."""

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
from shell.tools.mcp import configuration
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


class Window:
    """The namespace, with a person at the window who gives `answer` to every question."""

    def __init__(self, folder: Path) -> None:
        self.chain = Memory()
        self.tools = Tools(folder, os.environ, Keys(lambda: self.chain))
        self.topics = Topics()
        self.questions: list[str] = []
        self.answer: bool | None = True
        self.api = McpApi(self.tools.servers, self.topics, self._confirm)

    async def _confirm(self, caller_id: str, title: str, text: str) -> bool | None:
        self.questions.append(f"{title}\n{text}")
        return self.answer

    def pushed(self) -> list[dict[str, object]]:
        """The last value of the topic `mcp`, as a page receives it."""
        items = [json.loads(item) for _, _, item in self.topics.updates({})]
        return next((item["value"] for item in items if item["name"] == "mcp"), [])


@pytest.fixture
async def window(tmp_path: Path) -> AsyncIterator[Window]:
    (tmp_path / "data").mkdir()
    window = Window(tmp_path / "data")
    yield window
    await window.tools.close()
    assert processes_in(tmp_path) == []


def new(tmp_path: Path, name: str = "mine") -> NewMcpServer:
    return NewMcpServer(name=name, command=hostile("nothing", tmp_path))


async def test_a_server_of_a_page_runs_once_the_person_at_the_window_agrees(
    window: Window, tmp_path: Path
) -> None:
    added = await window.api.add(CALLER, new(tmp_path))
    (question,) = window.questions
    assert question.startswith("Run this program on your computer?\nmine\n\n")
    assert str(tmp_path / "processes") in question, "the whole command"
    assert added.enabled
    await until(lambda: [each["state"] for each in window.pushed()] == ["ready"])
    assert window.pushed()[0]["tools"] == 4
    await window.api.enable(CALLER, McpSwitch(name="mine", enabled=False))
    await window.api.enable(CALLER, McpSwitch(name="mine", enabled=True))
    assert len(window.questions) == 1, "once for one command"
    assert await window.api.remove(CALLER, "mine") == []
    assert json.loads((tmp_path / "data" / "mcp.json").read_bytes()) == {"mcpServers": {}}


async def test_a_command_that_replaces_an_added_one_is_asked_about_anew(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, servers = tmp_path / "data" / "mcp.json", window.tools.servers
    add = servers.add

    async def add_and_replace(name: str, spec: ServerSpec) -> list[str]:
        session_only = await add(name, spec)
        content = json.loads(file.read_bytes())
        content["mcpServers"]["mine"]["args"].append("another")
        file.write_text(json.dumps(content))  # as another process may do at any time
        window.answer = False
        return session_only

    monkeypatch.setattr(servers, "add", add_and_replace)
    with pytest.raises(NoConsent):
        await window.api.add(CALLER, new(tmp_path))
    seen, replaced = window.questions
    assert replaced == f"{seen} another"
    assert [each.state for each in window.api.list(CALLER)] == ["consent"]
    assert not (tmp_path / "processes").exists()


async def test_the_person_is_asked_in_the_language_of_the_page(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.answer = False
    spec = NewMcpServer(name="mine", command=["./server"], values={"MY_KEY": "x"})
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    for chosen, question, gets in [
        ("de", "Dieses Programm auf deinem Rechner ausführen?", "Es bekommt: MY_KEY"),
        ("en", "Run this program on your computer?", "It gets: MY_KEY"),
        ("", "Dieses Programm auf deinem Rechner ausführen?", "Es bekommt: MY_KEY"),
    ]:
        (tmp_path / "data" / "settings.json").write_text(json.dumps({"language": chosen}))
        with pytest.raises(NoConsent):
            await window.api.add(CALLER, spec)
        assert window.questions[-1] == f"{question}\nmine\n\n./server\n\n{gets}"


async def test_the_person_sees_each_variable_that_a_server_gets_and_is_asked_about_another(
    window: Window, tmp_path: Path
) -> None:
    header = "${OPENAI_API_KEY}, ${MINE}"
    entry = {"url": "http://127.0.0.1:9/mcp", "headers": {"X-Client": header, "X-Plain": "plain"}}
    await window.api.read_import(CALLER, json.dumps({"mcpServers": {"weather": entry}}))
    switch_on = McpSwitch(name="weather", enabled=True)
    await window.api.enable(CALLER, switch_on)
    variables = "X-Client (from the variable OPENAI_API_KEY, from the variable MINE)"
    assert window.questions == [
        "Add these servers, switched off?\nweather\n\nhttp://127.0.0.1:9/mcp\n\n"
        f"It gets: {variables}, X-Plain=plain",
        "Contact this address?\nweather\n\nhttp://127.0.0.1:9/mcp\n\n"
        f"It gets: {variables}, X-Plain",
    ]
    file = tmp_path / "data" / "mcp.json"
    file.write_text(file.read_text().replace("${MINE}", "${ANTHROPIC_API_KEY}"))
    assert [each.state for each in window.api.list(CALLER)] == ["consent"]
    await window.api.enable(CALLER, switch_on)
    assert "from the variable ANTHROPIC_API_KEY" in window.questions[2]


async def test_the_person_sees_what_a_file_gives_to_a_command_and_is_asked_when_it_changes(
    window: Window, tmp_path: Path
) -> None:
    program, *arguments = hostile("nothing", tmp_path)
    env = {"NODE_OPTIONS": "--import=evil", "TOKEN": "a-secret"}
    entry = {"command": program, "args": arguments, "env": env}
    file = tmp_path / "data" / "mcp.json"
    file.write_text(json.dumps({"mcpServers": {"mine": entry}}))
    switch_on = McpSwitch(name="mine", enabled=True)
    await window.api.enable(CALLER, switch_on)
    assert window.questions[0].endswith("\n\nIt gets: NODE_OPTIONS=--import=evil, TOKEN")
    file.write_text(file.read_text().replace("a-secret", "another"))
    assert [each.state for each in window.api.list(CALLER)] != ["consent"]
    file.write_text(file.read_text().replace("=evil", "=worse"))
    assert [each.state for each in window.api.list(CALLER)] == ["consent"]


async def test_a_secret_that_looks_like_a_variable_is_sent_as_it_was_typed(
    window: Window, tmp_path: Path
) -> None:
    values = {"API_KEY": "a-secret-${HOME}"}
    command = hostile("nothing", tmp_path)
    await window.api.add(CALLER, NewMcpServer(name="mine", command=command, values=values))
    (question,) = window.questions
    assert question.endswith("\n\nIt gets: API_KEY")
    variables = json.loads(await window.tools.call("environment", {}, ignore))
    assert variables["API_KEY"] == values["API_KEY"]


async def test_a_line_feed_in_a_name_adds_no_line_to_the_question(
    window: Window, tmp_path: Path
) -> None:
    window.answer = False
    servers = {"mine": {"command": "node", "env": {"A\n\nIn the folder: /": "x"}}}
    (tmp_path / "data" / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    with pytest.raises(NoConsent):
        await window.api.test(CALLER, "mine")
    (question,) = window.questions
    assert question.splitlines()[-1] == "It gets: A\\n\\nIn the folder: /=x"


@pytest.mark.parametrize("answer", [False, None], ids=["refused", "in a browser"])
async def test_nothing_is_kept_run_or_contacted_without_the_person_at_the_window(
    window: Window, tmp_path: Path, answer: bool | None
) -> None:
    contacted = asyncio.Event()

    async def contact(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        contacted.set()
        writer.close()

    async with await asyncio.start_server(contact, "127.0.0.1", 0) as trap:
        port = trap.sockets[0].getsockname()[1]
        window.answer = answer
        url = f"http://127.0.0.1:{port}/mcp"
        entry = {"command": sys.executable, "args": hostile("nothing", tmp_path)[1:]}
        file = json.dumps({"mcpServers": {"mine": entry}})
        attempts = [
            window.api.add(CALLER, new(tmp_path)),
            window.api.add(CALLER, NewMcpServer(name="there", url=url)),
            window.api.read_import(CALLER, file),
        ]
        for attempt in attempts:
            with pytest.raises(ShellError) as raised:
                await attempt
            assert raised.value.code is ErrorCode.PERMISSION_DENIED
            assert ("tidewire mcp" in raised.value.message) is (answer is None)
        assert not (tmp_path / "data" / "mcp.json").exists()
        # A server that somebody writes into the file still waits for the person.
        servers = {"mine": entry, "there": {"url": url}}
        (tmp_path / "data" / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
        for name in servers:
            for work in (
                window.api.test(CALLER, name),
                window.api.enable(CALLER, McpSwitch(name=name, enabled=True)),
            ):
                with pytest.raises(ShellError):
                    await work
        assert [each.state for each in window.api.list(CALLER)] == ["consent", "consent"]
        assert not [each for each in await window.tools.all() if each.tool.kind == "mcp"]
        assert not contacted.is_set()
    assert not (tmp_path / "processes").exists()


async def test_what_is_asked_shows_hidden_characters_and_no_markup_comes_first(
    window: Window, tmp_path: Path
) -> None:
    window.answer = False
    command = ["<b>node</b>", "\u202egpj.exe", "a b", "x\u200by"]
    with pytest.raises(ShellError):
        await window.api.add(CALLER, NewMcpServer(name="mine", command=command))
    (question,) = window.questions
    assert "<" not in question.splitlines()[0]
    assert "\\u202e" in question
    assert "\\u200b" in question
    assert "\u202e" not in question
    with pytest.raises(ShellError, match="too long to be shown"):
        await window.api.add(CALLER, NewMcpServer(name="mine", command=["node", "x" * 3_000]))
    assert len(window.questions) == 1


async def test_a_test_of_a_server_that_is_off_tells_how_it_went_and_leaves_it_off(
    window: Window, tmp_path: Path
) -> None:
    for name, wrong in (("good", "nothing"), ("bad", "does not start")):
        command = hostile(wrong, tmp_path)
        await window.tools.servers.add(name, ServerSpec(command=command[0], args=command[1:]))
        await window.api.test(CALLER, name)
    assert len(window.questions) == 2

    def states() -> list[tuple[object, object, bool]]:
        return [(server["state"], server["tools"], "error" in server) for server in window.pushed()]

    await until(lambda: states() == [("off", 4, False), ("off", 0, True)])
    assert "There is no database." in str(window.pushed()[1])
    assert not [each for each in await window.tools.all() if each.tool.kind == "mcp"]


async def test_an_import_is_off_and_its_secrets_are_in_no_file(
    window: Window, tmp_path: Path
) -> None:
    secret = "sk-abcdefghijklmnop"
    entry = {"command": "node", "args": ["server.js"], "env": {"API_KEY": secret}}
    remote = {"type": "http", "url": "https://example.org/mcp", "headers": {"X-Key": secret}}
    file = {"mcpServers": {"my server": entry, "there": remote, "broken": {"args": []}}}
    done = await window.api.read_import(CALLER, json.dumps(file))
    assert done.added == ["my-server", "there"]
    assert "either a command or a url" in done.problems["broken"]
    assert [(each.enabled, each.state) for each in window.api.list(CALLER)] == [
        (False, "consent"),
        (False, "consent"),
    ]
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or secret not in path.read_text()
    summaries = json.dumps([each.model_dump() for each in window.api.list(CALLER)])
    assert secret not in summaries
    assert secret not in window.questions[0]
    assert len(window.chain.passwords) == 2


async def test_a_server_that_cannot_be_added_leaves_no_secret(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuration, "MAX_SERVERS", 0)
    values = {"API_KEY": "sk-abcdefghijklmnop"}
    with pytest.raises(ValidationFailed, match="At most 0 servers"):
        await window.api.add(CALLER, NewMcpServer(name="mine", command=["node"], values=values))
    assert window.chain.passwords == {}


async def test_a_secret_reaches_the_command_that_it_was_given_for_and_no_other(
    window: Window, tmp_path: Path
) -> None:
    command = hostile("nothing", tmp_path)
    values = {"API_KEY": "sk-abcdefghijklmnop"}
    await window.api.add(CALLER, NewMcpServer(name="mine", command=command, values=values))
    variables = json.loads(await window.tools.call("environment", {}, ignore))
    assert variables["API_KEY"] == values["API_KEY"]
    file = tmp_path / "data" / "mcp.json"
    content = json.loads(file.read_bytes())
    assert content["mcpServers"]["mine"]["env"] == {"API_KEY": "${keychain}"}
    content["mcpServers"]["mine"]["args"].append("another")
    file.write_text(json.dumps(content))
    await window.tools.servers.agree("mine", window.tools.servers.spec("mine").identity)
    tested = await window.tools.servers.test("mine")
    assert tested.error == "API_KEY of mine has no value. Remove the server and add it again."
    await window.api.remove(CALLER, "mine")
    assert window.chain.passwords == {}


async def test_a_server_takes_no_name_of_our_own_tools(window: Window, tmp_path: Path) -> None:
    for name in ("calculator", "tidewire"):
        with pytest.raises(ValidationFailed, match="Tidewire's own"):
            await window.api.add(CALLER, new(tmp_path, name))
    (tmp_path / "data" / "tools").mkdir()
    (tmp_path / "data" / "tools" / "mine.py").write_text("def fine() -> str: return 'file'\n")
    await window.api.add(CALLER, new(tmp_path))
    assert await window.tools.call("fine", {}, ignore) == "file"


@pytest.mark.parametrize(
    "url", ["http://example.org/mcp", "ftp://example.org", "https://a:b@example.org/", "no address"]
)
async def test_an_address_that_others_could_read_is_refused(window: Window, url: str) -> None:
    with pytest.raises(ValidationFailed, match="begins with https://"):
        await window.api.add(CALLER, NewMcpServer(name="there", url=url))
    assert window.questions == []
