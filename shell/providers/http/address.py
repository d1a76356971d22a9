"""Completes the base URL of a server that a person has typed or copied."""

import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

_TYPED = re.compile(
    r"(localhost|\[[0-9A-Fa-f:]+\]|[\w-]+(?:\.[\w-]+)+|[\w-]+(?=:\d))(?::\d{1,5})?(?:[/?#].*)?",
    re.ASCII,
)
"""An address without a scheme. A single word does not match, because it may be anything."""
_REQUEST_PATHS = ("/chat/completions", "/responses", "/messages", "/models")
"""Paths that requests add to a base URL, and that people copy with it from a manual."""
_VERSION = "/v1"
_PRIVATE_SUFFIXES = (".home.arpa", ".internal", ".lan", ".local", ".localhost")
_AT_ROOT = frozenset({"api.perplexity.ai"})
"""Servers with the API of OpenAI at their root, without a version."""


def complete_address(address: str, *, has_version: bool) -> str:
    """Turn the address of a server into its base URL.

    Adds the scheme and the version that it lacks. Removes the path of a request, a slash at the end
    and, for an API whose base URL has no version, `/v1`. Returns the same text if it is no address,
    or if only a slash at the end would change.

    Args:
        address: the person's input.
        has_version: whether a base URL of this API ends with its version.
    """
    text = address.strip()
    if match := _TYPED.fullmatch(text):
        text = f"{'http' if _is_private(match[1]) else 'https'}://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:
        return address
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return address
    path = parts.path.rstrip("/")
    for request_path in _REQUEST_PATHS:
        path = path.removesuffix(request_path)
    if has_version:
        path = path or ("" if parts.hostname in _AT_ROOT else _VERSION)
    else:
        path = path.removesuffix(_VERSION)
    completed = urlunsplit(parts._replace(path=path))
    return address if completed == address.rstrip("/") else completed


def _is_private(host: str) -> bool:
    """Whether a host is an address, or has a name of a private network. It likely has no https."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host or host.lower().endswith(_PRIVATE_SUFFIXES)
    return True
