"""A process whose answers call tools, three steps with two calls each, until it is killed.

    python -m tests.store.calls_victim

It first continues the answers that an earlier process left unfinished, and then begins others. It
writes a line of JSON for every acknowledged decision. Its tools write a line to a file when they
begin.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from shell.contract import (
    AnswerCall,
    AnswerRequest,
    ApprovalEvent,
    CallDecision,
    SendRequest,
    Verdict,
)
from shell.conversations.answers import Answers, StartedAnswer
from shell.store.database import Connection
from shell.tools.base import Arguments, Progress, Tool
from shell.tools.media import Media, ToolOutput
from shell.tools.offer import OfferedTool
from shell.tools.permissions import Permissions
from shell.tools.registry import Tools
from tests.store.desk import OWNER, Desk
from tests.store.victim import live_in_every_folder, report

BEGUN = "calls-begun"
AT_ONCE = 3
STEPS = 3
KEYS: dict[str, object] = {"type": "object", "properties": {"key": {"type": "string"}}}


class InProcess(Tools):
    """Two tools of this process: `free` runs without approval, and `asked` needs it each time."""

    name = "mine.py"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._begun = os.open(folder / BEGUN, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._chance = random.Random()  # noqa: S311

    async def all(self) -> list[OfferedTool]:
        return [OfferedTool(tool, self) for tool in await self.list()]

    async def list(self) -> Sequence[Tool]:
        kind: Literal["python"] = "python"
        return [
            Tool(name, self.name, kind, parameters=KEYS, brings=False, sends=False)
            for name in ("free", "asked")
        ]

    def permissions(self, allowed: object = ()) -> Permissions:
        return Permissions(None, ["free"])

    async def call(  # type: ignore[override]
        self, tool: Tool, arguments: Arguments, progress: Progress
    ) -> str | ToolOutput:
        os.write(self._begun, f"{tool.name} {arguments['key']}\n".encode())
        await asyncio.sleep(self._chance.uniform(0.0, 0.03))
        sound = Media("audio/ogg", f"OggS {arguments['key']}".encode())
        return ToolOutput(f"result of {arguments['key']}", (sound,))


class Life:
    """The work of one process until it is killed, or until nothing is left to do."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.tools = InProcess(folder)
        self.desk.answers = Answers(
            self.desk.store,
            self.desk.engine,
            self.desk.authors,
            self.desk.titles,
            tools=lambda: self.tools,
            ledger=self.desk.ledger,
        )
        self.chance = random.Random()  # noqa: S311

    async def live(self, *, begins: bool) -> None:
        """Finish the stored answers, then begin answers without end if `begins`."""
        left = self.desk.store.database.read(_conversations).result()
        report(pid=os.getpid())
        async with asyncio.TaskGroup() as group:
            for place in range(AT_ONCE):
                group.create_task(self._converse(left[place::AT_ONCE], begins=begins))

    async def _converse(self, left: list[str], *, begins: bool) -> None:
        for conversation_id in left:
            await self._finish(conversation_id)
        while begins:
            conversation_id = await self.desk.begin()
            begun = await self.desk.answers.send(
                OWNER, SendRequest(conversation_id=conversation_id, content=_script(), tools="all")
            )
            await self._play(begun)

    async def _finish(self, conversation_id: str) -> None:
        """Continue the answer until it is complete."""
        while True:
            messages = (await self.desk.view(conversation_id)).messages
            if not messages:
                return
            answer = messages[-1]
            calls = [part for part in answer.parts if isinstance(part, AnswerCall)]
            waiting = [call for call in calls if call.state == "waiting"]
            over = answer.status == "complete" and len(calls) == 2 * STEPS
            if not waiting and over and all(call.result for call in calls):
                return
            begun = None
            for call in waiting:
                begun = await self._decide(answer.id, call.call_id, call.nonce or "") or begun
            if begun is None:
                if not calls and not answer.content:
                    begun = await self.desk.answers.regenerate(
                        OWNER, AnswerRequest(message_id=answer.id, tools="all")
                    )
                else:
                    request = AnswerRequest(message_id=answer.id, tools="all")
                    begun = await self.desk.answers.continue_answer(OWNER, request)
            await self._play(begun)

    async def _play(self, begun: StartedAnswer) -> None:
        """Decide about the calls of a run as they ask for approval, until the run ends."""
        async with asyncio.TaskGroup() as group:
            async for event in begun.log.follow():
                if isinstance(event, ApprovalEvent) and event.state == "asked":
                    group.create_task(self._decide_soon(begun, event))
        await self.desk.wait_until_stored(begun.reply.conversation_id)

    async def _decide_soon(self, begun: StartedAnswer, event: ApprovalEvent) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, 0.05))
        await self._decide(begun.reply.answer_id, event.call_id, event.nonce or "")

    async def _decide(self, message_id: str, call_id: str, nonce: str) -> StartedAnswer | None:
        verdict: Verdict = self.chance.choice(("allow", "deny"))
        decision = CallDecision(
            message_id=message_id, call_id=call_id, nonce=nonce, verdict=verdict, tools="all"
        )
        taken, begun = await self.desk.answers.decide(OWNER, decision)
        if taken:
            report(message=message_id, call=call_id, verdict=verdict)
        return begun


def _script() -> str:
    key = os.urandom(6).hex()
    parts = [
        f"/rate 400\nNow for step {step}.\n"
        f'/call free {{"key": "{key}-{step}-free"}}\n'
        f'/call asked {{"key": "{key}-{step}-asked"}}'
        for step in range(1, STEPS + 1)
    ]
    return "\n/then\n".join([*parts, "/rate 400\nThat is all of it."])


def _conversations(connection: Connection) -> list[str]:
    return [str(found) for (found,) in connection.execute("SELECT id FROM conversations")]


async def run(folder: Path) -> None:
    """Run a host in a directory. With a file `last` in it, only finish the stored answers."""
    life = Life(folder)
    begins = not (folder / "last").exists()
    await life.live(begins=begins)
    await life.desk.close()
    report(finished=True)


if __name__ == "__main__":
    live_in_every_folder(run)
