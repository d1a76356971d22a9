"""Functions of a person's files as tools: real files, real child processes."""

import asyncio
import contextlib
import errno
import os
import py_compile
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Collection
from importlib.util import cache_from_source
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shell.errors import ErrorCode, ToolError
from shell.tools.base import Arguments, Tool
from shell.tools.python import process
from shell.tools.python import source as sources
from shell.tools.python.source import PythonFile
from shell.tools.registry import READ_FILE, SHIPPED
from tests.command import ROOT
from tests.host_process import PATIENCE_S
from tests.tools.processes import arguments_of, is_running, tool_processes, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("own_processes")]

FILE = '''
import asyncio, os, subprocess, sys, time
from shell.tools import tool

@tool(reads=False, brings=False, sends=True)
def add(a: int, b: int = 2) -> int:
    """Add two numbers.

    Args:
        a: the first
    """
    return a + b

async def greet(name: str) -> str:
    print("on standard output")
    return f"Hello {name}"

def steps(n: int):
    for i in range(n):
        yield f"step {i}"
    return {"finished": True}

def any_number(*numbers: int) -> int: return 0
def untyped(x): return x
def _private(x: int) -> int: return x
def leave() -> str: sys.exit(3)
def die() -> str: os._exit(4)
def eat() -> int: return len(bytearray(10 * 1024**3))
def hang(path: str) -> str:
    open(path, "w").close()
    time.sleep(1000)
    return ""
def fork() -> str:
    """Leave a process behind that has left the group."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
    return "forked"
def start() -> str:
    return str(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]).pid)
SLEEP = [sys.executable, "-c", "import time; time.sleep(1000)"]
def run() -> int: return subprocess.run([sys.executable, "-c", ""]).returncode
def hide() -> str:
    """Leave a process behind that has left the group, and has nothing of our environment."""
    return str(subprocess.Popen(SLEEP, env={}, start_new_session=True).pid)
def hide_orphan() -> str:
    """Leave such a process behind whose parent has ended."""
    code = (f"import subprocess; print(subprocess.Popen({SLEEP!r}, env={{}}, "
        "start_new_session=True, stdout=-3, stderr=-3).pid)")
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
def hide_and_hang(path: str) -> str:
    with open(path + "-new", "w") as file: file.write(hide_orphan())
    os.rename(path + "-new", path)
    time.sleep(1000)
def environment() -> dict[str, str]: return dict(os.environ)
def shout() -> str:
    for _ in range(10_000): print("x" * 100)
    return "quiet"
def long() -> str: return "x" * 20_000_000
def wide() -> str: return "é" * 20_000_000
def zeros() -> str: return "\\0" * 20_000_000
def half() -> str: return "a\\ud83d"
def unread() -> str: return sys.stdin.read()
'''

FORGERIES = ('{"tools": [5]}', '{"tools": [{}]}', '{"tools": 5}', "{}", "[]")
FORGED = """
import os, stat
pipes = [fd for fd in range(3, 20) if os.path.exists(f"/proc/self/fd/{fd}")]
pipes = [fd for fd in pipes if stat.S_ISFIFO(os.fstat(fd).st_mode)]
for fd in pipes:
    try: os.write(fd, WORDS)
    except OSError: pass
"""


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[PythonFile]:
    path = tmp_path / "mine.py"
    path.write_text(FILE, "utf-8")
    source = PythonFile(path)
    yield source
    await source.close()
    assert tool_processes() == []


async def call(source: PythonFile, name: str, arguments: Arguments | None = None) -> str:
    tools = {tool.name: tool for tool in await source.list()}
    return await source.call(tools[name], arguments or {}, lambda line: None)


async def test_public_functions_with_types_are_tools(source: PythonFile) -> None:
    tools = {tool.name: tool for tool in await source.list()}
    add = tools["add"]
    assert add.description == "Add two numbers."
    assert add.parameters["properties"] == {
        "a": {"description": "the first", "type": "integer"},
        "b": {"default": 2, "type": "integer"},
    }
    assert (add.reads, add.brings, add.sends) == (False, False, True)
    assert (tools["greet"].reads, tools["greet"].brings, tools["greet"].sends) == (True,) * 3
    assert tools["any_number"].problem == "It takes *numbers: name every argument."
    assert tools["untyped"].problem == "x has no type: write for example 'x: str'."
    assert "_private" not in tools
    assert "tool" not in tools, "imported, not defined here"


async def test_a_default_that_json_does_not_have_is_left_out_of_the_schema(tmp_path: Path) -> None:
    text = "import math\ndef far(x: float = math.inf, y: float = math.nan) -> str: return str(x)\n"
    (tmp_path / "mine.py").write_text(text, "utf-8")
    source = PythonFile(tmp_path / "mine.py")
    (tool,) = await source.list()
    assert tool.problem is None
    assert tool.parameters["properties"] == {"x": {"type": "number"}, "y": {"type": "number"}}
    assert await call(source, "far") == "inf"
    await source.close()


async def test_a_schema_that_is_not_json_is_a_problem_of_its_tool(tmp_path: Path) -> None:
    text = """
from typing import Annotated
from pydantic import Field
def far(x: Annotated[float, Field(json_schema_extra={"example": float("nan")})]) -> str: return ""
def near(x: float) -> str: return ""
"""
    (tmp_path / "mine.py").write_text(text, "utf-8")
    source = PythonFile(tmp_path / "mine.py")
    far, near = await source.list()
    assert "such as NaN" in str(far.problem)
    assert far.parameters == {}
    assert near.problem is None
    await source.close()


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("[a-z]*.py")), ids=lambda path: path.stem)
async def test_a_shipped_file_has_a_process_only_once_it_is_called(path: Path) -> None:
    source = PythonFile(path, "builtin")
    described = await source.list()
    assert described
    assert tool_processes() == []
    with contextlib.suppress(ToolError):  # a call without arguments is enough, although it fails
        await source.call(described[0], {}, lambda line: None)
    assert len(tool_processes()) == 1
    assert await source.list() == described, "its process describes it as the host does"
    await source.close()
    assert tool_processes() == []


async def test_a_shipped_file_is_never_called_with_arguments_of_before(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    chosen = [str(folders[0])]
    for folder in folders:
        folder.mkdir()
        (folder / "name").write_text(folder.name, "utf-8")
    source = PythonFile(READ_FILE, "builtin", lambda: chosen)
    assert await call(source, "read_file", {"path": "name"}) == "first"
    chosen[:] = [str(folders[1])]
    assert await call(source, "read_file", {"path": "name"}) == "second"
    await source.close()


async def test_calls_have_results(source: PythonFile) -> None:
    assert await call(source, "add", {"a": 1}) == "3"
    assert await call(source, "greet", {"name": "you"}) == "Hello you"
    assert await call(source, "steps", {"n": 2}) == '{\n  "finished": true\n}'
    assert await call(source, "shout") == "quiet"
    assert await call(source, "unread") == ""
    assert len(await call(source, "long")) == 10_000_000
    assert await call(source, "wide") == "é" * 5_000_000, "10 MB, whatever the characters"
    assert await call(source, "zeros") == "\0" * 10_000_000
    assert await call(source, "half") == "a?"


async def test_a_generator_tells_its_progress(source: PythonFile) -> None:
    tools = {tool.name: tool for tool in await source.list()}
    lines: list[str] = []
    await source.call(tools["steps"], {"n": 2}, lines.append)
    assert lines == ["step 0", "step 1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("leave", "SystemExit: 3"), ("eat", "MemoryError"), ("die", "mine.py ended during the call")],
)
async def test_what_ends_a_function_is_a_failed_call_and_the_next_one_works(
    source: PythonFile, name: str, message: str
) -> None:
    with pytest.raises(ToolError, match=message) as raised:
        await call(source, name)
    assert raised.value.code is ErrorCode.TOOL_FAILED
    assert await call(source, "add", {"a": 1}) == "3"


@pytest.mark.parametrize("name", ["fork", "start"])
async def test_no_process_is_left_after_a_call(source: PythonFile, name: str) -> None:
    if sys.platform != "linux":
        pytest.skip("processes are found through /proc")
    await call(source, name)
    await until(
        lambda: len(tool_processes()) == 1
    )  # the file's own process waits for the next call


async def test_a_cancelled_call_ends_its_process(source: PythonFile, tmp_path: Path) -> None:
    tools = {tool.name: tool for tool in await source.list()}
    started_file = tmp_path / "began"
    arguments: Arguments = {"path": str(started_file)}
    task = asyncio.ensure_future(source.call(tools["hang"], arguments, lambda line: None))
    await until(started_file.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert tool_processes() == []


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
@pytest.mark.parametrize("name", ["hide", "hide_orphan"])
async def test_a_process_that_hides_is_ended_after_the_call(source: PythonFile, name: str) -> None:
    pid = int(await call(source, name))
    await until(lambda: not is_running(pid))
    assert len(tool_processes()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
async def test_a_process_that_hides_is_ended_with_a_cancelled_call(
    source: PythonFile, tmp_path: Path
) -> None:
    tools = {tool.name: tool for tool in await source.list()}
    pid_file = tmp_path / "told"
    arguments: Arguments = {"path": str(pid_file)}
    task = asyncio.ensure_future(source.call(tools["hide_and_hang"], arguments, lambda line: None))
    await until(pid_file.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pid = int(pid_file.read_text("utf-8"))
    await until(lambda: not is_running(pid))


async def test_a_call_that_begins_during_a_clean_up_waits_for_its_end(
    source: PythonFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = process.ToolProcess(tmp_path / "mine.py")
    await tools.start()
    scanning, released = threading.Event(), threading.Event()
    kill_process_tree = process.kill_process_tree

    def kill(mark: str, root: int | None, exclude: Collection[int] = ()) -> None:
        scanning.set()
        assert released.wait(PATIENCE_S)
        kill_process_tree(mark, root, exclude)

    monkeypatch.setattr(process, "kill_process_tree", kill)
    first = asyncio.ensure_future(tools.call("add", {"a": 1}, lambda line: None))
    await until(scanning.is_set)
    first.cancel()
    second = asyncio.ensure_future(tools.call("run", {}, lambda line: None))
    with pytest.raises(asyncio.CancelledError):
        await first
    begun = list(tools._calls)
    released.set()
    assert begun == [], "the clean-up would kill the processes of the second call"
    assert await second == "0"
    await tools.end()


async def test_secrets_of_the_environment_stay_with_the_host(
    source: PythonFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("SOME_TOKEN", "sk-canary")
    assert "sk-canary" not in await call(source, "environment")


async def test_a_changed_file_is_imported_anew_and_old_decisions_do_not_hold(
    source: PythonFile, tmp_path: Path
) -> None:
    tools = {tool.name: tool for tool in await source.list()}
    (tmp_path / "mine.py").write_text("def add(a: int) -> int:\n    return a\n", "utf-8")
    with pytest.raises(ToolError, match="has changed since this call was decided"):
        await source.call(tools["add"], {"a": 1}, lambda line: None)
    (now,) = await source.list()
    assert now.definition != tools["add"].definition
    assert await source.call(now, {"a": 1}, lambda line: None) == "1"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has none of these")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link"])
async def test_what_is_no_file_is_listed_and_never_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd.py"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "device" else tmp_path / "nothing")
    source = PythonFile(path)
    (tool,) = await source.list()
    assert tool.problem == "odd.py is no file that can be read."
    assert tool_processes() == []
    await source.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("place", ["file", "folder"])
async def test_a_file_that_everybody_can_change_is_not_imported(tmp_path: Path, place: str) -> None:
    path = tmp_path / "tools" / "mine.py"
    path.parent.mkdir()
    path.write_text("from pathlib import Path\nPath('ran').touch()", "utf-8")
    changed = path if place == "file" else path.parent
    changed.chmod(changed.stat().st_mode | 0o002)
    source = PythonFile(path)
    (tool,) = await source.list()
    assert "Other users can change mine.py" in str(tool.problem)
    assert not (path.parent / "ran").exists()
    changed.chmod(changed.stat().st_mode & ~0o002)
    assert (await source.list()) == []
    assert (path.parent / "ran").exists()
    await source.close()


async def test_bytecode_beside_a_file_is_not_run_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text('def who() -> str: return "another"', "utf-8")
    py_compile.compile(str(path), cfile=cache_from_source(str(path)))
    before = path.stat()
    path.write_text('def who() -> str: return "the one"', "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    source = PythonFile(path)
    assert await call(source, "who") == "the one"
    await source.close()


async def test_a_file_that_changes_while_it_is_imported_is_not_taken_for_the_old_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.py"
    old, new = (f"def who() -> str: return {name!r}" for name in ("old", "new"))
    path.write_text(old, "utf-8")
    source = PythonFile(path)
    (decided,) = await source.list()
    await source.close()
    calls = 0

    def change() -> list[str]:
        # The first call is for the hash, and the second for the process.
        nonlocal calls
        calls += 1
        if calls == 2:
            path.write_text(new, "utf-8")
        return []

    source = PythonFile(path, "python", change)
    with pytest.raises(ToolError) as raised:
        await source.call(decided, {}, lambda _: None)
    assert raised.value.code is ErrorCode.TOOL_UNKNOWN
    (now,) = await source.list()
    assert now.identity != decided.identity
    assert await call(source, "who") == "new"
    await source.close()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
@pytest.mark.parametrize("step", ["clean-up", "second hash"])
async def test_a_list_that_is_cancelled_after_the_import_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    (tmp_path / "mine.py").write_text(FILE, "utf-8")
    loop = asyncio.get_running_loop()
    cancelled = threading.Event()

    def cancel() -> None:
        loop.call_soon_threadsafe(task.cancel)
        loop.call_soon_threadsafe(cancelled.set)
        assert cancelled.wait(PATIENCE_S)

    def kill_leftovers(tool_process: process.ToolProcess) -> None:
        if step == "clean-up":
            cancel()
        original(tool_process)

    calls = 0

    def arguments() -> list[str]:
        # The hash of the list, then the hash and the arguments of the process, then its hash again.
        nonlocal calls
        calls += 1
        if step == "second hash" and calls == 4:
            cancel()
        return []

    original = process.ToolProcess._kill_leftovers
    monkeypatch.setattr(process.ToolProcess, "_kill_leftovers", kill_leftovers)
    source = PythonFile(tmp_path / "mine.py", "python", arguments)
    task = asyncio.ensure_future(source.list())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert tool_processes() == []
    await source.close()


async def test_a_start_that_is_cancelled_twice_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(FILE, "utf-8")
    has_begun, may_start = asyncio.Event(), asyncio.Event()
    created: list[asyncio.subprocess.Process] = []

    async def create(*command: str, **options: Any) -> asyncio.subprocess.Process:
        has_begun.set()
        await may_start.wait()
        created.append(await create_subprocess_exec(*command, **options))
        return created[0]

    create_subprocess_exec = asyncio.create_subprocess_exec
    monkeypatch.setattr(asyncio, "create_subprocess_exec", create)
    task = asyncio.ensure_future(PythonFile(tmp_path / "mine.py").list())
    await has_begun.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.wait({task}, timeout=0)
    may_start.set()
    await until(lambda: len(created) == 1)
    assert await asyncio.wait_for(created[0].wait(), PATIENCE_S) == -signal.SIGKILL
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:", "SyntaxError"),
        ("raise RuntimeError('no')", "RuntimeError: no"),
        ("import sys; sys.exit()", "SystemExit"),
        ("import os; os._exit(1)", "cannot be imported"),
        *[
            (f"WORDS = b'{words}\\n'\n{FORGED}", "wrote something that is no list")
            for words in FORGERIES
        ],
        ("print('hello'); import nothing_like_it", "No module named 'nothing_like_it'"),
    ],
)
async def test_a_file_that_cannot_be_imported_is_listed_with_the_reason(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text, "utf-8")
    source = PythonFile(path)
    (tool,) = await source.list()
    assert tool.name == "broken"
    assert message in str(tool.problem)
    await source.close()
    assert tool_processes() == []


async def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("processes are found through /proc")
    (tmp_path / "mine.py").write_text(FILE, "utf-8")
    started_file = tmp_path / "began"
    script = f"""
import asyncio, os
from pathlib import Path
from shell.tools.python.source import PythonFile
async def main():
    source = PythonFile(Path({str(tmp_path / "mine.py")!r}))
    tools = {{t.name: t for t in await source.list()}}
    await source.call(tools["hang"], {{"path": {str(started_file)!r}}}, print)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=Path(__file__).parents[2]
    )
    await until(started_file.exists)
    parent.kill()
    await parent.wait()
    await until(lambda: tool_processes() == [])


def test_names_for_providers_are_short_plain_and_different() -> None:
    plain = Tool("add", "mine.py", "python")
    assert plain.wire_name == "mine__add"
    strange = [Tool("add", "mein ä.py", "python"), Tool("add", "mein ö.py", "python")]
    long = [Tool("x" * 100 + end, "mine.py", "python") for end in "ab"]
    names = [tool.wire_name for tool in [*strange, *long]]
    assert len(set(names)) == 4
    assert all(len(name) <= 64 and name.isascii() for name in names)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a program is a shell script")
async def test_a_built_program_is_its_own_tools_process(
    source: PythonFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tidewire"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m shell "$@"\n')
    program.chmod(0o700)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    assert await call(source, "add", {"a": 1}) == "3"
    if sys.platform == "linux":
        (child,) = tool_processes()
        line = arguments_of(child)
        assert line[-4:-1] == ["shell", "--tool-child", str(tmp_path / "mine.py")]


@pytest.mark.parametrize("text", ["import time; time.sleep(1000)", "while True: pass"])
async def test_a_file_that_hangs_while_it_is_imported_is_listed_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(process, "START_S", 3.0)
    (tmp_path / "mine.py").write_text(text, "utf-8")
    source = PythonFile(tmp_path / "mine.py")
    (tool,) = await source.list()
    assert tool.problem == "mine.py takes longer than 3 s to be imported."
    assert tool_processes() == []


async def test_a_file_whose_process_cannot_be_started_is_listed_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(FILE, "utf-8")
    source = PythonFile(tmp_path / "mine.py")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    (tool,) = await source.list()
    assert tool.problem == f"mine.py cannot be started ({os.strerror(errno.ENOENT)})."
    monkeypatch.undo()
    assert await call(source, "add", {"a": 1}) == "3"
    await source.close()


async def test_megabytes_of_output_while_a_file_is_imported_stop_nothing(tmp_path: Path) -> None:
    text = "import sys\nfor _ in range(50):\n    print('x' * 100_000)\n"
    text += "    print('{}', file=sys.stderr)\ndef f() -> str: return 'done'\n"
    (tmp_path / "mine.py").write_text(text, "utf-8")
    source = PythonFile(tmp_path / "mine.py")
    assert await call(source, "f") == "done"
    (tmp_path / "mine.py").write_text(f"{text}\nraise ValueError('no')", "utf-8")
    (tool,) = await source.list()
    assert tool.problem == "mine.py cannot be imported: ValueError: no (mine.py, line 7)"
    await source.close()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.fork()\nos.fork()\n",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\n",
        "import os\nif os.fork() == 0:\n    raise ValueError\n",
        "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)\n",
    ],
    ids=["twice", "a daemon", "one fails", "a program"],
)
async def test_a_file_that_forks_while_it_is_imported_leaves_nothing(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "mine.py").write_text(f"{text}def f() -> str: return 'done'\n", "utf-8")
    source = PythonFile(tmp_path / "mine.py")
    (tool,) = await source.list()
    assert tool.problem is None
    await until(lambda: len(tool_processes()) == 1)
    assert await source.call(tool, {}, lambda line: None) == "done"
    await source.close()
    assert tool_processes() == []


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
def test_a_process_that_starts_while_the_others_are_listed_is_killed_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        environment = {**os.environ, process.MARK: "mark-of-a-test"}
        started.append(subprocess.Popen(["sleep", "1000"], env=environment))

    def list_and_start(mark: str, root: int | None) -> set[int]:
        found = processes_of(mark, root)
        if len(started) < 2:
            start()
        return found

    processes_of = process._processes_of
    monkeypatch.setattr(process, "_processes_of", list_and_start)
    start()
    process.kill_process_tree("mark-of-a-test", None)
    assert [each.wait(PATIENCE_S) for each in started] == [-signal.SIGKILL] * 2


async def test_a_file_that_is_too_large_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 1_000_000)
    (tmp_path / "mine.py").write_text(f"open('imported', 'w')\n#{'x' * 1_000_000}", "utf-8")
    (tool,) = await PythonFile(tmp_path / "mine.py").list()
    assert tool.problem == "mine.py is larger than 1 MB."
    assert os.listdir(tmp_path) == ["mine.py"]  # noqa: PTH208, an async test must not block


@pytest.mark.parametrize("page", ["README.md", "docs/tools.md"])
async def test_the_examples_of_the_documents_work(tmp_path: Path, page: str) -> None:
    def examples() -> list[str]:
        text = (ROOT / page).read_text("utf-8")
        blocks = re.findall(r"(?ms)^( *)```python\n(.*?)^\1```", text)
        return [textwrap.dedent(code) for _, code in blocks if "@tool" in code]

    code_blocks = await asyncio.to_thread(examples)
    assert code_blocks
    for number, code in enumerate(code_blocks):
        path = tmp_path / f"example{number}.py"
        await asyncio.to_thread(path.write_text, code, "utf-8")
        source = PythonFile(path)
        tools = await source.list()
        assert [tool.problem for tool in tools] == [None]
        assert all(tool.description for tool in tools)
        await source.close()


async def test_a_process_that_has_the_number_of_an_ended_one_is_left_alone(tmp_path: Path) -> None:
    tools = process.ToolProcess(tmp_path / "box.py")
    bystander = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    assert bystander.stdin is not None
    ended = SimpleNamespace(pid=bystander.pid, returncode=0, stdin=None)
    tools._process = cast("asyncio.subprocess.Process", ended)
    await tools.end()
    tools._kill_leftovers()
    bystander.stdin.write(b"\n")
    assert await bystander.wait() == 0
