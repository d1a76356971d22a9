"""Lets pages list, test, add and remove providers: the `providers` namespace.

Pages can write keys and the values of headers but never read them. Removed providers stay in
memory, so that `restore` needs nothing from the page.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shell.bridge.caller import Caller
from shell.contract import (
    ModelList,
    ModelRequest,
    ModelsRequest,
    ModelSummary,
    NewProvider,
    PresetSummary,
    Problem,
    ProviderId,
    ProviderSummary,
    TrialReport,
    TrialRequest,
)
from shell.errors import ErrorCode, NotFound, ProviderError, ShellError, ValidationFailed
from shell.providers.base import Provider
from shell.providers.connection_test import try_provider
from shell.providers.custom import MAX_PROVIDERS, CustomProvider, add, remove
from shell.providers.keys import Keys, host_of
from shell.providers.local.provider import LocalProvider
from shell.providers.model_list import LISTING_S, ListedModel, ListsModels, combine_descriptions
from shell.providers.presets import PRESETS, discover
from shell.providers.registry import Providers

CACHE_S = 3_600.0
"""How long a list of models is cached: it changes seldom. `refresh` skips the cache."""


@dataclass(frozen=True, slots=True)
class _Removed:
    added: CustomProvider
    key: str | None


@dataclass(frozen=True, slots=True)
class _CachedModels:
    provider: Provider
    models: ModelList
    until: float


class ProvidersApi:
    """Loop thread only. `on_change` is called when the providers may have changed."""

    def __init__(
        self,
        providers: Providers,
        keys: Keys,
        data_dir: Path,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._providers = providers
        self._keys = keys
        self._data_dir = data_dir
        self._on_change = on_change
        self._writing = asyncio.Lock()
        self._removed: dict[str, _Removed] = {}
        self._model_cache: dict[str, _CachedModels] = {}

    def list(self, caller: Caller) -> "list[ProviderSummary]":
        """List the providers, the built-in ones first."""
        self._reload()
        return [summary(self._providers, provider) for provider in self._providers.values()]

    async def models(self, caller: Caller, params: ModelsRequest) -> ModelList:
        """List a provider's models: its own list if it has one, otherwise those of our table."""
        provider = self._providers.resolve(params.provider_id)
        cached = self._cached(provider)
        if cached is not None and not params.refresh:
            return cached
        models = await models_of(self._providers, provider)
        until = time.monotonic() + CACHE_S
        self._model_cache[provider.id] = _CachedModels(provider, models, until)
        return models

    async def describe(self, caller: Caller, params: ModelRequest) -> ModelSummary | None:
        """Describe a model, without a request to another machine, because a page calls this before
        the person asks anything. Null for an unknown model.
        """
        provider = self._providers.resolve(params.provider_id)
        endpoint = self._providers.endpoint(provider.id)
        models = self._cached(provider)
        if models is None and (endpoint is None or endpoint.on_this_machine):
            models = await self.models(caller, ModelsRequest(provider_id=provider.id))
        for model in models.models if models is not None else ():
            if model.id == params.model_id:
                return model
        if not provider.model(params.model_id).known:
            return None
        return _model_summary(provider, ListedModel(params.model_id, params.model_id))

    def _cached(self, provider: Provider) -> ModelList | None:
        cached = self._model_cache.get(provider.id)
        if cached is None or cached.provider is not provider or time.monotonic() >= cached.until:
            return None
        return cached.models

    async def presets(self, caller: Caller) -> Sequence[PresetSummary]:
        """List servers that many people use, and whether each one runs on this machine now."""
        found = await discover(PRESETS)
        urls = {url.rstrip("/"): key for key, url in self._providers.base_urls.items()}
        return [
            PresetSummary(
                id=preset.id,
                name=preset.label,
                base_url=preset.base_url,
                takes_key=preset.key_required,
                running=preset.id in found if preset.on_this_machine else None,
                models=found.get(preset.id, []),
                provider_id=urls.get(preset.base_url),
            )
            for preset in PRESETS
        ]

    async def add(self, caller: Caller, params: NewProvider) -> ProviderSummary:
        """Add a provider and complete its address. `keys.set` can then store its key."""
        added, remark = CustomProvider.model_validate(params.model_dump()).with_complete_address()
        return (await self._add(added)).model_copy(update={"remark": remark})

    async def remove(self, caller: Caller, params: ProviderId) -> bool:
        """Remove an added provider and its key; `restore` undoes it, except for a key that belongs
        to another host. Running answers continue. False when there is no such provider.
        """
        if params in self._providers.built_in:
            text = f"{params} is built into Tidewire and cannot be removed"
            raise ValidationFailed([("providerId", text)])
        self._reload()
        added = self._providers.added(params)
        if added is None:
            return False
        url = self._providers.base_urls.get(params)
        source = None if url is None else self._keys.status(params, url).source
        has_stored_key = source in {"keychain", "session"}
        key = self._keys.find(params, url) if url is not None and has_stored_key else None
        async with self._writing:
            removed = await asyncio.to_thread(remove, self._data_dir, params)
        self._reload()
        self._removed[params] = _Removed(added, key)
        while len(self._removed) > MAX_PROVIDERS:
            del self._removed[next(iter(self._removed))]
        if url is not None and has_stored_key:
            await self._keys.remove(params, url)
        return removed

    async def restore(self, caller: Caller, params: ProviderId) -> ProviderSummary:
        """Restore a provider, with its key, that was removed since the host started."""
        removed = self._removed.get(params)
        if removed is None:
            raise NotFound(f"No provider called {params} has been removed")
        restored = await self._add(removed.added)
        del self._removed[params]
        url = self._providers.base_urls.get(params)
        if removed.key is None or url is None:
            return restored
        await self._keys.set(params, removed.key, url)
        return summary(self._providers, self._providers.resolve(params))

    async def test(self, caller: Caller, params: TrialRequest) -> TrialReport:
        """Test a provider or new settings with one tiny request. Nothing is stored."""
        if (params.provider_id is None) == (params.settings is None):
            text = "Test either a provider by its id or new settings, not both"
            raise ValidationFailed([("providerId", text)])
        if params.settings is not None:
            fields = params.settings.model_dump()
            settings, _ = CustomProvider.model_validate(fields).with_complete_address()
            await asyncio.to_thread(settings.check)
            return await _try_draft(self._providers.draft(settings, params.key), params.model_id)
        provider_id = params.provider_id or ""
        if params.key is not None:
            draft = self._providers.with_key(provider_id, params.key)
            return await _try_draft(draft, params.model_id)
        return await try_provider(self._providers.resolve(provider_id), params.model_id)

    async def _add(self, added: CustomProvider) -> ProviderSummary:
        async with self._writing:
            await asyncio.to_thread(add, self._data_dir, added, self._providers.built_in)
        self._reload()
        url = self._providers.base_urls.get(added.id)
        if url is not None:
            await self._keys.load({added.id: url})
        return summary(self._providers, self._providers.resolve(added.id))

    def _reload(self) -> None:
        self._providers.reload()
        self._on_change()


def summary(providers: Providers, provider: Provider) -> ProviderSummary:
    """Describe a provider without its secrets."""
    endpoint = providers.endpoint(provider.id)
    added = providers.added(provider.id)
    name = endpoint.label if endpoint is not None else provider.id.capitalize()
    if isinstance(provider, LocalProvider):
        name = provider.label
    problem = None
    try:
        provider.check()
    except ShellError as error:
        problem = Problem.of(error)
    return ProviderSummary(
        id=provider.id,
        name=name,
        kind=providers.kind(provider.id),
        host=None if endpoint is None else host_of(endpoint.base_url),
        local=provider.local,
        takes_key=endpoint is not None,
        needs_key=endpoint is not None and endpoint.key_required,
        has_key=endpoint is not None and bool(endpoint.key()),
        default_model=provider.default_model_id,
        removable=added is not None,
        problem=problem,
    )


async def models_of(providers: Providers, provider: Provider) -> ModelList:
    """List a provider's models, without the cache.

    Raises:
        ProviderError: the list cannot be fetched.
    """
    listed = await _list_models(provider) if isinstance(provider, ListsModels) else None
    ids = [*providers.table.ids(provider.id), provider.default_model_id]
    found = [ListedModel(name, name) for name in dict.fromkeys(ids)] if listed is None else listed
    return ModelList(
        provider_id=provider.id,
        models=[
            _model_summary(provider, model)
            for model in found
            if providers.table.chats(provider.id, model.id)
        ],
        listed=listed is not None,
        asked_at=int(time.time() * 1000),
    )


async def _try_draft(provider: Provider, model_id: str | None) -> TrialReport:
    """Test a provider that was made only for the test, and close it."""
    try:
        return await try_provider(provider, model_id)
    finally:
        await provider.close()


async def _list_models(provider: ListsModels) -> list[ListedModel] | None:
    """List the models that a provider's server has; None for a server without a list."""
    try:
        async with asyncio.timeout(LISTING_S):
            return await provider.list_models()
    except TimeoutError:
        text = f"The server did not list its models within {LISTING_S:.0f} seconds."
        raise ProviderError(ErrorCode.NETWORK_ERROR, text) from None
    except ProviderError as error:
        if error.code is ErrorCode.MODEL_NOT_FOUND:
            return None
        raise


def _model_summary(provider: Provider, listed: ListedModel) -> ModelSummary:
    model = combine_descriptions(provider.model(listed.id), listed)
    reasons = bool(model.reasoning or model.silent_reasoning)
    return ModelSummary(
        id=listed.id,
        name=listed.name,
        context_tokens=model.context_tokens if model.known else None,
        max_output_tokens=model.max_output_tokens,
        images=model.images,
        files=model.files,
        tools=model.tools is not False,
        reasoning=reasons if listed.reasoning is None else listed.reasoning,
        efforts=list(model.efforts or ()),
        input_price=model.input_price,
        output_price=model.output_price,
        price_date=None if model.price_date is None else model.price_date.isoformat(),
    )
