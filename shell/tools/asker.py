"""Lets the source of a tool ask the person a question during a call (an elicitation)."""

from contextvars import ContextVar
from typing import NamedTuple, Protocol

from shell.contract import Elicitation, ElicitationAction, FormValues

LONGEST_CALL_S = 600.0
"""Longest time of a call. A person who opens a page for it has this long as well."""
ANSWER_S = 600.0
"""How long the person has to answer. This time does not count as time of the call."""


class Reply(NamedTuple):
    """The person's answer."""

    action: ElicitationAction
    values: FormValues


CANCELLED = Reply("cancel", {})


class Asker(Protocol):
    """Asks the person for one call."""

    async def ask(self, elicitation: Elicitation) -> Reply:
        """Show a form and wait for the answer. Returns `CANCELLED` if the call ends before."""

    def refuse(self, text: str) -> None:
        """Show the person why an elicitation was refused."""


ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)
"""The asker of the current call. None if no person can answer."""
