"""Efforts in the requests to each API, and the handling of a server that refuses one."""

from typing import get_args

import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from pydantic import TypeAdapter

from shell.contract import Effort, InferenceRequest, Message, Notice
from shell.errors import ErrorCode
from shell.inference.request import prepare_request
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS, GOOGLE_CHAT, OPENAI_CHAT
from shell.providers.apis.messages import MESSAGES
from shell.providers.apis.responses import RESPONSES
from shell.providers.base import ModelInfo, ProviderRequest
from shell.providers.capabilities import BUILT_IN, Capabilities, ModelEntry, read_table
from shell.providers.http.api import Api
from shell.providers.http.provider import HttpProvider
from tests.providers import scenes
from tests.providers.collect import a_request, ask
from tests.providers.dialects import data
from tests.providers.fault_server import Exchange, Scene, fault_server
from tests.providers.scenes import endpoint, streaming

SCHEMAS = {
    "messages": TypeAdapter[object](MessageCreateParamsStreaming),
    "responses": TypeAdapter[object](ResponseCreateParamsStreaming),
    "chat": TypeAdapter[object](CompletionCreateParamsStreaming),
}
"""The types of requests in the SDKs of the APIs' makers."""
GOOGLE_LEVELS = {"minimal", "low", "medium", "high", "xhigh"}
"""`ThinkingLevel` of google-genai 3.6.1, which takes them in any case."""
ADAPTIVE = {"type": "adaptive", "display": "summarized"}
QUESTION = [Message(role="user", content="x")]


def _inference_request(effort: Effort | None) -> InferenceRequest:
    return InferenceRequest(messages=QUESTION, provider_id="cloud", effort=effort)


def _body(api: Api, model: ModelInfo, effort: Effort | None) -> dict[str, object]:
    request, notices = prepare_request(QUESTION, _inference_request(effort), model)
    assert not notices
    return api.body(request)


@pytest.mark.parametrize(
    ("effort", "thinking", "config"),
    [
        (None, ADAPTIVE, None),
        ("off", {"type": "disabled"}, None),
        ("low", ADAPTIVE, {"effort": "low"}),
        ("medium", ADAPTIVE, {"effort": "medium"}),
        ("high", ADAPTIVE, {"effort": "high"}),
        ("max", ADAPTIVE, {"effort": "max"}),
    ],
)
def test_the_bodies_for_anthropic(
    effort: Effort | None, thinking: dict[str, str], config: dict[str, str] | None
) -> None:
    model = Capabilities().info("anthropic", "claude-sonnet-5-5")
    body = _body(MESSAGES, model, effort)
    assert body["thinking"] == thinking
    assert body.get("output_config") == config
    assert "budget_tokens" not in str(body)
    SCHEMAS["messages"].validate_python(body, strict=True)


@pytest.mark.parametrize(
    ("model_id", "effort", "reasoning"),
    [
        ("gpt-5.4-mini", None, {"summary": "auto"}),
        ("gpt-5.4-mini", "off", {"summary": "auto", "effort": "none"}),
        ("gpt-5.4-mini", "low", {"summary": "auto", "effort": "low"}),
        ("gpt-5.4-mini", "medium", {"summary": "auto", "effort": "medium"}),
        ("gpt-5.4-mini", "high", {"summary": "auto", "effort": "high"}),
        ("gpt-5.4-mini", "max", {"summary": "auto", "effort": "xhigh"}),
        ("o4-mini", "high", {"summary": "auto", "effort": "high"}),
        ("a-model-of-tomorrow", "max", {"effort": "max"}),
    ],
)
def test_the_bodies_for_openai(
    model_id: str, effort: Effort | None, reasoning: dict[str, str]
) -> None:
    model = Capabilities().info("openai", model_id)
    body = _body(RESPONSES, model, effort)
    assert body["reasoning"] == reasoning
    SCHEMAS["responses"].validate_python(body, strict=True)
    chat = _body(OPENAI_CHAT, model, effort)
    assert chat.get("reasoning_effort") == reasoning.get("effort")
    SCHEMAS["chat"].validate_python(chat, strict=True)


@pytest.mark.parametrize("effort", [None, "low", "medium", "high"])
def test_the_bodies_for_google(effort: Effort | None) -> None:
    model = Capabilities().info("google", "gemini-3.8-flash")
    body = _body(GOOGLE_CHAT, model, effort)
    level = {} if effort is None else {"thinking_level": effort}
    config = {"include_thoughts": True, **level}
    assert body["extra_body"] == {"google": {"thinking_config": config}}
    # Google refuses both ways to ask for an effort in one request.
    assert "reasoning_effort" not in body


@pytest.mark.parametrize("entry", read_table(BUILT_IN).model, ids=lambda entry: entry.match)
def test_every_level_in_the_table_is_one_that_the_sdk_knows(entry: ModelEntry) -> None:
    model = entry.info("m")
    for effort in entry.effort or {}:
        if entry.provider == "anthropic":
            SCHEMAS["messages"].validate_python(_body(MESSAGES, model, effort), strict=True)
        elif entry.provider == "openai":
            SCHEMAS["responses"].validate_python(_body(RESPONSES, model, effort), strict=True)
            SCHEMAS["chat"].validate_python(_body(OPENAI_CHAT, model, effort), strict=True)
        else:
            assert entry.effort is not None
            assert entry.effort[effort] in GOOGLE_LEVELS


def test_a_model_that_takes_no_effort_gets_none_and_a_notice_says_so() -> None:
    model = Capabilities().info("openai", "gpt-4o")
    request, notices = prepare_request(QUESTION, _inference_request("high"), model)
    assert request.effort is None
    assert [notice.code for notice in notices] == ["EFFORT_DROPPED"]
    assert "reasoning" not in RESPONSES.body(request)


@pytest.mark.parametrize("effort", get_args(Effort))
def test_a_server_that_nobody_describes_is_asked_by_openais_names(effort: Effort) -> None:
    body = _body(CHAT_COMPLETIONS, Capabilities().info("ollama", "gpt-oss"), effort)
    assert body["reasoning_effort"] == ("none" if effort == "off" else effort)


# --- refusals -----------------------------------------------------------------------------------

REFUSALS = {
    "responses": {
        "type": "invalid_request_error",
        "code": "unsupported_parameter",
        "param": "reasoning.effort",
        "message": "Unsupported parameter: it is not supported with this model.",
    },
    "chat": {"type": "invalid_request_error", "param": "reasoning_effort", "message": "no"},
    "messages": {
        "type": "invalid_request_error",
        "message": "This model does not support the effort parameter.",
    },
}
KINDS = {"responses": scenes.RESPONSES, "chat": scenes.CHAT, "messages": scenes.MESSAGES}


def _has_effort(body: dict[str, object]) -> bool:
    reasoning = body.get("reasoning")
    nested = isinstance(reasoning, dict) and "effort" in reasoning
    return nested or "reasoning_effort" in body or "output_config" in body


def _refusing(name: str, also_without: bool = False) -> Scene:
    dialect = KINDS[name].dialect

    async def scene(exchange: Exchange) -> None:
        if also_without or _has_effort(exchange.request.json):
            await exchange.answer(400, {"type": "error", "error": REFUSALS[name]})
        else:
            await streaming(*dialect.begin(), *dialect.text("ok"), *dialect.finish())(exchange)

    return scene


def _provider_request(
    provider: HttpProvider, effort: Effort, model_id: str = "m"
) -> ProviderRequest:
    messages = a_request(provider, "hi").messages
    return prepare_request(messages, _inference_request(effort), provider.model(model_id))[0]


@pytest.mark.anyio
@pytest.mark.parametrize("lists_efforts", [True, False])
@pytest.mark.parametrize("name", KINDS)
async def test_a_refused_effort_is_dropped_once_said_and_remembered_for_its_model(
    name: str, lists_efforts: bool
) -> None:
    kind = KINDS[name]

    def describe(model_id: str) -> ModelInfo:
        return ModelInfo(
            model_id, efforts={"high": "high", "low": "low"} if lists_efforts else None
        )

    async with fault_server(_refusing(name)) as server:
        provider = HttpProvider(kind.api, endpoint(f"{server.url}{kind.base}"), "m", describe)
        first = await ask(provider, _provider_request(provider, "high"))
        second = await ask(provider, _provider_request(provider, "high"))
        other_model = await ask(provider, _provider_request(provider, "high", "n"))
        await provider.close()
    assert (first.text, second.text, other_model.text) == ("ok", "ok", "ok")
    notices = [chunk for chunk in first.chunks if isinstance(chunk, Notice)]
    assert [(notice.code, notice.model) for notice in notices] == [("EFFORT_DROPPED", "m")]
    with_effort = [_has_effort(request.json) for request in server.requests]
    assert with_effort == [True, False, False, True, False]
    # The next run gives its own notice, because its model no longer takes the effort.
    assert provider.model("m").efforts == ({"low": "low"} if lists_efforts else {})
    assert "high" not in (provider.model("n").efforts or {})


@pytest.mark.anyio
async def test_later_steps_of_a_run_do_not_ask_again_and_do_not_say_it_twice() -> None:
    async with fault_server(_refusing("chat")) as server:
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(f"{server.url}/v1"), "m")
        request = _provider_request(provider, "high")
        await ask(provider, request)
        second = await ask(provider, request)
        await provider.close()
    assert not [chunk for chunk in second.chunks if isinstance(chunk, Notice)]
    assert [_has_effort(request.json) for request in server.requests] == [True, False, False]


@pytest.mark.anyio
async def test_an_effort_is_not_blamed_for_a_request_that_is_refused_without_it_too() -> None:
    async with fault_server(_refusing("responses", also_without=True)) as server:
        provider = HttpProvider(RESPONSES, endpoint(f"{server.url}/v1"), "m")
        answer = await ask(provider, _provider_request(provider, "high"))
        await provider.close()
    assert answer.error is not None
    assert answer.error.code is ErrorCode.INVALID_REQUEST
    assert len(server.requests) == 2
    assert provider.model("m").efforts is None


@pytest.mark.anyio
async def test_another_refusal_is_not_asked_again() -> None:
    async def scene(exchange: Exchange) -> None:
        fault = {"type": "invalid_request_error", "param": "tools", "message": "no such tool"}
        await exchange.answer(400, {"error": fault})

    async with fault_server(scene) as server:
        provider = HttpProvider(RESPONSES, endpoint(f"{server.url}/v1"), "m")
        answer = await ask(provider, _provider_request(provider, "high"))
        await provider.close()
    assert answer.error is not None
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_an_error_in_mid_answer_is_no_refusal_of_an_effort() -> None:
    dialect = KINDS["messages"].dialect
    error = data({"type": "error", "error": REFUSALS["messages"]})
    async with fault_server(streaming(*dialect.begin(), *dialect.text("Half"), error)) as server:
        provider = HttpProvider(MESSAGES, endpoint(f"{server.url}/v1"), "m")
        answer = await ask(provider, _provider_request(provider, "high"))
        await provider.close()
    assert answer.error is not None
    assert answer.error.code is ErrorCode.INVALID_REQUEST
    assert (answer.text, len(server.requests)) == ("Half", 1)


@pytest.mark.anyio
async def test_the_name_of_a_provider_is_no_refusal_of_an_effort() -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.answer(400, {"error": {"type": "invalid_request_error", "message": "no"}})

    async with fault_server(scene) as server:
        where = endpoint(f"{server.url}/v1", label="My thinking server")
        provider = HttpProvider(RESPONSES, where, "m")
        answer = await ask(provider, _provider_request(provider, "high"))
        await provider.close()
    assert answer.error is not None
    assert len(server.requests) == 1
