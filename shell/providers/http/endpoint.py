"""Endpoint: one server that speaks an API. Its address, its key, and what may be said of it."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from shell.errors import ErrorCode, ProviderError, Reason
from shell.support.redaction import redact

MAX_SENTENCE = 500
"""Longest error text, in characters; what a server has to say fits."""
SHORTEST_HEADER = 8
"""A shorter value is a name or a number, unless the header's name says that it is a secret."""
_SECRET_NAMES = ("auth", "cookie", "key", "password", "secret", "signature", "token")
MAX_READ = 8_000
"""How much of a server's own words is looked at."""


def is_secret(header: str) -> bool:
    """Whether a header of this name holds a key, as far as its name tells."""
    return any(part in header.lower() for part in _SECRET_NAMES)


def no_key() -> None:
    """The key of a server that asks for none."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider's server is and how it wants to be asked.

    Errors made here hold no secret: neither the key nor the value of a header of the user's.
    """

    id: str
    label: str
    """The provider's name as people write it; errors begin with it."""
    base_url: str
    key: Callable[[], str | None] = field(default=no_key, repr=False)
    """Asked before every request, so that a new key counts at once."""
    key_required: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The user's own, sent with every request."""
    allow_plain_http: bool = False
    """The user insists on http:// to another machine."""

    @property
    def on_this_machine(self) -> bool:
        """Whether the address is a loopback address: no proxy, no encryption needed."""
        host = self._address.hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def on_this_machine_in_plain(self) -> bool:
        """Whether nothing that is sent here can ever need a certificate."""
        return self.on_this_machine and self._address.scheme == "http"

    @property
    def _address(self) -> SplitResult:
        try:
            return urlsplit(self.base_url)
        except ValueError:
            return SplitResult("", "", "", "", "")

    def check(self) -> str:
        """The key ("" when none is needed).

        Raises:
            ProviderError: API_KEY_ERROR without a key, INVALID_REQUEST for an address that would
                not keep it.
        """
        parts = self._address
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise self.error(
                ErrorCode.INVALID_REQUEST,
                "The base URL is not an http(s) address.",
                reason=Reason.BAD_ADDRESS,
            )
        if parts.scheme == "http" and not (self.on_this_machine or self.allow_plain_http):
            raise self.error(
                ErrorCode.INVALID_REQUEST,
                "The base URL is http:// to another machine, where everybody on the way could "
                "read the key and the conversation. Use https://.",
                reason=Reason.PLAIN_HTTP,
            )
        key = (self.key() or "").strip()
        if not key and self.key_required:
            raise ProviderError(
                ErrorCode.API_KEY_ERROR,
                f"No API key configured for provider: {self.id}",
                reason=Reason.NO_KEY,
            )
        if not (key.isascii() and key.isprintable()):
            raise self.error(
                ErrorCode.API_KEY_ERROR,
                "The API key holds characters that no key has; it may have been pasted wrongly.",
                reason=Reason.KEY_CHARACTERS,
            )
        return key

    def secrets(self) -> list[str]:
        """What no text may show."""
        values: list[str] = []
        for name, value in self.headers.items():
            if is_secret(name):
                values += [value, value.rpartition(" ")[2]]  # with and without "Bearer"
            elif len(value) >= SHORTEST_HEADER:
                values.append(value)
        return [s for s in (self.key(), self._address.password, *values) if s]

    def error(
        self,
        code: ErrorCode,
        sentence: str,
        retry_after_ms: int | None = None,
        *,
        reason: Reason | None = None,
        theirs: bool = False,
    ) -> ProviderError:
        """An error in this provider's name, redacted, on one line, of a bearable length.

        Args:
            code: what it is.
            sentence: the same for a person.
            retry_after_ms: when the server wants to be asked again.
            reason: what exactly it is.
            theirs: the sentence is the server's own.
        """
        text = redact(sentence[:MAX_READ], self.secrets())
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        if len(text) > MAX_SENTENCE:
            text = text[: MAX_SENTENCE - 1] + "…"
        return ProviderError(
            code,
            f"{self.label}: {text}",
            retry_after_ms=retry_after_ms,
            reason=reason,
            words=text if theirs else None,
        )
