"""Finds the model that answers next in a conversation."""

from collections.abc import Callable
from dataclasses import dataclass

from shell.contract import Defaults
from shell.providers.base import ModelInfo, Provider
from shell.store.messages.turns import Author, TurnPlace
from shell.support.ids import new_id


@dataclass(frozen=True, slots=True)
class Authors:
    """Chooses between a requested, an earlier and the default model. Loop thread only."""

    resolve: Callable[[str], Provider]
    """Returns the provider of an id. Raises ShellError for an unknown one."""
    defaults: Callable[[], Defaults]
    """Returns the model of a conversation without an answer."""

    def find(
        self,
        place: TurnPlace,
        provider_id: str | None,
        model_id: str | None,
        inference_id: str | None = None,
    ) -> tuple[Provider, ModelInfo, Author]:
        """The requested model, else the model of the last answer, else the default."""
        if provider_id is None:
            provider_id, default_model_id = place.provider_id, place.model_id
            if provider_id is None:
                defaults = self.defaults()
                provider_id, default_model_id = defaults.provider_id, defaults.model_id
            model_id = model_id or default_model_id
        provider = self.resolve(provider_id)
        model = provider.model(model_id or provider.default_model_id)
        author = Author(provider.id, model.id, inference_id or f"inf-{new_id()}")
        return provider, model, author
