"""Resources and prompts of real servers, and the answers of a hostile one."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shell.api.mcp import McpApi
from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.contract import McpChoice, McpPromptQuery
from shell.errors import NotFound, ToolError
from shell.tools.mcp.offerings import expand_template
from tests.command import run
from tests.tools.mcp_servers import hostile, node, processes_in, with_servers
from tests.tools.processes import until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc"),
]
CALLER = Caller("window-1")
START = McpPromptQuery(start=True)
STATIC = "demo://resource/static/document/features.md"
TEMPLATE = "demo://resource/dynamic/text/{resourceId}"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[McpApi]:
    """The namespace over a real server and a server that offers only tools."""
    servers = {"everything": node("server-everything"), "plain": hostile("nothing", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        yield McpApi(tools.servers, Topics(), None)
    assert processes_in(tmp_path) == []


async def test_the_resources_of_a_real_server_are_listed_and_read(api: McpApi) -> None:
    resources = await api.resources(CALLER)
    assert resources.problems == {}
    by_uri = {resource.uri: resource for resource in resources.items}
    assert by_uri[STATIC].server == "everything"
    assert [field.name for field in by_uri[TEMPLATE].fields] == ["resourceId"]
    read = await api.read_resource(CALLER, McpChoice(server="everything", name=STATIC))
    (file,) = read.files
    assert file.name == "everything: features.md"
    assert file.media_type.startswith("text/")
    assert "Everything Server" in base64.b64decode(file.data).decode()
    choice = McpChoice(server="everything", name=TEMPLATE, values={"resourceId": "7"})
    (file,) = (await api.read_resource(CALLER, choice)).files
    assert "Resource 7" in base64.b64decode(file.data).decode()


async def test_the_prompts_of_a_real_server_are_listed_and_filled_in(api: McpApi) -> None:
    prompts = {prompt.name: prompt for prompt in (await api.prompts(CALLER, START)).items}
    assert [field.name for field in prompts["args-prompt"].fields] == ["city", "state"]
    assert [field.required for field in prompts["args-prompt"].fields] == [True, False]
    choice = McpChoice(server="everything", name="args-prompt", values={"city": "Emden"})
    assert (await api.prompt(CALLER, choice)).text == "What's weather in Emden?"
    with pytest.raises(ToolError, match="city"):
        await api.prompt(CALLER, McpChoice(server="everything", name="args-prompt"))


async def test_a_resource_that_is_not_there_is_an_error_with_the_reason(api: McpApi) -> None:
    with pytest.raises(ToolError, match=r"everything: .*not found"):
        await api.read_resource(CALLER, McpChoice(server="everything", name="demo://resource/no"))
    with pytest.raises(NotFound, match="switched on"):
        await api.read_resource(CALLER, McpChoice(server="other", name=STATIC))


async def test_nothing_is_asked_of_a_server_that_is_off_or_was_not_agreed_to(
    tmp_path: Path,
) -> None:
    async with with_servers(tmp_path / "data", {"mine": hostile("nothing", tmp_path)}) as tools:
        api = McpApi(tools.servers, Topics(), None)
        await tools.servers.enable("mine", False)
        assert (await api.resources(CALLER)).items == []
        assert (await api.prompts(CALLER, START)).items == []
        with pytest.raises(NotFound):
            await api.prompt(CALLER, McpChoice(server="mine", name="x"))
        assert not (tmp_path / "processes").exists(), "it was never started"


async def test_why_a_server_cannot_be_asked_is_said_and_the_others_are_listed(
    tmp_path: Path,
) -> None:
    servers = {
        "everything": node("server-everything"),
        "broken": hostile("does not start", tmp_path),
    }
    async with with_servers(tmp_path / "data", servers) as tools:
        api = McpApi(tools.servers, Topics(), None)
        for _ in range(2):
            prompts = await api.prompts(CALLER, START)
            assert "There is no database." in prompts.problems["broken"]
            assert {prompt.server for prompt in prompts.items} == {"everything"}
        starts = (tmp_path / "processes").read_text().split()
        assert len(starts) == 1, "one that has failed is not started by every list"
    await until(lambda: processes_in(tmp_path) == [])


async def test_the_prompts_of_a_server_that_waits_are_not_listed_until_that_is_wanted(
    tmp_path: Path,
) -> None:
    servers = {"bad": hostile("changes its prompts", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        api = McpApi(tools.servers, Topics(), None)
        prompts = await api.prompts(CALLER, McpPromptQuery())
        assert (prompts.items, prompts.waiting) == ([], ["bad"])
        assert not (tmp_path / "processes").exists(), "it was never started"
        assert (await api.prompts(CALLER, START)).waiting == []
        prompts = await api.prompts(CALLER, McpPromptQuery())
        assert [prompt.name for prompt in prompts.items] == ["prompt 2"], "one that runs is asked"
        assert prompts.waiting == []


async def test_a_changed_list_is_there_the_next_time(tmp_path: Path) -> None:
    servers = {"bad": hostile("changes its prompts", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        api = McpApi(tools.servers, Topics(), None)
        assert [prompt.name for prompt in (await api.prompts(CALLER, START)).items] == ["prompt 1"]
        assert [prompt.name for prompt in (await api.prompts(CALLER, START)).items] == ["prompt 2"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("long", "100,000 characters"), ("large", "more than 20 files"), ("sloppy", "messages")],
)
async def test_what_does_not_fit_a_message_is_refused(
    tmp_path: Path, name: str, reason: str
) -> None:
    servers = {"bad": hostile("changes its prompts", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        api = McpApi(tools.servers, Topics(), None)
        ask = api.read_resource if name == "large" else api.prompt
        with pytest.raises(ToolError, match=reason):
            await ask(CALLER, McpChoice(server="bad", name=name))


async def test_a_name_of_a_file_has_no_path(tmp_path: Path) -> None:
    servers = {"bad": hostile("changes its prompts", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        api = McpApi(tools.servers, Topics(), None)
        read = await api.read_resource(CALLER, McpChoice(server="bad", name="file:///x"))
        assert [file.name for file in read.files] == ["bad: .._.._evil"]


def test_a_template_takes_its_values_encoded() -> None:
    assert expand_template("a://{b}/{+c}", {"b": "x/ y", "c": "x/y"}) == "a://x%2F%20y/x/y"
    assert expand_template("a://b", {}) == "a://b"
    with pytest.raises(ToolError, match="Enter a value for b"):
        expand_template("a://{b}", {})
    with pytest.raises(ToolError, match="cannot be filled in"):
        expand_template("a://{?b}", {"b": "x"})


def test_the_command_line_lists_resources(tmp_path: Path) -> None:
    data = {"TIDEWIRE_DATA_DIR": str(tmp_path)}
    assert run("mcp", "add", "everything", *node("server-everything"), **data).status == 0
    listed = run("mcp", "resources", "everything", **data)
    assert listed.status == 0, listed.out
    assert f"{STATIC}  features.md  text/markdown" in listed.out
    as_json = run("mcp", "resources", "--json", "everything", **data)
    lines = [json.loads(line) for line in as_json.out.splitlines()]
    assert STATIC in [entry["uri"] for entry in lines]
    unknown = run("mcp", "resources", "other", **data)
    assert unknown.status == 1
    asyncio.run(_wait_for_exit(tmp_path))


async def _wait_for_exit(folder: Path) -> None:
    await until(lambda: processes_in(folder) == [])
