"""Mends the base URL of a server, as people type or copy it."""

import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

_TYPED = re.compile(
    r"(localhost|\[[0-9A-Fa-f:]+\]|[\w-]+(?:\.[\w-]+)+|[\w-]+(?=:\d))(?::\d{1,5})?(?:[/?#].*)?",
    re.ASCII,
)
"""An address without a scheme. A single word is none, as it may be anything."""
_CALLS = ("/chat/completions", "/responses", "/messages", "/models")
"""What our requests add, and what people copy from a manual."""
_VERSION = "/v1"
_AT_ROOT = frozenset({"api.perplexity.ai"})
"""Servers with the API of OpenAI at their root, without a version."""


def complete_address(address: str, *, has_version: bool) -> str:
    """Return the address with the scheme and the version that it lacks. The same text when nothing
    is to be completed, or nothing can be.

    Args:
        address: what a person gave.
        has_version: whether a base URL of this API ends with its version.
    """
    text = address.strip()
    if typed := _TYPED.fullmatch(text):
        text = f"{'http' if _is_near(typed[1]) else 'https'}://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:
        return address
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return address
    path = parts.path.rstrip("/")
    for call in _CALLS:
        path = path.removesuffix(call)
    if has_version:
        path = path or ("" if parts.hostname in _AT_ROOT else _VERSION)
    else:
        path = path.removesuffix(_VERSION)
    made = urlunsplit(parts._replace(path=path))
    return address if made == address.rstrip("/") else made


def _is_near(host: str) -> bool:
    """Whether a host is likely to speak http: this machine, or one that has no public name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host
    return True
