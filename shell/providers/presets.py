"""Knows the default addresses of common servers, and finds those that run on this machine."""

import asyncio
from dataclasses import dataclass

from shell.errors import ProviderError
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider

PROBE_S = 2.0
"""A server on this machine responds at once, or is not running."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A common server with its default address."""

    id: str
    label: str
    base_url: str
    key_env: str | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint, without a key."""
        return Endpoint(self.id, self.label, self.base_url, key_required=False)


PRESETS = (
    Preset("ollama", "Ollama", "http://127.0.0.1:11434/v1"),
    Preset("lm-studio", "LM Studio", "http://127.0.0.1:1234/v1"),
    Preset("vllm", "vLLM", "http://127.0.0.1:8000/v1"),
    Preset("llama-server", "llama.cpp server", "http://127.0.0.1:8080/v1"),
    Preset("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
)


async def discover(presets: tuple[Preset, ...] = PRESETS) -> dict[str, list[str]]:
    """Find the servers that run on this machine: the models of each, by the preset's id.

    No other machine is contacted.
    """
    here = [preset for preset in presets if preset.endpoint.on_this_machine]
    found = await asyncio.gather(*(_probe(preset) for preset in here))
    return {
        preset.id: models for preset, models in zip(here, found, strict=True) if models is not None
    }


async def _probe(preset: Preset) -> list[str] | None:
    provider = HttpProvider(CHAT_COMPLETIONS, preset.endpoint)
    try:
        async with asyncio.timeout(PROBE_S):
            models = await provider.list_models()
    except (ProviderError, TimeoutError):
        return None
    finally:
        await provider.close()
    return [model.id for model in models]
