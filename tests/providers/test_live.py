"""The real services: one small question each, only with their keys in the environment."""

import os

import pytest

from shell.providers.model_list import ListsModels
from shell.providers.registry import Providers
from tests.providers.collect import a_request, ask

pytestmark = [pytest.mark.anyio, pytest.mark.live]


@pytest.mark.parametrize(
    ("provider_id", "variables"),
    [
        ("openai", ["OPENAI_API_KEY"]),
        ("anthropic", ["ANTHROPIC_API_KEY"]),
        ("google", ["GOOGLE_API_KEY", "GEMINI_API_KEY"]),
    ],
)
async def test_a_small_question(provider_id: str, variables: list[str]) -> None:
    if not any(os.environ.get(variable) for variable in variables):
        pytest.skip(f"{' or '.join(variables)} is not set")
    providers = Providers(None)
    provider = providers[provider_id]
    try:
        answer = await ask(provider, a_request(provider, "Say OK.", max_tokens=500))
        assert answer.error is None
        assert answer.text
        assert answer.finish == "stop"
        assert answer.usage is not None
        assert answer.usage.output_tokens > 0
        assert isinstance(provider, ListsModels)
        assert await provider.list_models()
    finally:
        await providers.close()
