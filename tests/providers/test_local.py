"""LocalProvider: its errors without a model, and the real model in its child process."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from shell.contract import Message
from shell.errors import ErrorCode, ProviderError
from shell.providers.base import PromptProgress, TextDelta
from shell.providers.local.model_files import (
    EMBEDDED_FILE,
    EMBEDDED_ID,
    MODEL_FILE_VARIABLE,
    ModelFile,
    ModelFiles,
)
from shell.providers.local.process import LlamaProcess
from shell.providers.local.provider import LocalProvider
from tests.host_process import PATIENCE_S
from tests.providers.collect import a_request, ask
from tests.providers.scenes import APIS, Api
from tests.providers.test_gguf import gguf

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def local() -> AsyncGenerator[LocalProvider, None]:
    """The embedded model."""
    provider = LocalProvider(ModelFiles(None, {}))
    yield provider
    await provider.close()


def child_of(provider: LocalProvider) -> int:
    (runner,) = provider._runners.values()
    assert runner.child is not None
    return runner.child.process.pid


def busy(provider: LocalProvider) -> bool:
    """Whether any of llama.cpp's slots is at work."""
    (runner,) = provider._runners.values()
    assert runner.child is not None
    request = urllib.request.Request(  # noqa: S310
        f"{runner.child.url}/slots", headers={"authorization": f"Bearer {runner.child.key}"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return b'"is_processing":true' in answer.read().replace(b" ", b"")


async def wait_until(provider: LocalProvider, within_s: float, *, at_work: bool) -> None:
    async with asyncio.timeout(within_s):
        while await asyncio.to_thread(busy, provider) is not at_work:  # noqa: ASYNC110, no event tells
            await asyncio.sleep(0.01)


# --- without the model ------------------------------------------------------------------------


async def test_without_a_file_it_says_so_before_a_run_exists(tmp_path: Path) -> None:
    provider = LocalProvider(ModelFiles(tmp_path, {}, tmp_path))
    assert provider.default_model_id == EMBEDDED_ID
    with pytest.raises(ProviderError) as raised:
        provider.check()
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING
    assert (await ask(provider, "hi")).error is not None


@pytest.mark.parametrize("data", [b"Dear diary", gguf()[:-64]])
async def test_a_file_that_is_no_whole_model_is_refused_before_it_is_loaded(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(data)

    def never(weights: ModelFile, context_tokens: int) -> LlamaProcess:
        raise AssertionError("it was loaded")

    files = ModelFiles(None, {MODEL_FILE_VARIABLE: str(path)}, tmp_path)
    provider = LocalProvider(files, never)
    with pytest.raises(ProviderError) as raised:
        provider.check()
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING
    error = (await ask(provider, "hi")).error
    assert error is not None
    assert error.code is ErrorCode.LOCAL_MODEL_MISSING


async def test_a_damaged_default_file_does_not_keep_another_model_from_answering(
    tmp_path: Path,
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.gguf").write_bytes(gguf()[:-64])
    provider = LocalProvider(ModelFiles(tmp_path, {}, tmp_path / "empty"))
    with pytest.raises(ProviderError):
        provider.check()
    (tmp_path / "models" / "b.gguf").write_bytes(gguf())
    assert (provider.default_model_id, [m.id for m in await provider.list_models()]) == ("a", ["b"])
    provider.check()


async def test_a_model_that_makes_room_ends_also_when_the_next_question_is_cancelled(
    tmp_path: Path,
) -> None:
    begun, let_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Process(LlamaProcess):
        async def end(self) -> None:
            begun.set()
            await let_end.wait()
            ended.set()

    def make(weights: ModelFile, context_tokens: int) -> LlamaProcess:
        return Process(weights.path, weights.id, context_tokens, command=lambda: ["/missing"])

    (tmp_path / "models").mkdir()
    for name in ("a", "b"):
        (tmp_path / "models" / f"{name}.gguf").write_bytes(gguf())
    provider = LocalProvider(ModelFiles(tmp_path, {}, tmp_path / "empty"), make)
    assert (await ask(provider, a_request(provider, "hi", model="a"))).error is not None
    question = asyncio.create_task(ask(provider, a_request(provider, "hi", model="b")))
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        question.cancel()
        await asyncio.wait([question])
        let_end.set()
        await ended.wait()


async def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf())
    provider = LocalProvider(ModelFiles(None, {MODEL_FILE_VARIABLE: str(path)}, tmp_path))
    error = (await ask(provider, a_request(provider, "hi", model="gpt-9"))).error
    assert error is not None
    assert (error.code, "gpt-9" in error.message) == (ErrorCode.MODEL_NOT_FOUND, True)


async def test_what_a_model_takes_comes_from_its_header(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf(context=1_234, template="raise_exception('System role not supported')"))
    provider = LocalProvider(ModelFiles(None, {MODEL_FILE_VARIABLE: str(path)}, tmp_path))
    info = provider.model("mine")
    assert (info.context_tokens, info.system_prompt, info.temperature_default) == (
        1_234,
        False,
        None,
    )
    path.write_bytes(gguf(context=999_999))
    assert provider.model("mine").context_tokens == 8_192


# --- with it ----------------------------------------------------------------------------------


@pytest.mark.model
async def test_the_embedded_model_answers(local: LocalProvider) -> None:
    info = local.model(EMBEDDED_ID)
    assert (info.context_tokens, info.temperature_default) == (8_192, 0.2)
    assert info.max_tokens_default == 800
    sampling = dict(info.sampling)
    assert "dry_multiplier" in sampling
    assert (sampling["repeat_penalty"], sampling["repeat_last_n"]) == (1.1, 256)
    system = Message(role="system", content="You are brief.")
    answer = await ask(local, a_request(local, system, "Say hello.", temperature=0.2, max_tokens=8))
    assert answer.error is None
    assert isinstance(answer.chunks[0], PromptProgress)
    assert answer.text
    assert answer.finish in {"stop", "length"}
    assert answer.usage is not None
    assert 0 < answer.usage.output_tokens <= 8
    assert answer.usage.input_tokens > 10
    second = await ask(local, a_request(local, "And now?", max_tokens=2))
    assert not any(isinstance(chunk, PromptProgress) for chunk in second.chunks), "it was loaded"
    assert second.finish == "length"


@pytest.mark.model
async def test_the_embedded_model_has_a_name_that_people_can_read(local: LocalProvider) -> None:
    listed = {model.id: model.name for model in await local.list_models()}
    assert listed["smollm2-135m-instruct"] == "SmolLM2 135M Instruct"


async def test_four_answers_at_a_time(local: LocalProvider) -> None:
    requests = [a_request(local, f"Tell me of {n}.", max_tokens=5) for n in range(4)]
    answers = await asyncio.gather(*(ask(local, request) for request in requests))
    assert [(a.error, a.finish in {"stop", "length"}) for a in answers] == [(None, True)] * 4


@pytest.mark.model
async def test_a_long_prompt_shows_how_far_it_was_read(local: LocalProvider) -> None:
    answer = await ask(local, a_request(local, "word " * 400, max_tokens=1))
    read = [
        c.progress
        for c in answer.chunks
        if isinstance(c, PromptProgress) and c.progress is not None
    ]
    assert len(read) > 3
    assert read == sorted(read)
    assert 0 <= read[0] < read[-1] < 1


@pytest.mark.model
async def test_a_conversation_too_long_for_it_is_said_to_be(local: LocalProvider) -> None:
    answer = await ask(local, a_request(local, "long " * 12_000, max_tokens=1))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.CONTEXT_LENGTH


@pytest.mark.model
@pytest.mark.parametrize(
    ("prompt", "within_s"),
    [
        ("Tell me a long story.", 1.5),
        # It checks between two batches. The whole prompt would take a minute.
        ("word " * 6_000, 5),
    ],
    ids=["answering", "reading"],
)
async def test_a_cancelled_answer_frees_its_slot(
    local: LocalProvider, prompt: str, within_s: float
) -> None:
    await ask(local, a_request(local, "hi", max_tokens=1))
    task = asyncio.ensure_future(ask(local, a_request(local, prompt, max_tokens=2_000)))
    await wait_until(local, 10, at_work=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await wait_until(local, within_s, at_work=False)


@pytest.mark.model
async def test_a_crash_in_mid_answer_is_said_at_once_and_the_next_question_works(
    local: LocalProvider,
) -> None:
    killed_at = 0.0
    error: ProviderError | None = None
    with contextlib.suppress(asyncio.CancelledError):
        try:
            async for chunk in local.stream(a_request(local, "Tell me a story.", max_tokens=500)):
                if isinstance(chunk, TextDelta) and not killed_at:
                    killed_at = time.monotonic()
                    os.kill(child_of(local), signal.SIGKILL)
        except ProviderError as raised:
            error = raised
    assert time.monotonic() - killed_at < 20  # the long check holds it to one second
    assert error is not None
    assert error.code is ErrorCode.LOCAL_MODEL_CRASHED
    answer = await ask(local, a_request(local, "Say hello.", max_tokens=3))
    assert (answer.error, bool(answer.text)) == (None, True)


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that stops a process")
async def test_a_child_that_hangs_in_an_answer_is_replaced_for_the_next_question() -> None:
    def make(weights: ModelFile, context_tokens: int) -> LlamaProcess:
        return LlamaProcess(weights.path, weights.id, context_tokens, hung_s=1)

    provider = LocalProvider(ModelFiles(None, {}), make)
    try:
        async with aclosing(provider.stream(a_request(provider, "Tell me a story."))) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, TextDelta):
                    break
            hung = child_of(provider)
            os.kill(hung, signal.SIGSTOP)
            # Its threads run on until the signal is delivered.
            await asyncio.to_thread(os.waitpid, hung, os.WUNTRACED)
        async with asyncio.timeout(60):
            answer = await ask(provider, a_request(provider, "Say hello.", max_tokens=3))
        assert (answer.error, bool(answer.text)) == (None, True)
        assert child_of(provider) != hung
        assert not alive(hung)
    finally:
        await provider.close()


@pytest.mark.model
async def test_a_stopped_answer_leaves_the_model_loaded(local: LocalProvider) -> None:
    async with aclosing(local.stream(a_request(local, "Tell me a story."))) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, TextDelta):
                break
        loaded = child_of(local)
    answer = await ask(local, a_request(local, "Say hello.", max_tokens=3))
    assert (answer.error, bool(answer.text)) == (None, True)
    assert child_of(local) == loaded


@pytest.mark.model
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.dialect.name)
async def test_the_real_server_through_every_api(local: LocalProvider, api: Api) -> None:
    """llama.cpp speaks all three APIs, and neither we nor the SDKs' makers wrote its events."""
    await ask(local, a_request(local, "hi", max_tokens=1))
    (runner,) = local._runners.values()
    child = runner.child
    assert child is not None
    provider = api.make(child.url, key=lambda: child.key)
    wrong = api.make(child.url, key=lambda: "a-wrong-key")
    try:
        # Each API has its own prompt, because the server counts no tokens of a cached prompt.
        prompt = f"Say hello to whoever speaks {api.dialect.name}."
        answer = await ask(provider, a_request(provider, prompt, temperature=0, max_tokens=5))
        assert answer.error is None
        assert answer.text
        assert answer.finish in {"stop", "length"}
        assert answer.usage is not None
        assert 0 < answer.usage.output_tokens <= 5
        assert answer.usage.input_tokens > 10
        long = await ask(provider, a_request(provider, "long " * 12_000, max_tokens=1))
        assert long.error is not None
        assert long.error.code is ErrorCode.CONTEXT_LENGTH
        refused = await ask(wrong, a_request(wrong, "hi", max_tokens=1))
        assert refused.error is not None
        assert refused.error.code is ErrorCode.API_KEY_ERROR
    finally:
        await provider.close()
        await wrong.close()


@pytest.mark.model
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.dialect.name)
async def test_the_real_server_cut_off_in_every_api(local: LocalProvider, api: Api) -> None:
    await ask(local, a_request(local, "hi", max_tokens=1))
    (runner,) = local._runners.values()
    child = runner.child
    assert child is not None
    provider = api.make(child.url, key=lambda: child.key)
    error: ProviderError | None = None
    text = ""
    try:
        async for chunk in provider.stream(a_request(provider, "Tell me a story.", max_tokens=500)):
            if isinstance(chunk, TextDelta):
                text += chunk.text
                child.process.kill()
    except ProviderError as raised:
        error = raised
    assert error is not None
    assert (error.code, bool(text)) == (ErrorCode.STREAM_INTERRUPTED, True)
    after = (await ask(provider, "hi")).error
    await provider.close()
    assert after is not None
    assert after.code is ErrorCode.NETWORK_ERROR


@pytest.mark.model
async def test_a_users_own_file_works(tmp_path: Path) -> None:
    path = tmp_path / "My Own.gguf"
    try:
        path.hardlink_to(ROOT / ".models" / EMBEDDED_FILE)
    except OSError:
        shutil.copyfile(ROOT / ".models" / EMBEDDED_FILE, path)
    provider = LocalProvider(ModelFiles(None, {MODEL_FILE_VARIABLE: str(path)}))
    try:
        assert provider.default_model_id == "my-own"
        answer = await ask(provider, a_request(provider, "Say hello.", max_tokens=3))
        assert (answer.error, bool(answer.text)) == (None, True)
    finally:
        await provider.close()


@pytest.mark.model
async def test_a_damaged_embedded_model_is_known(tmp_path: Path) -> None:
    path = tmp_path / EMBEDDED_FILE
    shutil.copyfile(ROOT / ".models" / EMBEDDED_FILE, path)
    with path.open("r+b") as file:
        file.seek(-1_000, os.SEEK_END)
        file.write(b"\xff" * 500)
    provider = LocalProvider(ModelFiles(None, {MODEL_FILE_VARIABLE: str(path)}))
    try:
        error = (await ask(provider, a_request(provider, "Say hello.", max_tokens=3))).error
        assert error is not None
        assert (error.code, "damaged" in error.message) == (ErrorCode.LOCAL_MODEL_MISSING, True)
    finally:
        await provider.close()


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a program is a shell script")
async def test_a_built_program_is_its_own_models_process(
    local: LocalProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tidewire"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m shell "$@"\n')
    program.chmod(0o700)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    answer = await ask(local, a_request(local, "Say hello.", max_tokens=3))
    assert (answer.error, bool(answer.text)) == (None, True)
    if sys.platform == "linux":
        line = arguments_of(child_of(local))
        assert line[-2:] == ["shell", "--llama-child"], "and nothing of it is an argument"


PARENT = """
import asyncio, sys
from shell.contract import Message
from shell.providers.base import PromptProgress, ProviderRequest
from shell.providers.local.provider import LocalProvider
from shell.providers.local.model_files import ModelFiles

async def main():
    local = LocalProvider(ModelFiles(None, {}))
    model = local.model(local.default_model_id)
    messages = [Message(role="user", content="Tell me a story.")]
    stream = local.stream(ProviderRequest(model, messages, max_tokens=2_000))
    assert isinstance(await anext(stream), PromptProgress)
    task = asyncio.ensure_future(anext(stream))
    if sys.argv[1] == "answering":
        await task
    else:
        await asyncio.sleep(0.3)
    print("now", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.model
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("when", ["loading", "answering"])
def test_no_child_outlives_a_parent_that_is_killed(when: str) -> None:
    command = [sys.executable, "-c", PARENT, when]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"now\n"
        children = children_of(parent.pid)
        assert children
        parent.kill()
        parent.wait(PATIENCE_S)
        start = time.monotonic()
        while any(alive(pid) for pid in children):
            assert time.monotonic() - start < PATIENCE_S
            time.sleep(0.02)


def arguments_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")


def children_of(pid: int) -> list[int]:
    children: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            children += map(int, path.read_text().split())
    return children


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# --- two models at once -----------------------------------------------------------------------


async def test_two_models_asked_at_the_same_moment_do_not_end_each_other(tmp_path: Path) -> None:
    ended: list[str] = []

    class Recorded(LlamaProcess):
        async def end(self) -> None:
            ended.append(self._name)
            await asyncio.sleep(0)
            await super().end()

    def make(weights: ModelFile, context_tokens: int) -> LlamaProcess:
        return Recorded(weights.path, weights.id, context_tokens, command=lambda: ["false"])

    (tmp_path / "models").mkdir()
    for name in ("zero", "one", "two"):
        (tmp_path / "models" / f"{name}.gguf").write_bytes(gguf())
    provider = LocalProvider(ModelFiles(tmp_path, {}, tmp_path), make)
    await ask(provider, a_request(provider, "hi", model="zero"))
    # The first request waits until the idle model has ended. The second arrives meanwhile.
    requests = [a_request(provider, "hi", model=name) for name in ("one", "two")]
    answers = await asyncio.gather(*(ask(provider, request) for request in requests))
    codes = [answer.error and answer.error.code for answer in answers]
    assert codes == [ErrorCode.LOCAL_MODEL_CRASHED] * 2
    assert ended == ["zero"], "a model that is about to be used was ended"
    await provider.close()
    assert sorted(ended) == ["one", "two", "zero"]


TEXTS = {
    "English": "The tide is the rise and fall of the sea, caused by the moon and the sun. " * 12,
    "German": "Die Gezeiten sind die Wasserbewegungen der Ozeane, mit Ebbe und Flut. " * 12,
    "Chinese": "潮汐是海水在月球和太阳引力作用下周期性的涨落现象。" * 12,
    "code": "def tide(hours: float) -> float:\n    return 1.6 * math.cos(hours / 12.42)\n\n" * 12,
}


async def test_tokens_are_counted_as_the_model_counts_them(local: LocalProvider) -> None:
    question = a_request(local, TEXTS["English"])
    assert await local.count_tokens(question) is None  # the model is not loaded yet
    for name, text in TEXTS.items():
        request = replace(a_request(local, text), max_tokens=1)
        answer = await ask(local, request)
        assert answer.usage is not None
        counted = await local.count_tokens(request)
        print(f"{name}: {counted} counted, {answer.usage.input_tokens} read by the model")
        assert counted == answer.usage.input_tokens
