"""A desk whose tools are functions of a test."""

from pathlib import Path

from shell.contract import AnswerCall, SendReply, SendRequest, StoredMessage
from shell.conversations.answers import Answers
from shell.tools.offer import OfferedTool
from shell.tools.permissions import Permissions
from shell.tools.registry import Tools
from tests.engine.functions import Functions
from tests.store.desk import OWNER, Desk


class FunctionTools(Tools):
    """The tools of a test. Those with the given names run without approval."""

    def __init__(self, folder: Path, functions: Functions, allowed: tuple[str, ...]) -> None:
        super().__init__(folder)
        self._functions = functions
        self._names = allowed

    async def all(self) -> list[OfferedTool]:
        return [OfferedTool(tool, self._functions) for tool in self._functions.tools.values()]

    def permissions(self, allowed: object = ()) -> Permissions:
        return Permissions(self.choices, self._names)


class CallsDesk(Desk):
    """A desk with the tools of a test."""

    def __init__(self, folder: Path, functions: Functions, *allowed: str) -> None:
        super().__init__(folder)
        tools = FunctionTools(folder, functions, allowed)
        self.answers = Answers(
            self.store,
            self.engine,
            self.authors,
            self.titles,
            tools=lambda: tools,
            ledger=self.ledger,
        )
        self.conversations = self.api(folder)

    async def ask(self, conversation_id: str, script: str) -> SendReply:
        """Ask with all tools, and wait for the end."""
        request = SendRequest(conversation_id=conversation_id, content=script, tools="all")
        return await self.done(await self.answers.send(OWNER, request))


def calls(message: StoredMessage) -> list[AnswerCall]:
    return [part for part in message.parts if isinstance(part, AnswerCall)]
