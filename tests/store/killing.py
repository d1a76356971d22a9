"""Killing: ends a host that answers with SIGKILL at a random moment, and looks at what is left."""

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
HEARD_S = 0.25
"""What stood in a log this long before the end has to be on the disk."""


@dataclass(slots=True)
class Outcome:
    """What became of so many killings."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    corrupt: int = 0
    reopened_s: float = 0.0
    """The longest."""
    tail_s: float = 0.0
    """How far behind its log an answer on the disk was, at most."""
    interrupted: int = 0
    still_streaming: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Life:
    """What one process said before it died."""

    promises: dict[str, str] = field(default_factory=dict)
    grown: dict[str, list[tuple[float, int]]] = field(default_factory=dict)


class Killer:
    """Kills hosts in one directory, one after another. Made by `killer()`."""

    def __init__(self, folder: Path, to: IO[str], heard: IO[str], chance: random.Random) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._to = to
        self._heard = heard
        self._chance = chance
        self._promises: dict[str, str] = {}

    def kill(self) -> None:
        """Let a host live for a random while, end it, and look. Every other host has said something
        before, however slow the machine is.
        """
        self._to.write(f"{self._folder}\n")
        self._to.flush()
        born = json.loads(self._heard.readline())
        self.outcome.still_streaming += born["streaming"]
        first = [self._heard.readline()] if self.outcome.kills % 2 else []
        time.sleep(self._chance.uniform(0.0, LONGEST_LIFE_S))
        killed_at = time.monotonic()
        os.kill(born["pid"], signal.SIGKILL)
        life = self._listen(chain(first, self._heard))
        self.outcome.kills += 1
        self._promises |= life.promises
        self._look(life, killed_at)

    def _listen(self, lines: Iterable[str]) -> _Life:
        life = _Life()
        for line in lines:
            said = json.loads(line)
            if "gone" in said:
                return life
            if "grown" in said:
                life.grown.setdefault(said["grown"], []).append((said["at"], said["text"]))
            else:
                life.promises[said.get("asked") or said["done"]] = said["text"]
        raise AssertionError("the victim's parent died")

    def _look(self, life: _Life, killed_at: float) -> None:
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
            text, _, asked = found.get(message_id, ("", "", ""))
            if not asked.endswith(text) and not asked.partition("\n")[2].startswith(text):
                outcome.corrupt += 1
                outcome.notes.append(f"{message_id} is not what was said")
            behind = [
                killed_at - at for at, length in grown if length > len(text) and at < killed_at
            ]
            outcome.tail_s = max([outcome.tail_s, *behind])


@contextmanager
def killer(folder: Path, seed: int) -> Iterator[Killer]:
    """Everything for it, until the context ends."""
    chance = random.Random(seed)  # noqa: S311
    with victim("tests.store.victim") as (to, heard):
        yield Killer(folder, to, heard, chance)


@contextmanager
def victim(module: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """A process that forks hosts, its input and its output."""
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
    """Text and status of every message, and the text of its parent."""
    rows = connection.execute(
        """
        SELECT messages.id, messages.text, messages.status, coalesce(above.text, '')
        FROM messages LEFT JOIN messages AS above ON above.number = messages.parent
        """
    )
    return {str(key): (str(text), str(status), str(above)) for key, text, status, above in rows}
