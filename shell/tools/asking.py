"""Lets the source of a tool ask the person something during a call."""

from contextvars import ContextVar
from typing import NamedTuple, Protocol

from shell.contract import Elicitation, ElicitationAction, FormValues


class Reply(NamedTuple):
    """What the person has answered."""

    action: ElicitationAction
    values: FormValues


CANCELLED = Reply("cancel", {})


class Asker(Protocol):
    """Asks the person for one call."""

    async def ask(self, asked: Elicitation) -> Reply:
        """Show it to the person and wait for the answer: `CANCELLED` if the call ends before."""

    def refuse(self, text: str) -> None:
        """Tell the person that something was asked that is not shown, and why."""


ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)
"""Of the call that is being made. Where there is none, nobody can be asked."""
