"""Providers: everybody who can run models, by the id that requests use. One line each."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from shell.errors import ShellError, ValidationFailed
from shell.providers.added import AddedProvider, read_added
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
_log = logging.getLogger(__name__)

Keys = Callable[[str], str | None]
"""The key that a person gave for a provider, by the provider's id."""


def no_keys(provider_id: str) -> str | None:
    """Nobody gave any: those of the environment count."""


class Providers(Mapping[str, Provider]):
    """The providers of one host.

    Args:
        data_dir: the data directory, for what the user added: endpoints, model files, a table of
            models.
        environ: keys and base URLs.
        keys: asked for a key before the environment is.
    """

    default_id = "local"

    def __init__(
        self,
        data_dir: Path | None,
        environ: Mapping[str, str] = os.environ,
        keys: Keys = no_keys,
    ) -> None:
        make = _Make(environ, keys, Capabilities(data_dir))
        every: list[Provider] = [
            LocalProvider(WeightsShelf(data_dir, environ)),
            make.openai(),
            make.anthropic(),
            make.google(),
            EchoProvider(),
        ]
        if environ.get(REPLAY_VARIABLE):
            every.append(ReplayProvider(Path(environ[REPLAY_VARIABLE]).expanduser()))
        self._providers = {provider.id: provider for provider in every}
        for added in _added(data_dir):
            self._providers.setdefault(added.id, make.added(added))

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


class _Make:
    """Makes the providers that are asked over the network."""

    def __init__(self, environ: Mapping[str, str], keys: Keys, table: Capabilities) -> None:
        self._environ = environ
        self._keys = keys
        self._table = table

    def openai(self) -> Provider:
        base_url = self._first("OPENAI_BASE_URL") or OPENAI_URL
        endpoint = Endpoint(
            "openai",
            "OpenAI",
            base_url,
            self._key("openai", "OPENAI_API_KEY"),
            max_tokens_field="max_completion_tokens",
        )
        # Responses tells what a model thinks; whoever stands in for OpenAI mostly knows only Chat.
        api = OpenAIResponses if base_url.rstrip("/") == OPENAI_URL else OpenAICompatible
        return api(endpoint, "gpt-5.4-mini", self._models("openai"))

    def anthropic(self) -> Provider:
        base_url = self._first("ANTHROPIC_BASE_URL") or ANTHROPIC_URL
        key = self._key("anthropic", "ANTHROPIC_API_KEY")
        endpoint = Endpoint("anthropic", "Anthropic", base_url, key)
        return Anthropic(endpoint, "claude-sonnet-5-5", self._models("anthropic"))

    def google(self) -> Provider:
        base_url = self._first("GOOGLE_BASE_URL", "GEMINI_BASE_URL") or GOOGLE_URL
        key = self._key("google", "GOOGLE_API_KEY", "GEMINI_API_KEY")
        endpoint = Endpoint("google", "Google", base_url, key)
        models = self._models("google")
        return OpenAICompatible(endpoint, "gemini-flash-latest", models, extra=_google_thoughts)

    def added(self, added: AddedProvider) -> Provider:
        names = [added.key_env] if added.key_env else []
        endpoint = Endpoint(
            added.id,
            added.id,
            added.base_url,
            self._key(added.id, *names),
            key_required=added.key_env is not None,
            headers=added.headers,
            allow_plain_http=added.allow_plain_http,
        )
        api = Anthropic if added.kind == "anthropic" else OpenAICompatible
        return api(endpoint, added.default_model or "default", self._models(added.id))

    def _models(self, provider_id: str) -> Callable[[str], ModelInfo]:
        return partial(self._table.info, provider_id)

    def _key(self, provider_id: str, *names: str) -> Callable[[], str | None]:
        return lambda: self._keys(provider_id) or self._first(*names)

    def _first(self, *names: str) -> str | None:
        """The first of these variables that is set to something."""
        return next((self._environ[name] for name in names if self._environ.get(name)), None)


def _google_thoughts(model: ModelInfo) -> Mapping[str, object]:
    """What Google's own fields are called in its copy of OpenAI's API."""
    if model.reasoning != "thoughts":
        return {}
    return {"extra_body": {"google": {"thinking_config": {"include_thoughts": True}}}}


def _added(data_dir: Path | None) -> list[AddedProvider]:
    try:
        return read_added(data_dir)
    except ShellError as error:  # everybody else is still there
        _log.warning("%s", error)
        return []
