"""Checks more splits of a provider's stream than the suite, and measures the embedded model."""

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
    """Split a recorded stream at random, for every API."""
    differing = {
        answer.name: len(splits_that_differ(answer, make, range(SPLITS)))
        for answer, make in ANSWERS
    }
    return Result(not any(differing.values()), {"splits": SPLITS, **differing})


def crashes() -> Result:
    """Kill the embedded model in mid-answer repeatedly: each time the error comes at once."""
    return asyncio.run(_crashes())


async def _crashes() -> Result:
    local = LocalProvider(ModelFiles(None, {}))
    slowest = 0.0
    unexpected = 0
    for _ in range(CRASHES):
        killed_at = 0.0
        try:
            async for chunk in local.stream(a_request(local, "Tell me a story.", max_tokens=300)):
                if isinstance(chunk, TextDelta) and not killed_at:
                    (runner,) = local._runners.values()
                    assert runner.child is not None
                    killed_at = time.monotonic()
                    os.kill(runner.child.process.pid, signal.SIGKILL)
            unexpected += 1
        except ProviderError as error:
            slowest = max(slowest, time.monotonic() - killed_at)
            unexpected += error.code is not ErrorCode.LOCAL_MODEL_CRASHED
    await local.close()
    figures = {"crashes": CRASHES, "wrong": unexpected, "slowest_s": round(slowest, 3)}
    return Result(unexpected == 0 and slowest < 1, figures)


def embedded() -> Result:
    """Measure the embedded model: its start, first token, speed and memory."""
    return asyncio.run(_embedded())


async def _embedded() -> Result:
    ready, first, speed, memory = [], [], [], []
    for _ in range(ROUNDS):
        weights = ModelFiles(None, {}).default()
        process = LlamaProcess(weights.path, weights.id, 8_192, fit_to_devices=False)
        local = LocalProvider(ModelFiles(None, {}), lambda *_, made=process: made)
        started_at = time.monotonic()
        async with process.use():
            ready.append(time.monotonic() - started_at)
        await ask(local, a_request(local, "hi", max_tokens=1))  # imports, connects, warms up
        started_at = time.monotonic()
        token_times, tokens = [], 0
        async for chunk in local.stream(a_request(local, "Tell me a story.", max_tokens=200)):
            if isinstance(chunk, TextDelta):
                token_times.append(time.monotonic())
            elif isinstance(chunk, UsageReport):
                tokens = chunk.output_tokens
        first.append(token_times[0] - started_at)
        speed.append((tokens - 1) / (token_times[-1] - token_times[0]))
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
    # Limits for a machine that is busy with other work too.
    return Result(median(ready) < 5 and median(first) < 2 and median(speed) > 8, figures)


def _memory_mb(pid: int) -> float | None:
    """The resident memory of a process in MB; None on other systems than Linux."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1_024


def circles() -> Result:
    """Count answers of the embedded model that repeat themselves, which its sampling prevents."""
    return asyncio.run(_circles())


async def _circles() -> Result:
    local = LocalProvider(ModelFiles(None, {}))
    answers = [
        (await ask(local, a_request(local, question, temperature=0.2, max_tokens=200))).text
        for question in QUESTIONS
    ]
    await local.close()
    circling = sum(_repeated(answer) > 0.3 for answer in answers)
    figures = {"answers": len(answers), "in_circles": circling}
    return Result(circling <= 2, figures)


def _repeated(text: str) -> float:
    """The share of a text's four-word sequences that occurred before in it."""
    words = text.lower().split()
    runs = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


CHECKS = {"splits": splits, "crashes": crashes, "embedded": embedded, "circles": circles}
