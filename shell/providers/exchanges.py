"""Records the requests and responses of a run, so that a person can inspect them later.

A request is recorded before the key is added to it, so no record ever holds a key.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the models of the wire are loaded only where one is shown
    from shell.contract import WireApi

KEY = "[key]"
"""The placeholder for a key, or for the value of a secret header."""
MAX_RUN_BYTES = 8_000_000
"""Limit on the recorded bodies and responses of one run. Further bytes are only counted."""


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request as it is sent, except for its key."""

    url: str
    headers: Mapping[str, str]
    """With `KEY` in the place of every secret."""
    variables: Mapping[str, str]
    """The environment variable that stands for `KEY` in a header, by the header's name."""
    body: bytes
    api: "WireApi"
    base_url: str


@dataclass(slots=True)
class Exchange:
    """One attempt: a request, and the response in the pieces in which it arrived."""

    request: OutgoingRequest
    secrets: Callable[[], list[str]]
    """Finds the secrets that the response must not show. Called when the record is written."""
    recording: "Recording"
    is_body_recorded: bool
    began: float = field(default_factory=time.monotonic)
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    received: int = 0
    """Bytes of the response, recorded or not."""
    is_cut: bool = False
    """Whether the end of the response is not recorded, because it was too long."""
    error: str | None = None
    ended: float | None = None

    def respond(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the beginning of the response."""
        self.status = status
        self.headers = tuple(headers.items())

    def receive(self, piece: bytes) -> None:
        """Note a piece of the response."""
        self.received += len(piece)
        # A shorter piece may have room where a longer one had none; that would leave a gap.
        self.is_cut = self.is_cut or not self.recording.take(len(piece))
        if not self.is_cut:
            self.pieces.append((time.monotonic(), piece))

    def end(self, error: str | None = None) -> None:
        """Note the end of the response, and why it failed if it did."""
        self.ended = time.monotonic()
        self.error = error or self.error


class Recording:
    """The exchanges of one run."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.exchanges: list[Exchange] = []
        self._free_bytes = MAX_RUN_BYTES

    def begin(self, request: OutgoingRequest, secrets: Callable[[], list[str]]) -> Exchange:
        """Record a request that is about to be sent."""
        exchange = Exchange(request, secrets, self, self.take(len(request.body)))
        self.exchanges.append(exchange)
        return exchange

    def take(self, size_bytes: int) -> bool:
        """Reserve room for this many bytes. Returns whether there was enough."""
        if size_bytes > self._free_bytes:
            return False
        self._free_bytes -= size_bytes
        return True
