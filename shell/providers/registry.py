"""Providers: everybody who can run models, by the id that requests use. One line each."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from shell.errors import ValidationFailed
from shell.providers.anthropic import Anthropic
from shell.providers.base import ModelInfo, Provider
from shell.providers.capabilities import Capabilities
from shell.providers.echo import EchoProvider
from shell.providers.endpoint import Endpoint
from shell.providers.local import LocalProvider
from shell.providers.openai_compatible import OpenAICompatible
from shell.providers.openai_responses import OpenAIResponses
from shell.providers.replay import ReplayProvider
from shell.providers.weights import WeightsShelf

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
GOOGLE_URL = "https://generativelanguage.googleapis.com/v1beta/openai"
REPLAY_VARIABLE = "TIDEWIRE_REPLAY_FILE"
"""Names a recording; there is a provider that plays it then."""

Models = Callable[[str], ModelInfo]


class Providers(Mapping[str, Provider]):
    """The providers of one host.

    Args:
        data_dir: the data directory, for the user's own model files and table of models.
        environ: keys and base URLs.
    """

    default_id = "local"

    def __init__(self, data_dir: Path | None, environ: Mapping[str, str] = os.environ) -> None:
        table = Capabilities(data_dir)
        every: list[Provider] = [
            LocalProvider(WeightsShelf(data_dir, environ)),
            _openai(environ, partial(table.info, "openai")),
            _anthropic(environ, partial(table.info, "anthropic")),
            _google(environ, partial(table.info, "google")),
            EchoProvider(),
        ]
        recording = environ.get(REPLAY_VARIABLE)
        if recording:
            every.append(ReplayProvider(Path(recording).expanduser()))
        self._providers = {provider.id: provider for provider in every}

    def resolve(self, provider_id: str) -> Provider:
        """The provider of an id.

        Raises:
            ValidationFailed: there is none.
        """
        provider = self._providers.get(provider_id)
        if provider is None:
            allowed = ", ".join(self._providers)
            text = f"Invalid provider ID: {provider_id}. Allowed: {allowed}"
            raise ValidationFailed([("providerId", text)])
        return provider

    async def close(self) -> None:
        """Close every provider, whatever the others do."""
        closing = (provider.close() for provider in self._providers.values())
        await asyncio.gather(*closing, return_exceptions=True)

    def __getitem__(self, provider_id: str) -> Provider:
        return self._providers[provider_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __len__(self) -> int:
        return len(self._providers)


def _openai(environ: Mapping[str, str], models: Models) -> Provider:
    endpoint = Endpoint(
        "openai",
        "OpenAI",
        _first(environ, "OPENAI_BASE_URL") or OPENAI_URL,
        partial(_first, environ, "OPENAI_API_KEY"),
        max_tokens_field="max_completion_tokens",
    )
    default = "gpt-5.4-mini"
    # Responses tells what a model thinks; what stands in for OpenAI mostly knows only the other.
    if endpoint.base_url.rstrip("/") == OPENAI_URL:
        return OpenAIResponses(endpoint, default, models)
    return OpenAICompatible(endpoint, default, models)


def _anthropic(environ: Mapping[str, str], models: Models) -> Provider:
    endpoint = Endpoint(
        "anthropic",
        "Anthropic",
        _first(environ, "ANTHROPIC_BASE_URL") or ANTHROPIC_URL,
        partial(_first, environ, "ANTHROPIC_API_KEY"),
    )
    return Anthropic(endpoint, "claude-sonnet-5-5", models)


def _google(environ: Mapping[str, str], models: Models) -> Provider:
    endpoint = Endpoint(
        "google",
        "Google",
        _first(environ, "GOOGLE_BASE_URL", "GEMINI_BASE_URL") or GOOGLE_URL,
        partial(_first, environ, "GOOGLE_API_KEY", "GEMINI_API_KEY"),
    )
    return OpenAICompatible(endpoint, "gemini-flash-latest", models, extra=_google_thoughts)


def _google_thoughts(model: ModelInfo) -> Mapping[str, object]:
    """What Google's own fields are called in its copy of OpenAI's API."""
    if model.reasoning != "thoughts":
        return {}
    return {"extra_body": {"google": {"thinking_config": {"include_thoughts": True}}}}


def _first(environ: Mapping[str, str], *names: str) -> str | None:
    """The first of these variables that is set to something."""
    return next((environ[name] for name in names if environ.get(name)), None)
