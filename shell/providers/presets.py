"""Knows the default addresses of common servers, and finds those that run on this machine."""

import asyncio

from shell.errors import ProviderError
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider

PROBE_S = 2.0
"""A server on this machine responds at once, or is not running."""
PRESETS = (
    Endpoint("ollama", "Ollama", "http://127.0.0.1:11434/v1", key_required=False),
    Endpoint("lm-studio", "LM Studio", "http://127.0.0.1:1234/v1", key_required=False),
    Endpoint("vllm", "vLLM", "http://127.0.0.1:8000/v1", key_required=False),
    Endpoint("llama-server", "llama.cpp server", "http://127.0.0.1:8080/v1", key_required=False),
    Endpoint("openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
)
"""Common servers with their default addresses."""


async def discover(presets: tuple[Endpoint, ...] = PRESETS) -> dict[str, list[str]]:
    """Find the servers that run on this machine: the models of each, by the preset's id.

    No other machine is contacted.
    """
    local = [preset for preset in presets if preset.on_this_machine]
    lists = await asyncio.gather(*map(_probe, local))
    return {
        preset.id: models for preset, models in zip(local, lists, strict=True) if models is not None
    }


async def _probe(preset: Endpoint) -> list[str] | None:
    provider = HttpProvider(CHAT_COMPLETIONS, preset)
    try:
        async with asyncio.timeout(PROBE_S):
            models = await provider.list_models()
    except (ProviderError, TimeoutError):
        return None
    finally:
        await provider.close()
    return [model.id for model in models]
