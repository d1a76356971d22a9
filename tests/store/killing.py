"""Kills hosts that write answers with SIGKILL at random moments, and checks their stores."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO

from shell.store.database import Connection
from shell.store.store import Store

ROOT = Path(__file__).parents[2]
LONGEST_LIFE_S = 0.5
MAX_TAIL_S = 0.25
"""Limit on how far the text on disk may be behind the log of a running answer."""


@dataclass(slots=True)
class Outcome:
    """The results of a number of kills."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    corrupt: int = 0
    reopened_s: float = 0.0
    """The longest."""
    tail_s: float = 0.0
    """The longest that an answer on disk was behind its log."""
    interrupted: int = 0
    still_streaming: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Life:
    """The reports of one process before it was killed."""

    promises: dict[str, str] = field(default_factory=dict)
    grown: dict[str, list[tuple[float, int]]] = field(default_factory=dict)


class Killer:
    """Kills hosts in one directory, one after another. Made by `killer()`."""

    def __init__(
        self, folder: Path, commands: IO[str], reports: IO[str], chance: random.Random
    ) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._commands = commands
        self._reports = reports
        self._chance = chance
        self._promises: dict[str, str] = {}

    def kill(self) -> None:
        """Let a host run for a random time, kill it, and check its store. Every other host is
        killed only after its first report, however slow the machine is.
        """
        self._commands.write(f"{self._folder}\n")
        self._commands.flush()
        start = json.loads(self._reports.readline())
        self.outcome.still_streaming += start["streaming"]
        first = [self._reports.readline()] if self.outcome.kills % 2 else []
        time.sleep(self._chance.uniform(0.0, LONGEST_LIFE_S))
        killed_at = time.monotonic()
        os.kill(start["pid"], signal.SIGKILL)
        life = self._read_reports(chain(first, self._reports))
        self.outcome.kills += 1
        self._promises |= life.promises
        self._check_store(life, killed_at)

    def _read_reports(self, lines: Iterable[str]) -> _Life:
        life = _Life()
        for line in lines:
            report = json.loads(line)
            if "ended" in report:
                return life
            if "growing" in report:
                life.grown.setdefault(report["growing"], []).append((report["at"], report["text"]))
            else:
                life.promises[report.get("question") or report["answer"]] = report["text"]
        raise AssertionError("the victim's parent died")

    def _check_store(self, life: _Life, killed_at: float) -> None:
        outcome = self.outcome
        store = Store(self._folder)
        began = time.monotonic()
        store.open()
        outcome.reopened_s = max(outcome.reopened_s, time.monotonic() - began)
        try:
            found = store.database.read(_messages).result()
        finally:
            store.close()
        if store.remarks:
            outcome.corrupt += 1
            outcome.notes += [remark.text for remark in store.remarks]
        outcome.acknowledged = len(self._promises)
        for message_id, text in self._promises.items():
            if found.get(message_id, ("", "", ""))[0] != text:
                outcome.lost += 1
        outcome.still_streaming += sum(status == "streaming" for _, status, _ in found.values())
        outcome.interrupted = sum(status == "interrupted" for _, status, _ in found.values())
        for message_id, grown in life.grown.items():
            text, _, question = found.get(message_id, ("", "", ""))
            if not question.endswith(text) and not question.partition("\n")[2].startswith(text):
                outcome.corrupt += 1
                outcome.notes.append(f"{message_id} is not what was said")
            behind = [
                killed_at - at for at, length in grown if length > len(text) and at < killed_at
            ]
            outcome.tail_s = max([outcome.tail_s, *behind])


@contextmanager
def killer(folder: Path, seed: int) -> Iterator[Killer]:
    """Start the process that forks hosts, and stop it when the context ends."""
    chance = random.Random(seed)  # noqa: S311
    with victim("tests.store.victim") as (commands, reports):
        yield Killer(folder, commands, reports, chance)


@contextmanager
def victim(module: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """Start a process that forks hosts, and yield its input and its output."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdin, process.stdout
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(60)


def _messages(connection: Connection) -> dict[str, tuple[str, str, str]]:
    """Return the text and status of every message, and the text of its parent."""
    rows = connection.execute(
        """
        SELECT messages.id, messages.text, messages.status, coalesce(above.text, '')
        FROM messages LEFT JOIN messages AS above ON above.number = messages.parent
        """
    )
    return {str(key): (str(text), str(status), str(above)) for key, text, status, above in rows}
