"""Describes a request as it is sent, without anything secret in it."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from shell import __version__
from shell.providers.exchanges import KEY, OutgoingRequest
from shell.providers.http.endpoint import SHORTEST_HEADER, Endpoint, is_secret
from shell.support.redaction import redact

if TYPE_CHECKING:
    from shell.providers.http.api import Api

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def describe_request(api: "Api", endpoint: Endpoint, path: str, body: bytes) -> OutgoingRequest:
    """Describe a POST to this path. `KEY` stands for the key and for headers that may be secret."""
    headers = {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        **api.headers,
        "user-agent": f"Tidewire/{__version__}",
    }
    variables: dict[str, str] = {}
    if endpoint.key_required or endpoint.key():
        for name, value in api.key_header(KEY).items():
            headers[name] = value
            variables[name] = key_variable(endpoint)
    for name, value in endpoint.headers.items():
        lower = name.lower()
        variables.pop(lower, None)
        headers[lower] = value
        if is_secret(name) or len(value) >= SHORTEST_HEADER:
            headers[lower] = KEY
            variables[lower] = "HEADER_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    base_url = _without_secrets(endpoint.base_url, endpoint).rstrip("/")
    return OutgoingRequest(base_url + path, headers, variables, body, api.name, base_url)


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a response, with `KEY` for each that may be a secret."""
    return {
        name: KEY if is_secret(name) and "ratelimit" not in name.lower() else value
        for name, value in headers.items()
    }


def key_variable(endpoint: Endpoint) -> str:
    """The environment variable that stands for the key."""
    if endpoint.key_variables and VARIABLE.fullmatch(endpoint.key_variables[0]):
        return endpoint.key_variables[0]
    name = re.sub(r"[^A-Z0-9]", "_", endpoint.id.upper())
    return f"{'' if name[:1].isalpha() else '_'}{name}_API_KEY"


def _without_secrets(url: str, endpoint: Endpoint) -> str:
    """An address without its user and password, and without values of a query that may be keys."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return KEY
    netloc = parts.netloc.rpartition("@")
    shown = parts._replace(netloc=f"{KEY}@{netloc[2]}" if netloc[1] else parts.netloc).geturl()
    for name, value in parse_qsl(parts.query):
        if is_secret(name):
            shown = redact(shown.replace(f"={value}", f"={KEY}"), [value])
    return redact(shown, endpoint.secrets())
