"""Passes: what opens the door from a browser: one token, and tickets that work once."""

import secrets
import time
from collections.abc import Callable

TICKET_S = 120.0
"""How long a browser may take to start and present its ticket."""
MAX_TICKETS = 16


class Passes:
    """Made anew with every process; never written anywhere by the host but to its own output."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.token = secrets.token_urlsafe(32)
        """Opens the door any number of times."""
        self._now = now
        self._tickets: dict[bytes, float] = {}

    def ticket(self) -> str:
        """A pass for one use, which may be seen by others (in a process list) without harm."""
        ticket = secrets.token_urlsafe(32)
        while len(self._tickets) >= MAX_TICKETS:
            del self._tickets[next(iter(self._tickets))]
        self._tickets[ticket.encode()] = self._now() + TICKET_S
        return ticket

    def admit(self, token: str | None, ticket: str | None) -> bool:
        """Whether one of them is valid. A ticket is used up by this. Takes constant time."""
        if token is not None and _same(token, self.token.encode()):
            return True
        if ticket is None:
            return False
        found = [known for known in self._tickets if _same(ticket, known)]
        return bool(found) and self._tickets.pop(found[0]) >= self._now()


def _same(given: str, known: bytes) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), known)
