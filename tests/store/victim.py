"""A process that keeps five answers running until it is killed, and reports what was acknowledged.

    python -m tests.store.victim

It imports everything once, and forks such a process for every line that it reads, which names a
directory. That process writes reports to the standard output, a line of JSON each: `{"pid"}` once,
`{"question", "text"}` and `{"answer", "text"}` when the host has acknowledged a message, and
`{"growing", "text", "at"}` for the length of a running answer in its log at a time. `{"ended"}`
follows when the process is dead.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from shell.contract import SendRequest
from shell.conversations.answers import StartedAnswer
from shell.store.database import Connection
from tests.store.desk import OWNER, Desk

STREAMS = 5
POLL_S = 0.02


def report(**line: object) -> None:
    os.write(1, (json.dumps(line) + "\n").encode())


async def converse(desk: Desk, chance: random.Random, live: dict[str, StartedAnswer]) -> None:
    """Ask questions, each after the answer to the last, and sometimes regenerate an answer."""
    conversation = await desk.begin()
    while True:
        words = " ".join(f"w{number}" for number in range(chance.randrange(20, 400)))
        text = f"/rate {chance.randrange(100, 2_000)}\n{words}"
        request = SendRequest(conversation_id=conversation, content=text)
        begun = await desk.answers.send(OWNER, request)
        report(question=begun.reply.message_id, text=text)
        live[begun.reply.answer_id] = begun
        reply = await desk.done(begun)
        del live[reply.answer_id]
        report(answer=reply.answer_id, text=words)
        if chance.random() < 0.3:
            again = await desk.regenerate(reply.answer_id)
            report(answer=again.answer_id, text=words)


async def watch(live: dict[str, StartedAnswer]) -> None:
    while True:
        for answer_id, begun in live.items():
            report(growing=answer_id, text=len(begun.log.text("llm:token")), at=time.monotonic())
        await asyncio.sleep(POLL_S)


async def run(folder: Path) -> None:
    desk = Desk(folder)
    chance = random.Random()  # noqa: S311
    live: dict[str, StartedAnswer] = {}
    report(pid=os.getpid(), streaming=desk.store.database.read(_streaming).result())
    async with asyncio.TaskGroup() as group:
        group.create_task(watch(live))
        for _ in range(STREAMS):
            group.create_task(converse(desk, chance, live))


def _streaming(connection: Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM messages WHERE status = 'streaming'").get)


def live_in_every_folder(run: Callable[[Path], Coroutine[None, None, None]]) -> None:
    """Read directories from the standard input, and fork a process that runs in each of them."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(run(Path(line.strip())))
            os._exit(1)
        os.waitpid(child, 0)
        report(ended=child)


if __name__ == "__main__":
    live_in_every_folder(run)
