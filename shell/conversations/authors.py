"""Finds the model that answers next in a conversation."""

from collections.abc import Callable
from dataclasses import dataclass

from shell.contract import Defaults
from shell.providers.base import ModelInfo, Provider
from shell.store.messages.turns import Author, TurnPlace
from shell.support.ids import new_id


@dataclass(frozen=True, slots=True)
class Authors:
    """Loop thread only."""

    resolve: Callable[[str], Provider]
    """The provider of an id; raises ShellError for an unknown one."""
    defaults: Callable[[], Defaults]
    """The model of a conversation that has no answer yet."""

    def find(
        self,
        place: TurnPlace,
        provider_id: str | None,
        model_id: str | None,
        inference_id: str | None = None,
    ) -> tuple[Provider, ModelInfo, Author]:
        """The model that was asked for, else the one that answered last, else the default."""
        if provider_id is None:
            provider_id, last = place.provider_id, place.model_id
            if provider_id is None:
                defaults = self.defaults()
                provider_id, last = defaults.provider_id, defaults.model_id
            model_id = model_id or last
        provider = self.resolve(provider_id)
        model = provider.model(model_id or provider.default_model_id)
        by = Author(provider.id, model.id, inference_id or f"inf-{new_id()}")
        return provider, model, by
