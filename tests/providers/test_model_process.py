"""The real embedded model, from the command line: it answers, stops, and is never left over."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from shell.contract import CONTRACT_VERSION
from tests.command import ROOT, Program, environment, run, started
from tests.way_in import Entry, handshake, ticket_of

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
STORY = "Write a long story about a lighthouse keeper, with many details."
WEIGHTS = next((ROOT / ".models").glob("*.gguf"), Path("no-weights"))


def until_it_answers(program: Program) -> None:
    while program.line()["channel"] != "llm:token":
        pass
    assert len(program.process_ids()) > 1, "the model runs in a process of its own"


def wait_for_exit(program: Program, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while remaining := program.process_ids():
        assert time.monotonic() < deadline, f"still there: {remaining}"


def test_it_answers_with_dense_events_and_its_own_usage() -> None:
    with started(
        "ask", "What is the capital of France?", "--json", "--max-tokens", "30"
    ) as program:
        result = program.finish()
        wait_for_exit(program, 3)
    assert result.status == 0, result.err
    seq = 0
    for event in result.lines:
        assert event["seq"] == seq
        seq += int(str(event.get("count", 1)))
    done = result.lines[-1]
    assert done["channel"] == "llm:done"
    usage = done["usage"]
    assert isinstance(usage, dict)
    assert usage["estimated"] is False
    assert 0 < usage["outputTokens"] <= 30
    assert usage["inputTokens"] > 5


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_answer_frees_the_model(number: int, status: int) -> None:
    with started("ask", STORY, "--json", "--max-tokens", "2000") as program:
        until_it_answers(program)
        start = time.monotonic()
        program.send(number)
        while (event := program.line())["channel"] != "llm:done":
            pass
        assert time.monotonic() - start < 20
        assert event["cancelled"] is True
        result = program.finish()
        wait_for_exit(program, 20 - (time.monotonic() - start))
    assert (result.status, result.out, result.err) == (status, "", "")


def test_a_killed_program_takes_the_model_along() -> None:
    with started("ask", STORY, "--json", "--max-tokens", "2000") as program:
        until_it_answers(program)
        program.send(signal.SIGKILL)
        wait_for_exit(program, 3)


def test_a_page_that_says_hello_has_the_model_loaded(tmp_path: Path) -> None:
    """The model loads without a question, but not before a page connects."""
    with started("serve", "--no-open", "--data-dir", str(tmp_path)) as program:
        url = urlsplit(str(program.line()["url"]))
        assert program.process_ids() == {program.process.pid}
        asyncio.run(say_hello(url.netloc, ticket_of(url.geturl())))
        deadline = time.monotonic() + 20
        while len(program.process_ids()) < 2:
            assert time.monotonic() < deadline
        result, seconds = program.stop()
        assert (result.status, result.err) == (0, "")
        wait_for_exit(program, 20 - seconds)


async def say_hello(host: str, ticket: str) -> None:
    load = str(uuid.uuid4())
    hello = {"id": 1, "method": "shell.hello", "params": {"version": CONTRACT_VERSION}}
    async with connect(f"ws://{host}/door", origin=Origin(f"http://{host}")) as page:
        await handshake(page, Entry(load=load, ticket=ticket))
        batch = {"version": CONTRACT_VERSION, "load": load, "calls": [hello]}
        await page.send(json.dumps(batch))
        while "push" not in json.loads(await page.recv()):
            pass


def test_warming_up_loads_the_model() -> None:
    code = (
        "import asyncio, sys\n"
        "from shell.providers.local.provider import LocalProvider\n"
        "from shell.providers.local.model_files import ModelFiles\n"
        "async def warm():\n"
        "    local = LocalProvider(ModelFiles(None))\n"
        "    await local.warm()\n"
        "    (runner,) = local._runners.values()\n"
        "    print(runner.process.ready, 'httpx2' in sys.modules)\n"
        "    await local.close()\n"
        "asyncio.run(warm())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout == "True True\n"


def test_a_missing_model_file_is_a_sentence(tmp_path: Path) -> None:
    result = run("ask", "hi", TIDEWIRE_MODEL_FILE=str(tmp_path / "nowhere.gguf"))
    assert (result.status, result.out) == (1, "")
    assert result.is_one_sentence("LOCAL_MODEL_MISSING", "nowhere.gguf"), result.err


@pytest.mark.parametrize("damage", ["short", "a bit", "text"])
def test_a_damaged_model_file_is_a_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / WEIGHTS.name
    if damage == "text":
        path.write_text("This is no model.", "utf-8")
    else:
        shutil.copyfile(WEIGHTS, path)
        with path.open("r+b") as file:
            if damage == "short":
                file.truncate(WEIGHTS.stat().st_size // 2)
            else:
                file.seek(-1_000_000, 2)
                byte = file.read(1)
                file.seek(-1, 1)
                file.write(bytes([byte[0] ^ 1]))
    result = run("ask", "hi", TIDEWIRE_MODEL_FILE=str(path))
    assert (result.status, result.out) == (1, "")
    assert result.is_one_sentence("LOCAL_MODEL_MISSING", str(path)), result.err
