"""The secrets that let a browser in, and the proofs that host and page give each other.

All of them come from one root secret, so the host keeps no list of its tabs' keys:

- the token makes links (`POST /link`) and opens nothing itself. The owner's key, which the data
  directory has for `tidewire link`, also makes links, and is never sent;
- a ticket, in a link's fragment, lets one page in, once;
- a tab's key lets that tab in again after a reload or a lost connection.

Neither a ticket nor a tab's key is ever sent: both sides show that they know it by an HMAC over
fresh random numbers, the host first. A program that listens on the port of a host that died
learns nothing that it could use.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

TICKET_S = 600.0
"""How long a person or a browser may take to open a link."""
MAX_TICKETS = 512
AGAIN_S = 10.0
"""How long a tab that used a ticket may use it again: it may be reloaded before it has its key."""

Side = Literal["host", "page"]


@dataclass(slots=True)
class Ticket:
    """A ticket that is not used up yet."""

    secret: str
    expires: float | None
    """None: it does not expire before its first use, as in the link that the program prints."""
    owner_only: bool
    """Only a connection that is known to be the same user's may use it."""
    on_used: Callable[[], object]
    tab: str | None = None
    """The tab that has used it."""


class AccessTokens:
    """The token, the tickets and the keys of one process. Loop thread only.

    Args:
        now: a clock in seconds.
        root: the secret that tokens and keys are derived from; None for a new one. With the same
            root they outlive this process.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, root: str | None = None) -> None:
        self._root = root or secrets.token_urlsafe(32)
        self._now = now
        self._tickets: dict[str, Ticket] = {}
        self.token = self._derive("token")
        self.owners_key = self._derive("owner")

    def is_token(self, given: str) -> bool:
        """Whether this is the token. Takes constant time."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def ticket(
        self,
        *,
        lasting: bool = False,
        owner_only: bool = False,
        on_used: Callable[[], object] = lambda: None,
    ) -> str:
        """A new ticket, as `ID.SECRET`.

        Args:
            lasting: it does not expire before it is used.
            owner_only: only a connection of the same user may use it.
            on_used: called when it has let a page in.
        """
        expiring = [name for name, ticket in self._tickets.items() if ticket.expires is not None]
        for name in expiring[: max(0, len(expiring) - MAX_TICKETS + 1)]:
            del self._tickets[name]
        name, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        expires = None if lasting else self._now() + TICKET_S
        self._tickets[name] = Ticket(secret, expires, owner_only, on_used)
        return f"{name}.{secret}"

    def find(self, name: str, tab: str) -> Ticket | None:
        """Return the ticket with this id that the tab may use.

        None if it does not exist, has expired, or another tab has used it.
        """
        ticket = self._tickets.get(name)
        if ticket is not None and ticket.expires is not None and ticket.expires < self._now():
            del self._tickets[name]
            return None
        return ticket if ticket is None or ticket.tab in (None, tab) else None

    def use(self, name: str, tab: str) -> bool:
        """Use up a ticket. False when another tab has used it before."""
        ticket = self.find(name, tab)
        if ticket is None:
            return False
        if ticket.tab is None:
            ticket.tab, ticket.expires = tab, self._now() + AGAIN_S
            ticket.on_used()
        return True

    def tab_key(self, tab: str) -> str:
        """Derive the key by which a tab that was admitted once comes back."""
        return self._derive(f"tab\n{tab}")

    def _derive(self, purpose: str) -> str:
        digest = hmac.digest(self._root.encode(), purpose.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def prove(secret: str, side: Side, *facts: str) -> str:
    """The proof that `side` knows a secret, for one connection: HMAC-SHA-256, in hexadecimal.

    Args:
        secret: of a ticket, or a tab's key.
        side: the side that proves it. Neither side can send the other's proof back as its own.
        facts: values of this connection: tab, load, the page's and the host's random number.
    """
    return hmac.digest(secret.encode(), "\n".join((side, *facts)).encode(), "sha256").hex()


def is_proof(given: str, secret: str, side: Side, *facts: str) -> bool:
    """Whether `given` is this proof. Takes constant time."""
    return hmac.compare_digest(given.encode(), prove(secret, side, *facts).encode())
