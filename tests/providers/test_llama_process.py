"""LlamaProcess with a stand-in for llama.cpp: starts, ends, crashes, and secrets."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shell.errors import ErrorCode, ProviderError
from shell.providers.local.process import IDLE_S, LlamaProcess, llama_command
from tests.host_process import PATIENCE_S

pytestmark = pytest.mark.anyio

GOOD = """
import json, os, sys
plan = json.loads(sys.stdin.readline())
print(json.dumps({"url": json.dumps({"argv": sys.argv, "env": dict(os.environ), **plan})}))
sys.stdout.flush()
sys.stdin.read()
"""
TALKS = 'import sys; sys.stderr.write("x" * 200_000 + "\\n0.1 E load: no such tensor\\n");'


def child(script: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-c", script]


@asynccontextmanager
async def process(script: str, idle_s: float = IDLE_S) -> AsyncGenerator[LlamaProcess, None]:
    llama = LlamaProcess(Path("/models/a.gguf"), "a", 512, command=child(script), idle_s=idle_s)
    try:
        yield llama
    finally:
        await llama.end()


async def test_one_start_for_everybody_who_waits() -> None:
    async def process_id(llama: LlamaProcess) -> int:
        async with llama.use() as running:
            return running.process.pid

    async with process(GOOD) as llama:
        before = llama.ready
        pids = await asyncio.gather(*(process_id(llama) for _ in range(5)))
        during = llama.ready
        assert await process_id(llama) == pids[0]
    assert len(set(pids)) == 1
    assert (before, during, llama.ready) == (False, True, False)


async def test_the_key_reaches_the_child_and_no_process_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets = ["OPENAI_API_KEY", "GITHUB_TOKEN", "Db_Password"]
    for name in secrets:
        monkeypatch.setenv(name, "sk-not-for-the-child")
    async with process(GOOD) as llama, llama.use() as running:
        received = json.loads(running.url)
    assert received["key"] == running.key
    assert len(running.key) >= 32
    assert running.key not in "".join(
        [*received["argv"], *received["env"], *received["env"].values()]
    )
    assert not set(secrets) & set(received["env"])
    assert (received["model"], received["context_tokens"]) == ("/models/a.gguf", 512)
    assert "gguf" not in "".join(llama_command())


@pytest.mark.parametrize(
    ("command", "error", "words"),
    [
        (lambda: ["/nowhere/llama"], ProviderError, "cannot be started"),
        (child("print('nonsense')"), ValueError, "Expecting value"),
    ],
    ids=["no program", "nonsense"],
)
async def test_a_start_that_failed_does_not_fail_the_end(
    command: Callable[[], list[str]], error: type[Exception], words: str
) -> None:
    llama = LlamaProcess(Path("/models/a.gguf"), "a", 512, command=command)
    with pytest.raises(error, match=words):
        async with llama.use():
            raise AssertionError("it has started")
    await llama.end()


async def test_every_child_has_a_key_of_its_own() -> None:
    async with (
        process(GOOD) as first,
        process(GOOD) as second,
        first.use() as first_child,
        second.use() as second_child,
    ):
        assert first_child.key != second_child.key


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("raise SystemExit(3)", r"did not start \(exit status 3\)"),
        (TALKS + "sys.exit(1)", r"exit status 1\)\. It said: load: no such tensor"),
        ("import os; os.kill(os.getpid(), 9)", r"did not start \(signal SIGKILL\)"),
    ],
)
async def test_a_child_that_does_not_start(script: str, words: str) -> None:
    async with process(script) as llama:
        for _ in range(2):  # and the next question tries again
            with pytest.raises(ProviderError, match=words) as raised:
                async with llama.use():
                    pass
            assert raised.value.code is ErrorCode.LOCAL_MODEL_CRASHED


async def test_a_talkative_child_is_not_held_up() -> None:
    async with process(TALKS + GOOD) as llama, llama.use() as running:
        assert running.process.returncode is None


async def test_a_crash_is_seen_soon_and_the_next_use_starts_anew() -> None:
    async with process(GOOD) as llama:
        async with llama.use() as running:
            assert await llama.crash_error(running, 0.01) is None
            start = time.monotonic()
            os.kill(running.process.pid, signal.SIGKILL)
            crash = await llama.crash_error(running)
            assert time.monotonic() - start < PATIENCE_S
            assert crash is not None
            assert crash.code is ErrorCode.LOCAL_MODEL_CRASHED
            assert "SIGKILL" in crash.message
        async with llama.use() as restarted:
            assert restarted.process.pid != running.process.pid


ANSWERS = """
import json, socket, sys
listening = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"url": "http://127.0.0.1:%d" % listening.getsockname()[1]}), flush=True)
while True:
    with listening.accept()[0] as connection:
        connection.recv(4_096)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n[]")
"""
HANGS = ANSWERS.replace("while True:", "sys.stdin.readline(); sys.stdin.read()\nif False:")


@pytest.mark.parametrize(("script", "is_replaced"), [(HANGS, True), (ANSWERS, False)])
async def test_a_child_that_does_not_answer_is_replaced_and_no_other(
    script: str, is_replaced: bool
) -> None:
    llama = LlamaProcess(Path("a.gguf"), "a", 512, command=child(script), hung_s=3)
    try:
        async with llama.use() as first:
            llama.end_if_hung(first)
        async with llama.use() as second:
            assert (second.process.pid != first.process.pid) is is_replaced
            assert (first.process.returncode is not None) is is_replaced
    finally:
        await llama.end()


async def test_a_check_under_way_does_not_outlive_its_process() -> None:
    async with process(HANGS) as llama, llama.use() as running:
        llama.end_if_hung(running)
        check = llama._check_task
        assert check is not None
        await llama.end()
        await asyncio.wait_for(asyncio.wait({check}), PATIENCE_S)
        assert running.process.returncode is not None


async def test_who_stops_waiting_does_not_stop_the_start() -> None:
    slow = "import time; time.sleep(0.2)\n" + GOOD
    async with process(slow) as llama:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), llama.use():
                pass
        async with llama.use() as running:
            assert running.process.returncode is None


async def test_an_idle_child_ends_and_comes_back() -> None:
    async with process(GOOD, idle_s=0.05) as llama:
        async with llama.use() as first:
            await asyncio.sleep(0.1)
            assert llama.ready, "it was in use"
        assert await asyncio.wait_for(first.process.wait(), PATIENCE_S) != 0
        async with llama.use() as second:
            assert second.process.pid != first.process.pid


@pytest.mark.parametrize("script", [GOOD, "import time; time.sleep(60)"])
async def test_the_end_comes_soon_however_deaf_the_child_is(script: str) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + script
    async with process(deaf) as llama:
        using = asyncio.ensure_future(_use(llama))
        await asyncio.sleep(0.2)
        using.cancel()
        await asyncio.gather(using, return_exceptions=True)
        start = time.monotonic()
        await llama.end()
        assert time.monotonic() - start < PATIENCE_S


async def _use(llama: LlamaProcess) -> None:
    async with llama.use():
        pass


LOCK_HOLDER = """
import ctypes, sys
from shell.providers.local.child import end_when_closed
sys.stdin.readline()
end_when_closed(0)
print("deaf", flush=True)
ctypes.PyDLL(None).sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends the child by its job object")
def test_a_child_that_loads_ends_when_its_pipe_closes() -> None:
    command = [sys.executable, "-c", LOCK_HOLDER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdin is not None
        assert started.stdout is not None
        started.stdin.write(b"\n")
        started.stdin.flush()
        assert started.stdout.readline() == b"deaf\n"
        started.stdin.close()
        assert started.wait(PATIENCE_S) != 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends the child by its job object")
async def test_a_child_that_loads_ends_when_its_input_from_asyncio_closes() -> None:
    """The input may be a socket instead of a pipe."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", LOCK_HOLDER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    started.stdin.write(b"\n")
    assert await started.stdout.readline() == b"deaf\n"
    started.stdin.close()
    assert await asyncio.wait_for(started.wait(), PATIENCE_S) != 0
