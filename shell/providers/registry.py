"""Holds all providers by their ids.

The first use of a provider makes it and imports its modules, so that a window appears with the
default one alone.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shell.contract import ProviderKind
from shell.errors import Reason, ShellError, ValidationFailed
from shell.providers.base import ANY_MODEL, Provider
from shell.providers.capabilities import Capabilities
from shell.providers.custom import CustomProvider, read_added
from shell.providers.http.endpoint import Endpoint
from shell.support.environment import add_secret_names
from shell.support.files import expand_home

if TYPE_CHECKING:
    from shell.providers.http.api import Api

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
GOOGLE_URL = "https://generativelanguage.googleapis.com/v1beta/openai"
REPLAY_VARIABLE = "TIDEWIRE_REPLAY_FILE"
"""The environment variable with the path of a recording. If it is set, a provider plays it."""
RECORDING = "recording"
"""The id of the provider that plays a recording from the command line. Its model is the file."""
_log = logging.getLogger(__name__)

FindKey = Callable[[str, str], str | None]
"""Finds the key of a provider (by its id) for an address. None if there is none."""


class Providers(Mapping[str, Provider]):
    """The providers of one host.

    Args:
        data_dir: the data directory with the user's own providers, model files and table of models.
        environ: keys and base URLs.
        find_key: looks a key up before every request. By default only the keys of the
            environment are used. A custom function can look those up with `environment_key`.
    """

    default_id = "local"

    def __init__(
        self,
        data_dir: Path | None,
        environ: Mapping[str, str] = os.environ,
        find_key: FindKey | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._environ = environ
        self.table = Capabilities(data_dir)
        factory = self._factory = _ProviderFactory(environ, find_key, self.table, data_dir)
        self._constructors: dict[str, Callable[[], Provider]] = {
            key: partial(built_in.make, factory) for key, built_in in _BUILT_IN.items()
        }
        if file := environ.get(REPLAY_VARIABLE):
            self._constructors["replay"] = partial(_replay, file, "replay")
        self._providers: dict[str, Provider] = {}
        self.built_in = frozenset(self._constructors)
        """The ids that cannot be used for other providers or removed."""
        self._added: dict[str, CustomProvider] = {}
        self._retired: list[Provider] = []
        self.reload()

    def resolve(self, provider_id: str) -> Provider:
        """Find the provider with this id.

        Raises:
            ValidationFailed: there is none.
        """
        if provider_id not in self._constructors:
            self.reload()  # another process may have added it
        provider = self.get(provider_id)
        if provider is None:
            allowed = ", ".join(self._constructors)
            text = f"Invalid provider ID: {provider_id}. Allowed: {allowed}"
            raise ValidationFailed([("providerId", text)], reason=Reason.UNKNOWN_PROVIDER)
        return provider

    # --- what a person added ----------------------------------------------------------------

    def reload(self) -> None:
        """Load added providers and drop removed ones, whichever process has changed the file.

        Running inferences keep a dropped provider. `close` closes it.
        """
        try:
            found = {added.id: added for added in read_added(self._data_dir)}
        except ShellError as error:  # the other providers stay usable
            _log.warning("%s", error)
            return
        # Children that start later must not get its key.
        add_secret_names(added.key_env for added in found.values() if added.key_env)
        for provider_id in [key for key, old in self._added.items() if found.get(key) != old]:
            del self._added[provider_id]
            del self._constructors[provider_id]
            self._factory.endpoints.pop(provider_id, None)
            if (provider := self._providers.pop(provider_id, None)) is not None:
                self._retired.append(provider)
        for provider_id, added in found.items():
            if provider_id not in self._constructors:
                self._constructors[provider_id] = partial(self._factory.added, added)
                self._added[provider_id] = added

    def play(self, file: str | None) -> str:
        """Add a provider that plays a recording. Returns its id. The person must have named the
        file, because a page must not choose which file is read.

        Raises:
            ValidationFailed: no file is named.
        """
        if file is None:
            raise ValidationFailed([("model", "--provider recording needs --model FILE")])
        self._constructors[RECORDING] = partial(_replay, file, RECORDING)
        self.built_in |= {RECORDING}
        return RECORDING

    def added(self, provider_id: str) -> CustomProvider | None:
        """The settings of a provider that a person added. None for a built-in one."""
        return self._added.get(provider_id)

    def kind(self, provider_id: str) -> ProviderKind:
        """The kind of a provider."""
        if provider_id in self._added:
            return self._added[provider_id].kind
        return _BUILT_IN[provider_id].kind if provider_id in _BUILT_IN else "test"

    def endpoint(self, provider_id: str) -> Endpoint | None:
        """The endpoint of a provider. None for one that runs in this program."""
        self.get(provider_id)
        return self._factory.endpoints.get(provider_id)

    # --- trying -----------------------------------------------------------------------------

    def draft(self, settings: CustomProvider, key: str | None) -> Provider:
        """Make a provider from settings that are not stored, to test and close it. It gets only
        this key, because its address may belong to anyone.
        """
        return _ProviderFactory({}, lambda *_: key, self.table).added(settings)

    def with_key(self, provider_id: str, key: str) -> Provider:
        """Make the same provider with another key, to test and close it.

        Raises:
            ValidationFailed: there is none, or it takes no key.
        """
        self.resolve(provider_id)
        if self.endpoint(provider_id) is None:
            raise ValidationFailed([("key", f"{provider_id} takes no key")])
        factory = _ProviderFactory(self._environ, lambda *_: key, self.table)
        added = self._added.get(provider_id)
        return _BUILT_IN[provider_id].make(factory) if added is None else factory.added(added)

    # --- keys -------------------------------------------------------------------------------

    @property
    def base_urls(self) -> Mapping[str, str]:
        """The address of every provider that takes a key, by its id."""
        for provider_id in self:
            self.get(provider_id)
        return {key: endpoint.base_url for key, endpoint in self._factory.endpoints.items()}

    def environment_key(self, provider_id: str) -> str | None:
        """Find a provider's key in the environment."""
        endpoint = self.endpoint(provider_id)
        return None if endpoint is None else self._factory.environment_key(endpoint)

    async def close(self) -> None:
        """Close all providers, even if closing one fails."""
        closing = (provider.close() for provider in [*self._providers.values(), *self._retired])
        await asyncio.gather(*closing, return_exceptions=True)

    def __getitem__(self, provider_id: str) -> Provider:
        if provider_id not in self._providers:
            self._providers[provider_id] = self._constructors[provider_id]()
        return self._providers[provider_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._constructors)

    def __len__(self) -> int:
        return len(self._constructors)


class _ProviderFactory:
    def __init__(
        self,
        environ: Mapping[str, str],
        find_key: FindKey | None,
        table: Capabilities,
        data_dir: Path | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._environ = environ
        self._find_key = find_key
        self._table = table
        self.endpoints: dict[str, Endpoint] = {}

    def local(self) -> Provider:
        from shell.providers.local.model_files import ModelFiles
        from shell.providers.local.provider import LocalProvider

        return LocalProvider(
            ModelFiles(self._data_dir, self._environ), models=partial(self._table.info, "local")
        )

    def echo(self) -> Provider:
        from shell.providers.testing.echo import EchoProvider

        return EchoProvider()

    def openai(self) -> Provider:
        from shell.providers.apis.chat_completions import OPENAI_CHAT
        from shell.providers.apis.responses import RESPONSES

        base_url = self._first("OPENAI_BASE_URL") or OPENAI_URL
        endpoint = Endpoint("openai", "OpenAI", base_url, key_variables=("OPENAI_API_KEY",))
        # Only Responses sends summaries of reasoning, but most servers that imitate OpenAI speak
        # Chat Completions alone.
        api = RESPONSES if base_url.rstrip("/") == OPENAI_URL else OPENAI_CHAT
        return self._on_server(api, endpoint, "gpt-5.4-mini")

    def anthropic(self) -> Provider:
        from shell.providers.apis.messages import MESSAGES

        base_url = self._first("ANTHROPIC_BASE_URL") or ANTHROPIC_URL
        variables = ("ANTHROPIC_API_KEY",)
        endpoint = Endpoint("anthropic", "Anthropic", base_url, key_variables=variables)
        return self._on_server(MESSAGES, endpoint, "claude-sonnet-5-5")

    def google(self) -> Provider:
        from shell.providers.apis.chat_completions import GOOGLE_CHAT

        base_url = self._first("GOOGLE_BASE_URL", "GEMINI_BASE_URL") or GOOGLE_URL
        variables = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
        endpoint = Endpoint("google", "Google", base_url, key_variables=variables)
        return self._on_server(GOOGLE_CHAT, endpoint, "gemini-flash-latest")

    def added(self, added: CustomProvider) -> Provider:
        if added.kind == "gguf":
            from shell.providers.local.model_files import SingleFile
            from shell.providers.local.provider import MAX_CONTEXT_TOKENS, LocalProvider

            return LocalProvider(
                SingleFile(Path(added.file or "")),
                id=added.id,
                label=added.label or added.id,
                models=partial(self._table.info, added.id),
                context_tokens=added.context_tokens or MAX_CONTEXT_TOKENS,
            )
        model_id = added.default_model or ANY_MODEL
        return self._on_server(_api(added.kind), added.endpoint, model_id)

    def _on_server(self, api: "Api", endpoint: Endpoint, default_model: str) -> Provider:
        from shell.providers.http.provider import HttpProvider

        endpoint = replace(endpoint, key=partial(self._key, endpoint))
        self.endpoints[endpoint.id] = endpoint
        return HttpProvider(api, endpoint, default_model, partial(self._table.info, endpoint.id))

    def environment_key(self, endpoint: Endpoint) -> str | None:
        return self._first(*endpoint.key_variables)

    def _key(self, endpoint: Endpoint) -> str | None:
        if self._find_key is not None:
            return self._find_key(endpoint.id, endpoint.base_url)
        return self.environment_key(endpoint)

    def _first(self, *names: str) -> str | None:
        """The value of the first of these variables that is set and not empty."""
        return next((self._environ[name] for name in names if self._environ.get(name)), None)


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    kind: ProviderKind
    make: Callable[[_ProviderFactory], Provider]


_BUILT_IN: Mapping[str, _BuiltIn] = {
    "local": _BuiltIn("gguf", _ProviderFactory.local),
    "openai": _BuiltIn("openai", _ProviderFactory.openai),
    "anthropic": _BuiltIn("anthropic", _ProviderFactory.anthropic),
    "google": _BuiltIn("google", _ProviderFactory.google),
    "echo": _BuiltIn("test", _ProviderFactory.echo),
}
"""The providers that are always there."""


def _replay(file: str, provider_id: str) -> Provider:
    from shell.providers.testing.replay import ReplayProvider

    return ReplayProvider(expand_home(file), id=provider_id)


def _api(kind: str) -> "Api":
    """The API of a server that a person added."""
    from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
    from shell.providers.apis.messages import MESSAGES
    from shell.providers.apis.responses import RESPONSES

    apis: dict[str, Api] = {
        "openai-compatible": CHAT_COMPLETIONS,
        "openai-responses": RESPONSES,
        "anthropic": MESSAGES,
    }
    return apis[kind]
