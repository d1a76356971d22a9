"""Providers: more splits of a stream than the suite has time for, and the model in numbers."""

import asyncio
import os
import signal
import time
from pathlib import Path
from statistics import median

from shell.errors import ErrorCode, ProviderError
from shell.providers.base import TextDelta, UsageReport
from shell.providers.local.model_files import ModelFiles
from shell.providers.local.process import LlamaProcess
from shell.providers.local.provider import LocalProvider
from tests.providers.collect import a_request, ask
from tests.providers.splits import ANSWERS, splits_that_differ
from tests.soak.result import Result

SPLITS = 10_000
CRASHES = 20
ROUNDS = 5
QUESTIONS = (
    "Name three things that sail.",
    "Write a short poem about the sea.",
    "What is the capital of France?",
    "Tell me a story about a sailor.",
    "List five fruits.",
    "Explain what a tide is.",
    "Write a haiku about rain.",
    "How do I boil an egg?",
    "Translate 'good morning' into German.",
    "Write a Python function that adds two numbers.",
    "Who are you?",
    "Give me tips for learning to swim.",
)


def splits() -> Result:
    """Random splits of a recorded stream, for every API."""
    differing = {
        says.name: len(splits_that_differ(says, make, range(SPLITS))) for says, make in ANSWERS
    }
    return Result(not any(differing.values()), {"splits": SPLITS, **differing})


def crashes() -> Result:
    """The embedded model killed in mid-answer, again and again: said at once, and forgotten."""
    return asyncio.run(_crashes())


async def _crashes() -> Result:
    local = LocalProvider(ModelFiles(None, {}))
    slowest = 0.0
    wrong = 0
    for _ in range(CRASHES):
        killed_at = 0.0
        try:
            async for chunk in local.stream(a_request(local, "Tell me a story.", max_tokens=300)):
                if isinstance(chunk, TextDelta) and not killed_at:
                    (runner,) = local._runners.values()
                    assert runner.child is not None
                    killed_at = time.monotonic()
                    os.kill(runner.child.process.pid, signal.SIGKILL)
            wrong += 1
        except ProviderError as error:
            slowest = max(slowest, time.monotonic() - killed_at)
            wrong += error.code is not ErrorCode.LOCAL_MODEL_CRASHED
    await local.close()
    figures = {"crashes": CRASHES, "wrong": wrong, "slowest_s": round(slowest, 3)}
    return Result(wrong == 0 and slowest < 1, figures)


def embedded() -> Result:
    """The embedded model in numbers: how soon it is there, how fast it writes, what it takes."""
    return asyncio.run(_embedded())


async def _embedded() -> Result:
    ready, first, speed, memory = [], [], [], []
    for _ in range(ROUNDS):
        weights = ModelFiles(None, {}).default()
        process = LlamaProcess(weights.path, weights.id, 8_192, fit_to_devices=False)
        local = LocalProvider(ModelFiles(None, {}), lambda *_, made=process: made)
        began = time.monotonic()
        async with process.use():
            ready.append(time.monotonic() - began)
        await ask(local, a_request(local, "hi", max_tokens=1))  # imports, connects, warms up
        began = time.monotonic()
        at, tokens = [], 0
        async for chunk in local.stream(a_request(local, "Tell me a story.", max_tokens=200)):
            if isinstance(chunk, TextDelta):
                at.append(time.monotonic())
            elif isinstance(chunk, UsageReport):
                tokens = chunk.output_tokens
        first.append(at[0] - began)
        speed.append((tokens - 1) / (at[-1] - at[0]))
        (runner,) = local._runners.values()
        assert runner.child is not None
        memory.append(_memory_mb(runner.child.process.pid))
        await local.close()
    figures = {
        "ready_s": round(median(ready), 2),
        "first_token_ms": round(median(first) * 1000),
        "tokens_per_s": round(median(speed), 1),
        "memory_mb": None if None in memory else round(median(m for m in memory if m)),
    }
    # Bars for a machine that has other things to do as well.
    return Result(median(ready) < 5 and median(first) < 2 and median(speed) > 8, figures)


def _memory_mb(pid: int) -> float | None:
    """The memory that a process has to itself; None where only Linux would tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1_024


def circles() -> Result:
    """Answers of the embedded model that go round in circles: what its sampling is chosen for."""
    return asyncio.run(_circles())


async def _circles() -> Result:
    local = LocalProvider(ModelFiles(None, {}))
    answers = [
        (await ask(local, a_request(local, question, temperature=0.2, max_tokens=200))).text
        for question in QUESTIONS
    ]
    await local.close()
    going = sum(_repeated(answer) > 0.3 for answer in answers)
    figures = {"answers": len(answers), "in_circles": going}
    return Result(going <= 2, figures)


def _repeated(text: str) -> float:
    """Which part of a text's runs of four words has been there before."""
    words = text.lower().split()
    runs = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


CHECKS = {"splits": splits, "crashes": crashes, "embedded": embedded, "circles": circles}
