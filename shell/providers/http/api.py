"""Describes how one API differs from another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shell.providers.base import ProviderRequest
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.response import StreamingResponse

if TYPE_CHECKING:
    from shell.contract import WireApi

Body = dict[str, object]
"""The JSON object of a request."""


def without_none(fields: Body) -> Body:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Api:
    """The differences between one API and another."""

    name: "WireApi"
    path: str
    """Where requests go, after the base URL."""
    models_path: str
    """Where the list of models is, after the base URL."""
    body: Callable[[ProviderRequest], Body]
    """Builds the body of a request. It uses nothing but its argument, so that a preview shows the
    bytes that would be sent."""
    decoder: Callable[[Endpoint], StreamingResponse]
    key_header: Callable[[str], Mapping[str, str]] = lambda key: {"authorization": f"Bearer {key}"}
    headers: Mapping[str, str] = field(default_factory=dict)
    """Other headers that the API requires."""
