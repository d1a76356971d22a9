"""Kills hosts whose answers call tools with SIGKILL at random moments, and checks their stores."""

import json
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from shell.contract import AnswerCall
from shell.store.database import Connection
from shell.store.messages import steps
from shell.store.messages.content import read_blob
from shell.store.rows import rows
from shell.store.store import Store
from tests.store.calls_victim import BEGUN
from tests.store.killing import victim

LONGEST_LIFE_S = 0.6
TIMEOUT_S = 60.0
"""Limit on the time that a host on a busy machine takes to begin its first call."""


@dataclass(slots=True)
class Outcome:
    """The results of a number of kills."""

    kills: int = 0
    begun: int = 0
    """Calls that tools have begun."""
    decided: int = 0
    """Decisions that were acknowledged."""
    lost: int = 0
    """Calls that ran when the host was killed, and that the last host marks as lost."""
    reopened_s: float = 0.0
    faults: list[str] = field(default_factory=list)


def kill_hosts(folder: Path, kills: int, seed: int) -> Outcome:
    """Kill `kills` hosts in one directory, then let one finish everything.

    Of every three hosts, the first is killed at any moment, also while it starts, the second after
    a decision, and the third when a tool begins. So some are killed in the middle of their work,
    however slow the machine is.
    """
    outcome, decided = Outcome(), dict[tuple[str, str], str]()
    chance = random.Random(seed)  # noqa: S311
    with victim("tests.store.calls_victim") as (commands, reports):
        for number in range(kills + 1):
            is_last = number == kills
            if is_last:
                (folder / "last").touch()
            commands.write(f"{folder}\n")
            commands.flush()
            pid = json.loads(reports.readline())["pid"]
            first: list[str] = []
            if not is_last:
                if number % 3 == 1:
                    first.append(reports.readline())
                if number % 3 == 2:
                    _wait_for_growth(folder / BEGUN)
                else:
                    time.sleep(chance.uniform(0.0, LONGEST_LIFE_S))
                os.kill(pid, signal.SIGKILL)
            finished = False
            for line in chain(first, reports):
                report = json.loads(line)
                if "ended" in report:
                    break
                if "finished" in report:
                    finished = True
                else:
                    decided[report["message"], report["call"]] = report["verdict"]
            outcome.kills += not is_last
            if is_last and not finished:
                outcome.faults.append("the answers do not go on to their end")
            _check_store(folder, outcome, decided, is_last=is_last)
    outcome.decided = len(decided)
    return outcome


def _wait_for_growth(file: Path) -> None:
    def size() -> int:
        return file.stat().st_size if file.exists() else 0

    before, late = size(), time.monotonic() + TIMEOUT_S
    while size() == before:
        assert time.monotonic() < late, "no call began"
        time.sleep(0.001)


def _check_store(
    folder: Path, outcome: Outcome, decided: dict[tuple[str, str], str], *, is_last: bool
) -> None:
    store = Store(folder)
    began = time.monotonic()
    store.open()
    outcome.reopened_s = max(outcome.reopened_s, time.monotonic() - began)
    try:
        found = store.database.read(_calls).result()
        sound_hashes = store.database.read(_sound_blobs).result()
    finally:
        store.close()
    outcome.faults += [remark.text for remark in store.remarks]
    for made, verdict in decided.items():
        if made not in found or found[made].verdict != verdict:
            outcome.faults.append(f"the decision about {made} is lost: {found.get(made)}")
    begun = Counter((folder / BEGUN).read_text("utf-8").splitlines())
    outcome.begun = sum(begun.values())
    outcome.faults += [f"{key} was made {count} times" for key, count in begun.items() if count > 1]
    by_key = {f"{call.tool} {_key(call)}": call for call in found.values()}
    for key in begun:
        call = by_key.get(key)
        if call is None or call.state not in ("running", "done", "lost", "cancelled"):
            outcome.faults.append(f"{key} began and is {call and call.state}")
        elif call.tool == "asked" and call.verdict != "allow":
            outcome.faults.append(f"{key} began without a verdict")
    for call in found.values():
        hashes = {part.hash for part in call.parts or ()}
        if call.state == "done" and not (hashes and hashes <= sound_hashes):
            outcome.faults.append(f"the sound of {call.call_id} is lost")
    if is_last:
        outcome.lost = sum(call.state == "lost" for call in found.values())
        unsettled = [call for call in found.values() if not call.result]
        outcome.faults += [f"{call.call_id} has no result: {call.state}" for call in unsettled]


def _key(call: AnswerCall) -> str:
    return str(call.arguments["key"]) if isinstance(call.arguments, dict) else ""


def _sound_blobs(connection: Connection) -> set[str]:
    """The hashes of the attachments whose bytes are undamaged."""
    hashes = rows(connection.execute("SELECT hash FROM blobs"), str)
    return {blob_hash for blob_hash in hashes if read_blob(connection, blob_hash) is not None}


def _calls(connection: Connection) -> dict[tuple[str, str], AnswerCall]:
    """Return every stored call, by its message and its id."""
    messages = connection.execute(
        "SELECT number, id FROM messages WHERE number IN (SELECT message FROM steps)"
    )
    return {
        (str(message_id), call.id): call.part
        for number, message_id in list(messages)
        for step in steps.steps_of(steps.read(connection, int(number)))
        for call in step.calls
    }
