"""Providers: everybody who can run models, by the id that requests use. One line each."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from shell.errors import ValidationFailed
from shell.providers.base import Provider
from shell.providers.echo import EchoProvider
from shell.providers.endpoint import Endpoint
from shell.providers.local import LocalProvider
from shell.providers.openai_compatible import OpenAICompatible
from shell.providers.weights import WeightsShelf


class Providers(Mapping[str, Provider]):
    """The providers of one host.

    Args:
        data_dir: the data directory; the user's own model files are looked for in it.
        environ: keys and base URLs.
    """

    default_id = "local"

    def __init__(self, data_dir: Path | None, environ: Mapping[str, str] = os.environ) -> None:
        def key(*names: str) -> Callable[[], str | None]:
            return lambda: next((environ[name] for name in names if environ.get(name)), None)

        def url(default: str, *names: str) -> str:
            return key(*names)() or default

        every: list[Provider] = [
            LocalProvider(WeightsShelf(data_dir, environ)),
            OpenAICompatible(
                Endpoint(
                    "openai",
                    "OpenAI",
                    url("https://api.openai.com/v1", "OPENAI_BASE_URL"),
                    key("OPENAI_API_KEY"),
                    max_tokens_field="max_completion_tokens",
                ),
                "gpt-5.4-mini",
            ),
            OpenAICompatible(
                Endpoint(
                    "google",
                    "Google",
                    url(
                        "https://generativelanguage.googleapis.com/v1beta/openai",
                        "GOOGLE_BASE_URL",
                        "GEMINI_BASE_URL",
                    ),
                    key("GOOGLE_API_KEY", "GEMINI_API_KEY"),
                ),
                "gemini-flash-latest",
            ),
            EchoProvider(),
        ]
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
