"""MCP servers as sources of tools: real processes, real servers, and hostile ones."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from shell.app.host import Host
from shell.errors import ErrorCode, NotFound, ToolError
from shell.tools.mcp import owner as owners
from shell.tools.mcp import servers as all_servers
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.mcp.servers import NoConsent
from shell.tools.media import ToolOutput
from shell.tools.registry import Tools
from tests.command import ROOT
from tests.store.test_namespace import Page
from tests.tools.mcp_restarts import restarts
from tests.tools.mcp_servers import (
    environment_of,
    hostile,
    ignore,
    listening,
    node,
    other_tasks,
    processes_in,
    python,
    started,
    with_servers,
)
from tests.tools.processes import arguments_of, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc"),
]


async def call(tools: Tools, name: str, arguments: dict[str, object] | None = None) -> str:
    async with asyncio.timeout(60):
        return await tools.call(name, json.loads(json.dumps(arguments or {})), ignore)


async def failure(tools: Tools, name: str = "go") -> str:
    with pytest.raises(ToolError) as raised:
        await call(tools, name)
    assert raised.value.code is ErrorCode.TOOL_FAILED
    return raised.value.message


PLACEHOLDER = "(here)"
REAL = {
    "everything": (node("server-everything"), "get-sum", {"a": 1, "b": 2}, "The sum of 1 and 2"),
    "filesystem": (
        [*node("server-filesystem"), PLACEHOLDER],
        "list_directory",
        {"path": PLACEHOLDER},
        "[FILE]",
    ),
    "memory": (node("server-memory"), "read_graph", {}, '"entities"'),
    "thinking": (
        node("server-sequential-thinking"),
        "sequentialthinking",
        {"thought": "so", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1},
        '"thoughtNumber": 1',
    ),
    "time": (python("mcp-server-time"), "get_current_time", {"timezone": "UTC"}, '"timezone"'),
    "git": (
        python("mcp-server-git"),
        "git_log",
        {"repo_path": PLACEHOLDER, "max_count": 1},
        "The first",
    ),
    "fetch": (
        [*python("mcp-server-fetch"), "--allow-private-ips", "--ignore-robots-txt"],
        "fetch",
        {"url": PLACEHOLDER},
        "The tide is high",
    ),
}
"""Command, tool, arguments, and a part of the result, by server."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with a file and a commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "tide.txt").write_text("high")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "The first"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


@pytest.fixture
async def page() -> AsyncIterator[str]:
    """The address of a web page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<html><body><p>The tide is high</p></body></html>"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/"


@pytest.mark.parametrize("name", REAL)
async def test_a_real_server_lists_its_tools_and_answers_a_call_that_was_approved(
    tmp_path: Path, repository: Path, page: str, name: str
) -> None:
    argv, tool, arguments, expected = REAL[name]
    filled = [str(repository) if each == PLACEHOLDER else each for each in argv]
    replacement = page if name == "fetch" else str(repository)
    arguments_json = json.dumps(arguments).replace(PLACEHOLDER, replacement)
    wire_name = f"{name}__{tool}"
    async with with_servers(tmp_path / "data", {name: filled}) as tools:
        assert wire_name in [each.tool.wire_name for each in await tools.all()]
    state, text = await approved(tmp_path / "data", wire_name, arguments_json)
    assert state == "done"
    assert expected in text
    await until(lambda: processes_in(tmp_path) == [])


async def test_a_picture_of_a_real_server_comes_with_the_text_that_names_it(tmp_path: Path) -> None:
    async with with_servers(tmp_path / "data", {"everything": node("server-everything")}) as tools:
        tool = await tools.find("everything__get-tiny-image")
        output = await tool.call({}, ignore)
        assert isinstance(output, ToolOutput)
        (picture,) = output.media
        assert picture.data.startswith(b"\x89PNG")
        assert f"[image: image/png, {len(picture.data):,} bytes]" in output.text


async def approved(data: Path, tool: str, arguments: str) -> tuple[object, str]:
    """Have a model call a tool, and allow it once. Returns the call's final state and text."""
    host = Host(data, os.environ, "echo", None, lambda: False)
    page = Page(host.door, "window-1")
    script = f"/call {tool} {arguments}\n/then\nso be it"
    request = {
        "inferenceId": "inf-1",
        "providerId": "echo",
        "modelId": "echo",
        "messages": [{"role": "user", "content": script}],
        "tools": [tool],
    }
    await page.call("llm.inference", request)
    approval = await page.event("llm:approval")
    assert not [event for event in page.events if event["channel"] == "llm:result"]
    decision = {key: approval[key] for key in ("inferenceId", "callId", "nonce")}
    assert await page.call("llm.decide", {**decision, "verdict": "allow", "scope": "once"})
    await page.done("inf-1")
    result = await page.event("llm:result")
    await host.end_runs()
    await host.close()
    return result["state"], str(result["text"])


@pytest.mark.parametrize(("mode", "kind"), [("streamableHttp", None), ("sse", "sse")])
async def test_a_server_at_an_address_answers_a_call(
    tmp_path: Path, mode: str, kind: Literal["sse"] | None
) -> None:
    tools = Tools(tmp_path)
    async with listening(mode) as url:
        await tools.servers.add("there", ServerSpec(url=url, type=kind))
        await tools.servers.agree("there", tools.servers.spec("there").identity)
        await tools.servers.enable("there", True)
        assert await call(tools, "echo", {"message": "hello"}) == "Echo: hello"
        lines: list[str] = []
        arguments = {"duration": 0.2, "steps": 2}
        slow = "trigger-long-running-operation"
        assert "completed" in await tools.call(slow, {**arguments}, lines.append)
        assert lines == ["1 of 2", "2 of 2"]
    with pytest.raises(ToolError):
        await call(tools, "echo", {"message": "hello"})
    await tools.close()
    assert not {name for name in other_tasks() if "there" in name}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("writes 100 MB", "It writes something that is no message."),
        ("writes 100 MB of messages", "It writes more than anybody asked for."),
        ("writes a line of 10 MB", "It wrote a line longer than 4 MB."),
        ("answers with 10 MB", "It wrote a line longer than 4 MB."),
        ("writes garbage", "It writes something that is no message."),
        ("closes", "It has ended with the status 7. It said: no more"),
        ("closes its output", "It has ended"),
        ("answers sloppily", "content.0"),
        ("answers with an error", "bad: It is Monday."),
        ("reports an error", "The server reports an error: It is Monday."),
    ],
)
async def test_what_a_hostile_server_does_is_a_failed_call_and_the_next_one_works(
    tmp_path: Path, wrong: str, reason: str
) -> None:
    async with with_servers(tmp_path / "data", {"bad": hostile(wrong, tmp_path)}) as tools:
        assert reason in await failure(tools)
        assert await call(tools, "fine") == "fine"
    assert processes_in(tmp_path) == []


async def test_a_tool_whose_schema_is_not_json_is_not_offered(tmp_path: Path) -> None:
    servers = {"bad": hostile("describes arguments with NaN", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        found = {each.tool.name: each.tool for each in await tools.all()}
        assert "such as NaN" in str(found["go"].problem)
        assert found["go"].parameters == {}
        assert await call(tools, "fine") == "fine"
    state, _ = await approved(tmp_path / "data", "bad__fine", "{}")
    assert state == "done"


async def test_no_regular_expression_of_a_server_is_run_for_a_result(tmp_path: Path) -> None:
    """With each further `a` it would take twice as long, and block the host."""
    servers = {"bad": hostile("describes results by a slow pattern", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        assert await call(tools, "go") == "gone"


async def test_a_server_that_never_answers_is_cancelled_and_goes_on(tmp_path: Path) -> None:
    async with with_servers(
        tmp_path / "data", {"bad": hostile("never answers", tmp_path)}
    ) as tools:
        assert await call(tools, "fine") == "fine"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call(tools, "go"), 0.5)
        await until((tmp_path / "cancelled").exists)
        assert await call(tools, "fine") == "fine"
        assert len(started(tmp_path)) == 1, "the same process"
        (tmp_path / "called").unlink()
        ending = asyncio.ensure_future(failure(tools))
        await until((tmp_path / "called").exists)
        await tools.servers.enable("bad", False)
        assert "connection has ended" in await ending


async def test_a_call_that_comes_late_does_not_start_a_server_that_was_switched_off(
    tmp_path: Path,
) -> None:
    async with with_servers(
        tmp_path / "data", {"bad": hostile("never answers", tmp_path)}
    ) as tools:
        assert await call(tools, "fine") == "fine"
        tool = await tools.find("fine")
        await tools.servers.enable("bad", False)
        with pytest.raises(ToolError, match="bad was stopped"):
            await tool.call({}, ignore)
        assert processes_in(tmp_path) == []


async def test_a_server_that_never_says_hello_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_servers, "START_S", 1.0)
    bad = hostile("never says hello", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad}) as tools:
        (listed,) = [each.tool for each in await tools.all() if each.tool.kind == "mcp"]
        assert listed.problem == "bad does not answer within 1 s."
        assert processes_in(tmp_path) == []
        (summary,) = tools.servers.summaries()
        assert (summary.state, summary.error) == ("failed", listed.problem)


async def test_a_call_waits_for_a_server_that_takes_longer_than_a_list_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shell.tools.mcp.source.LIST_S", 0.0)
    async with with_servers(tmp_path / "data", {"bad": hostile("nothing", tmp_path)}) as tools:
        assert await call(tools, "fine") == "fine"
        with pytest.raises(NotFound):
            await call(tools, "another")


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    bad = hostile("does not start", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad, "none": ["uvx-is-not-here"]}) as tools:
        problems = {each.tool.source: each.tool.problem for each in await tools.all()}
        assert "It said: There is no database." in str(problems["bad"])
        assert "uvx-is-not-here is not found. Install it" in str(problems["none"])


async def test_a_program_is_found_where_the_login_shell_finds_it(tmp_path: Path) -> None:
    folder = tmp_path / "version manager"
    folder.mkdir()
    program = folder / "my-server"
    program.write_text(f"#!/bin/sh\nexec {' '.join(hostile('nothing', tmp_path))}\n")
    program.chmod(0o700)
    (tmp_path / ".profile").write_text(f'PATH="{folder}:$PATH"\necho "welcome"\n')
    (tmp_path / ".bash_profile").write_text(f'PATH="{folder}:$PATH"\necho "welcome"\n')
    environ = {"HOME": str(tmp_path), "SHELL": "/bin/bash", "PATH": "/usr/bin:/bin"}
    async with with_servers(tmp_path / "data", {"mine": ["my-server"]}, environ) as tools:
        assert await call(tools, "fine") == "fine"


async def test_a_server_gets_the_allowed_and_the_chosen_variables_alone(tmp_path: Path) -> None:
    environ = {**os.environ, "SECRET_KEY": "s3cret", "HARMLESS": "x", "MY_TOKEN": "t0ken-value"}
    async with with_servers(tmp_path / "data", {}, environ) as tools:
        argv = hostile("nothing", tmp_path)
        spec = ServerSpec(command=argv[0], args=argv[1:], env={"CHOSEN": "${MY_TOKEN}"})
        await tools.servers.add("mine", spec)
        await tools.servers.agree("mine", tools.servers.spec("mine").identity)
        await tools.servers.enable("mine", True)
        variables = environment_of(await call(tools, "environment"))
    allowed = re.compile(r"HOME|LOGNAME|USER|SHELL|TERM|LANG|LC_\w+|TZ|TMPDIR|PATH")
    extra = {name for name in variables if not allowed.fullmatch(name)}
    assert extra == {"CHOSEN"}
    assert variables["CHOSEN"] == "t0ken-value"


async def test_progress_of_a_server_is_told(tmp_path: Path) -> None:
    bad = hostile("tells its progress", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad}) as tools:
        lines: list[str] = []
        assert await tools.call("go", {}, lines.append) == "done"
        assert lines == ["half (1 of 2)"]


async def test_a_key_of_a_server_is_in_no_error_and_no_progress(tmp_path: Path) -> None:
    environ = {**os.environ, "MY_TOKEN": "sk-canary-0123456789"}
    async with with_servers(tmp_path / "data", {}, environ) as tools:
        argv = hostile("tells its key", tmp_path)
        spec = ServerSpec(command=argv[0], args=argv[1:], env={"CHOSEN": "${MY_TOKEN}"})
        await tools.servers.add("bad", spec)
        await tools.servers.agree("bad", tools.servers.spec("bad").identity)
        await tools.servers.enable("bad", True)
        lines: list[str] = []
        with pytest.raises(ToolError, match="It does not take") as raised:
            await tools.call("go", {}, lines.append)
    assert len(lines) == 1
    assert "canary" not in f"{raised.value.message} {lines}"


async def test_what_a_server_prints_before_it_speaks_does_not_matter(tmp_path: Path) -> None:
    bad = hostile("prints a greeting", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad}) as tools:
        assert await call(tools, "fine") == "fine"


async def test_a_tool_that_changes_is_another_tool(tmp_path: Path) -> None:
    bad = hostile("changes its tools", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad}) as tools:
        before = await tools.find("go")
        tools.choices.add(before.tool, "allow", {})
        assert await before.call({}, ignore) == "changed"

        def more() -> bool:
            return any(each.name == "more" for each in tools.servers.sources()[0].known_tools())

        await until(more)
        with pytest.raises(ToolError, match="has changed go") as raised:
            await before.call({}, ignore)
        assert raised.value.code is ErrorCode.TOOL_UNKNOWN
        (grant,) = await tools.grants()
        assert grant.suspended
        changes = [line for line in str(grant.difference).splitlines() if line[0] in "-+"]
        assert changes == ['-  "Go"', '+  "Go away"'], "what has changed is shown"


async def test_both_eras_of_the_protocol_are_spoken(tmp_path: Path) -> None:
    modern = [sys.executable, str(ROOT / "tests" / "tools" / "modern_server.py")]
    servers = {"modern": modern, "legacy": hostile("nothing", tmp_path)}
    async with with_servers(tmp_path / "data", servers) as tools:
        await tools.all()
        sources = {each.name: each for each in tools.servers.sources()}
        versions = {
            name: source.owner.connection.client.protocol_version
            for name, source in sources.items()
            if source.owner.connection is not None
        }
        assert versions == {"modern": "2026-07-28", "legacy": "2025-11-25"}
        assert await call(tools, "modern__go") == "changed"
        await until(lambda: "more" in [each.name for each in sources["modern"].known_tools()])
        assert await call(tools, "more") == "more"


async def test_tools_are_known_without_starting_a_server_again(tmp_path: Path) -> None:
    good = hostile("nothing", tmp_path)
    async with with_servers(tmp_path / "data", {"mine": good}) as tools:
        before = [each.tool for each in await tools.all()]
    tools = Tools(tmp_path / "data")
    assert [each.tool for each in await tools.all()] == before
    assert len(started(tmp_path)) == 1
    assert await call(tools, "fine") == "fine"
    assert len(started(tmp_path)) == 2
    await tools.close()


async def test_no_hint_of_a_server_takes_a_flag_from_a_tool(tmp_path: Path) -> None:
    good = hostile("nothing", tmp_path)
    async with with_servers(tmp_path / "data", {"mine": good}) as tools:
        for name in ("go", "fine"):
            tool = (await tools.find(name)).tool
            assert (tool.reads, tool.brings, tool.sends) == (True, True, True), name


async def test_a_server_cannot_take_the_name_of_another_tool(tmp_path: Path) -> None:
    files = tmp_path / "data" / "tools"
    files.mkdir(parents=True)
    (files / "mine.py").write_text("def fine() -> str: return 'from the file'", "utf-8")
    good = hostile("nothing", tmp_path)
    async with with_servers(tmp_path / "data", {"mine": good, "other": good}) as tools:
        offer = await tools.offer("all", tools.permissions(["mine__*"]))
        assert offer.find("mine__fine").tool.kind == "python"
        assert offer.find("mine__go").tool.kind == "mcp"
        assert (await tools.find("mine__fine")).tool.kind == "python"
        assert await call(tools, "mine__fine") == "from the file"
        (hidden,) = [summary for summary in await tools.summaries() if summary.problem]
        assert (hidden.source, hidden.name, hidden.enabled) == ("mine", "fine", False)
        assert (
            hidden.problem == "Another tool has the name mine__fine. Give the server another one."
        )


async def test_nothing_runs_before_a_person_has_agreed(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    argv = hostile("nothing", tmp_path)
    await tools.servers.add("mine", ServerSpec(command=argv[0], args=argv[1:]))
    for attempt in (tools.servers.enable("mine", True), tools.servers.test("mine")):
        with pytest.raises(NoConsent):
            await attempt
    tools.choices.set_server("mine", enabled=True)
    assert [each.tool for each in await tools.all() if each.tool.kind == "mcp"] == []
    assert tools.servers.summary("mine").state == "consent"
    await tools.servers.agree("mine", tools.servers.spec("mine").identity)
    assert await call(tools, "fine") == "fine"
    content = json.loads((tmp_path / "mcp.json").read_bytes())
    content["mcpServers"]["mine"]["args"].append("another")
    (tmp_path / "mcp.json").write_text(json.dumps(content))
    assert [each.tool for each in await tools.all() if each.tool.kind == "mcp"] == []
    assert tools.servers.summary("mine").state == "consent", "the command is another one"
    await tools.close()
    assert len(started(tmp_path)) == 1


async def test_a_server_that_is_killed_starts_again_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "BACKOFF_S", (0.01,) * 3)

    def has_started(times: int) -> bool:
        return len(started(tmp_path)) == times

    async with with_servers(tmp_path / "data", {"mine": hostile("nothing", tmp_path)}) as tools:
        for times in range(1, 4):
            assert await call(tools, "fine") == "fine"
            os.kill(started(tmp_path)[-1], signal.SIGKILL)
            await until(partial(has_started, times + 1))
        await until(lambda: tools.servers.summary("mine").state == "ready")
        os.kill(started(tmp_path)[-1], signal.SIGKILL)
        await until(lambda: tools.servers.summary("mine").state == "failed")
        assert "SIGKILL" in str(tools.servers.summary("mine").error)
        assert await call(tools, "fine") == "fine", "the next use tries again"


async def test_everything_that_a_server_has_started_ends_with_it(tmp_path: Path) -> None:
    bad = hostile("leaves processes", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad}) as tools:
        assert await call(tools, "fine") == "fine"
        assert len(started(tmp_path)) == 3
        assert len(processes_in(tmp_path)) == 4
    assert processes_in(tmp_path) == []


async def test_a_built_program_is_its_own_guard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tidewire"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -P -m shell "$@"\n')
    program.chmod(0o700)
    argv = hostile("leaves processes", tmp_path)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    async with with_servers(tmp_path / "data", {"mine": argv}) as tools:
        (server,) = tools.servers.sources()
        await server.owner.use()
        lines = [arguments_of(process) for process in processes_in(tmp_path)]
        assert sum("--server-guard" in line for line in lines) == 1
    assert processes_in(tmp_path) == []


async def test_everything_ends_when_the_host_is_killed(tmp_path: Path) -> None:
    script = f"""
import asyncio
from pathlib import Path
from tests.tools.mcp_servers import hostile, with_servers
async def main():
    folder = Path({str(tmp_path)!r})
    bad = hostile("leaves processes", folder)
    async with with_servers(folder / "data", {{"bad": bad}}) as tools:
        print(await tools.call("fine", {{}}, print), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    host = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert host.stdout is not None
    assert await host.stdout.readline() == b"fine\n"
    assert len(processes_in(tmp_path)) == 4
    host.kill()
    await host.wait()
    await until(lambda: processes_in(tmp_path) == [])


async def test_a_start_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    bad = hostile("never says hello", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad}) as tools:
        using = asyncio.ensure_future(tools.servers.test("bad"))
        await until((tmp_path / "processes").exists)
        await tools.servers.close()
        assert (await using).error is None
    assert processes_in(tmp_path) == []


async def test_a_use_whose_server_is_stopped_before_its_first_step_fails(tmp_path: Path) -> None:
    bad = hostile("never says hello", tmp_path)
    async with with_servers(tmp_path / "data", {"bad": bad}) as tools:
        (server,) = tools.servers.sources()
        using = asyncio.ensure_future(server.owner.use())
        await asyncio.ensure_future(server.owner.stop())  # begins right after `use`
        with pytest.raises(ToolError, match="bad was stopped"):
            await asyncio.wait_for(using, 60)
    assert not (tmp_path / "processes").exists()


def test_a_host_without_servers_does_not_load_the_sdk(tmp_path: Path) -> None:
    script = f"""
import asyncio, os, sys
from pathlib import Path
from shell.app.host import Host
from tests.store.test_namespace import Page
async def main():
    host = Host(Path({str(tmp_path)!r}), os.environ, "echo", None, lambda: False)
    page = Page(host.door, "window-1")
    for method in ("tools.list", "mcp.list", "mcp.prompts", "mcp.resources"):
        await page.call(method, {{}} if method == "mcp.prompts" else None)
    await host.end_runs()
    await host.close()
asyncio.run(main())
print(sorted({{"mcp", "mcp_types", "httpx2", "keyring", "sse_starlette"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("mcp")]


def test_restarts_and_kills_leave_no_process_no_task_and_no_handle() -> None:
    result = restarts(starts=5, server_kills=3, host_kills=2)
    assert result.ok, result.figures
