"""Bytes written to disk for an answer, compared with a JSON file rewritten for every token."""

import asyncio
import itertools
import json
from pathlib import Path

import pytest

from shell.store.store import FILE
from tests.store.bench import Bench, SynchronousDatabase, end
from tests.store.disk import Disk
from tests.virtual_loop import VirtualLoop

pytestmark = pytest.mark.anyio
TOKENS = 2_000
TOKENS_A_SECOND = 50
MOST_BYTES = 12_000_000
HISTORY_CHARACTERS = 100_000
"""Characters of the rest of the conversation, some thirty answers."""
_names = itertools.count()


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[VirtualLoop]]]:
    return "asyncio", {"loop_factory": VirtualLoop}


async def weigh(folder: Path) -> tuple[int, int]:
    """Measure the bytes written for one answer, and for a JSON file rewritten for every token."""
    disk = Disk(f"weight-{next(_names)}")
    bench = Bench(SynchronousDatabase(folder / FILE, disk.name))
    before, rewritten = disk.written, 0
    log, _ = bench.stream()
    text = "h" * HISTORY_CHARACTERS
    for number in range(TOKENS):
        token = f" token{number}"
        log.append_text("llm:token", token)
        text += token
        rewritten += len(json.dumps({"messages": [text]}))
        await asyncio.sleep(1 / TOKENS_A_SECOND)
    end(log)
    await asyncio.sleep(1)
    await bench.recorder.close()
    bench.database.close()  # with the last checkpoint
    assert len(bench.database.commits) > 300
    return disk.written - before, rewritten


async def test_an_answer_of_2000_tokens_writes_at_most_12_mb(tmp_path: Path) -> None:
    written, rewritten = await weigh(tmp_path)
    assert written < MOST_BYTES
    assert written < rewritten / 20
