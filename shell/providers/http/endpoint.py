"""Holds the address and key of a server, and writes errors about it that contain no secret."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from shell.errors import ErrorCode, ProviderError, Reason
from shell.support.redaction import redact

MAX_SENTENCE = 500
"""Limit on an error text, in characters."""
SHORTEST_HEADER = 8
"""A shorter value counts as a secret only if the header's name suggests it."""
_SECRET_NAMES = ("auth", "cookie", "key", "password", "secret", "signature", "token")
MAX_READ = 8_000
"""Limit on the part of a server's error text that is read."""


def is_secret(header: str) -> bool:
    """Whether the name of a header suggests that its value is a secret."""
    return any(part in header.lower() for part in _SECRET_NAMES)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address, key and headers of a provider's server.

    Errors made here contain neither the key nor the value of a secret header.
    """

    id: str
    label: str
    """The provider's name as people see it. Errors begin with it."""
    base_url: str
    key: Callable[[], str | None] = field(default=lambda: None, repr=False)
    """Called before every request, so that a new key takes effect at once."""
    key_required: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers that the user set, sent with every request."""
    allow_plain_http: bool = False
    """Whether the user allows http:// to another machine."""
    key_variables: tuple[str, ...] = ()
    """The environment variables that may hold the key. In copies of a request the first stands for
    it, or one that is made of the id.
    """

    @property
    def on_this_machine(self) -> bool:
        """Whether the address is a loopback address, which needs no proxy and no encryption."""
        host = self._address.hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def on_this_machine_in_plain(self) -> bool:
        """Whether the address is a loopback address without TLS, which needs no certificates."""
        return self.on_this_machine and self._address.scheme == "http"

    @property
    def _address(self) -> SplitResult:
        try:
            return urlsplit(self.base_url)
        except ValueError:
            return SplitResult("", "", "", "", "")

    def check(self) -> str:
        """Check the address and return the key, or "" if none is needed.

        Raises:
            ProviderError: API_KEY_ERROR without a key, INVALID_REQUEST for an address where it
                would not be safe.
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
                "The base URL uses http:// to another machine, so others on the network could "
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
                "The API key has characters that no key has. Paste it again.",
                reason=Reason.KEY_CHARACTERS,
            )
        return key

    def secrets(self) -> list[str]:
        """List the secrets that no text may contain."""
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
        """Make an error that names this provider, redacted, on one line, of limited length."""
        text = redact(sentence[:MAX_READ], self.secrets())
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        if len(sentence) >= MAX_READ:
            # The last word may be a part of a secret that `redact` does not find.
            text = text[: max(text.rfind(" "), len(text) - MAX_SENTENCE, 0)] + "…"
        if len(text) > MAX_SENTENCE:
            text = text[: MAX_SENTENCE - 1] + "…"
        return ProviderError(
            code,
            f"{self.label}: {text}",
            retry_after_ms=retry_after_ms,
            reason=reason,
            words=text if theirs else None,
        )
