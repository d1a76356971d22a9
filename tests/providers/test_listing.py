"""Lists of models, servers that run on this machine, and the connection test of a provider."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from shell.errors import ErrorCode, ProviderError
from shell.providers.connection_test import try_provider
from shell.providers.http.endpoint import Endpoint
from shell.providers.local.model_files import ModelFiles
from shell.providers.local.provider import LocalProvider
from shell.providers.model_list import ListedModel, ListsModels
from shell.providers.presets import PRESETS, discover
from shell.providers.testing.echo import EchoProvider
from tests.providers.dialects import Chat
from tests.providers.fault_server import Exchange, fault_server
from tests.providers.scenes import APIS, CHAT, KEY, Api, answering, streaming

pytestmark = pytest.mark.anyio

LISTED: dict[str, object] = {"object": "list", "data": [{"id": "b"}, {"id": "a"}]}


@pytest.fixture(params=APIS, ids=lambda api: api.dialect.name)
def api(request: pytest.FixtureRequest) -> Api:
    api = request.param
    assert isinstance(api, Api)
    return api


async def test_every_api_lists_its_models(api: Api) -> None:
    async with api.serving(answering(200, LISTED)) as (provider, server):
        assert isinstance(provider, ListsModels)
        assert [model.id for model in await provider.list_models()] == ["b", "a"]
    (request,) = server.requests
    assert (request.method, request.path.partition("?")[0]) == ("GET", "/v1/models")
    assert request.headers[api.key_header] == api.key_value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"data": [{"id": "models/gemini-x"}]}, ["gemini-x"]),
        ({"models": [{"name": "llama3"}, {"model": "qwen"}]}, ["llama3", "qwen"]),
        ({"data": [None, 7, {}, {"id": None}, {"id": "a"}, {"id": "a"}]}, ["a"]),
        ({"data": [{"id": "x" * 301}, {"id": "\x1b[31m"}]}, []),
        ({"data": None}, []),
        ({}, []),
    ],
)
async def test_shapes_of_lists(body: dict[str, object], expected: list[str]) -> None:
    async with CHAT.serving(answering(200, body)) as (provider, _):
        assert isinstance(provider, ListsModels)
        assert [model.id for model in await provider.list_models()] == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {  # OpenRouter
                "id": "a",
                "name": "A: One",
                "context_length": 200_000,
                "top_provider": {"context_length": 100, "max_completion_tokens": 64_000},
                "architecture": {"input_modalities": ["text", "image", "file"]},
                "supported_parameters": ["tools", "temperature", "reasoning"],
                "pricing": {"prompt": "0.000003", "completion": "0.000015"},
            },
            ListedModel("a", "A: One", 200_000, 64_000, True, True, True, True, 3.0, 15.0),
        ),
        (
            {"id": "a", "display_name": "A", "max_input_tokens": 200_000, "max_tokens": 64_000},
            ListedModel("a", "A", 200_000, 64_000),  # Anthropic
        ),
        ({"id": "a", "max_model_len": 4_096}, ListedModel("a", "a", 4_096)),  # vLLM
        ({"id": "a", "meta": {"n_ctx_train": 8_192}}, ListedModel("a", "a", 8_192)),  # llama.cpp
        (
            {"id": "a", "max_context_length": 9, "capabilities": ["tool_use"]},
            ListedModel("a", "a", 9, tools=True, reasoning=False),  # LM Studio
        ),
        (
            {
                "id": "a",
                "name": "\x1b[2J",
                "context_length": "many",
                "pricing": {"prompt": "-1", "completion": "1e999"},
                "architecture": {"input_modalities": 7},
                "meta": None,
            },
            ListedModel("a", "a"),
        ),
        ({"id": "a", "name": "\ud83d", "pricing": {"prompt": True}}, ListedModel("a", "a")),
    ],
)
async def test_what_a_server_says_of_its_models(
    entry: dict[str, object], expected: ListedModel
) -> None:
    async with CHAT.serving(answering(200, {"data": [entry]})) as (provider, _):
        assert isinstance(provider, ListsModels)
        assert await provider.list_models() == [expected]


@pytest.mark.parametrize(
    ("status", "body", "media_type", "code"),
    [
        (401, b"", "text/plain", ErrorCode.API_KEY_ERROR),
        (200, b"<html>log in</html>", "text/html", ErrorCode.PROTOCOL_ERROR),
        (200, b"[1]", "application/json", ErrorCode.PROTOCOL_ERROR),
        (302, b"", "text/plain", ErrorCode.PROTOCOL_ERROR),
    ],
)
async def test_lists_that_are_none(
    status: int, body: bytes, media_type: str, code: ErrorCode
) -> None:
    async with CHAT.serving(answering(status, body, media_type=media_type)) as (provider, _):
        assert isinstance(provider, ListsModels)
        with pytest.raises(ProviderError) as raised:
            await provider.list_models()
    assert raised.value.code is code


async def test_a_list_without_an_end_is_given_up() -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.head(200, "application/json")
        while True:
            await exchange.send(b" " * 1_000_000)

    async with CHAT.serving(scene) as (provider, _):
        assert isinstance(provider, ListsModels)
        with pytest.raises(ProviderError) as raised:
            await provider.list_models()
    assert raised.value.code is ErrorCode.PROTOCOL_ERROR


async def test_a_server_knows_its_models_better_than_our_table(api: Api) -> None:
    entry = {"id": "a", "context_length": 9_000, "architecture": {"input_modalities": ["image"]}}
    async with api.serving(answering(200, {"data": [entry]})) as (provider, _):
        before = provider.model("a")
        assert isinstance(provider, ListsModels)
        await provider.list_models()
        after = provider.model("a")
        assert provider.model("b") == replace(before, id="b")
    assert (before.context_tokens, before.images, before.known) == (128_000, False, False)
    assert (after.context_tokens, after.images, after.known) == (9_000, True, True)


# --- discovery --------------------------------------------------------------------------------


async def test_what_runs_here_is_found_and_nobody_else_is_asked() -> None:
    async with (
        fault_server(answering(200, LISTED)) as server,
        fault_server(streaming()) as closed_server,
    ):
        closed_url = closed_server.url
    async with fault_server(answering(200, LISTED)) as server:
        running = Endpoint("here", "Here", f"{server.url}/v1", key_required=False)
        off = Endpoint("off", "Off", f"{closed_url}/v1", key_required=False)
        far = Endpoint("far", "Far", "https://model.invalid/v1")
        models = await discover((running, off, far))
    assert models == {running.id: ["b", "a"]}
    assert "authorization" not in server.requests[0].headers


def test_presets_have_names_of_their_own() -> None:
    assert len({preset.id for preset in PRESETS}) == len(PRESETS)
    assert {preset.id for preset in PRESETS} >= {"ollama", "lm-studio", "vllm", "openrouter"}


# --- trials -----------------------------------------------------------------------------------


async def test_a_trial_that_works() -> None:
    async def scene(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            await answering(200, LISTED)(exchange)
        else:
            await asyncio.sleep(0.02)
            await streaming(*Chat().text("OK"), *Chat().finish())(exchange)

    async with CHAT.serving(scene) as (provider, server):
        report = await try_provider(provider)
    assert (report.ok, report.problem, report.models) == (True, None, ["b", "a"])
    assert report.first_ms is not None
    assert report.total_ms is not None
    assert 20 <= report.first_ms <= report.total_ms
    assert report.sentence.startswith("test answers with model-a: first word after ")
    assert server.requests[-1].json["max_tokens"] == 16


async def test_a_trial_without_a_list_of_models() -> None:
    async def scene(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            await answering(404, b"")(exchange)
        else:
            await streaming(*Chat().text("OK"), *Chat().finish())(exchange)

    async with CHAT.serving(scene) as (provider, _):
        report = await try_provider(provider)
    assert (report.ok, report.models) == (True, [])


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, ErrorCode.API_KEY_ERROR),
        (404, ErrorCode.MODEL_NOT_FOUND),
        (500, ErrorCode.SERVER_ERROR),
    ],
)
async def test_a_trial_that_fails_says_why(status: int, code: ErrorCode) -> None:
    body: dict[str, object] = {"error": {"message": f"no, not with {KEY}"}}
    async with CHAT.serving(answering(status, body)) as (provider, _):
        report = await try_provider(provider)
    assert report.problem is not None
    assert (report.ok, report.problem.code) == (False, code)
    assert report.sentence == "Test: no, not with [key]"


async def test_trials_without_a_network(tmp_path: Path) -> None:
    assert (await try_provider(EchoProvider(rate=None))).ok
    missing = await try_provider(LocalProvider(ModelFiles(tmp_path, {}, tmp_path)))
    assert missing.problem is not None
    assert (missing.ok, missing.problem.code) == (False, ErrorCode.LOCAL_MODEL_MISSING)
