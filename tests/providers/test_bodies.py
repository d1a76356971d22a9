"""Tests that the bytes of a request are exactly the body that an API's function builds."""

import base64
import copy
import functools
import json
import re
import string
from collections.abc import Iterable

import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from pydantic import TypeAdapter, ValidationError

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.providers.apis.chat_completions import (
    CHAT_COMPLETIONS,
    GOOGLE_CHAT,
    LLAMA_CHAT,
    OPENAI_CHAT,
)
from shell.providers.apis.messages import MESSAGES
from shell.providers.apis.responses import RESPONSES
from shell.providers.base import AnsweredCall, ModelInfo, ModelStep, ProviderRequest, ToolSpec
from shell.providers.exchanges import OutgoingRequest
from shell.providers.http.api import Api
from shell.providers.http.provider import HttpProvider
from tests.providers.collect import ask
from tests.providers.fault_server import fault_server
from tests.providers.scenes import answering, endpoint

APIS = {
    "chat": CHAT_COMPLETIONS,
    "openai": OPENAI_CHAT,
    "google": GOOGLE_CHAT,
    "llama": LLAMA_CHAT,
    "responses": RESPONSES,
    "messages": MESSAGES,
}
EVERY_API = pytest.mark.parametrize("api", APIS.values(), ids=APIS)

PARAMETERS: dict[str, type] = {
    "openai": CompletionCreateParamsStreaming,
    "responses": ResponseCreateParamsStreaming,
    "messages": MessageCreateParamsStreaming,
}
"""The type of a request in the SDK of each API's maker."""

PICTURE = ImagePart(media_type="image/png", data="AAAA")
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
BASE64 = st.binary(min_size=1, max_size=9).map(lambda data: base64.b64encode(data).decode())
NAMES = st.text(string.ascii_letters + " äß.", min_size=1, max_size=9)
TEXT_PARTS = st.builds(TextPart, text=WORDS)
PARTS = st.one_of(
    TEXT_PARTS,
    st.builds(ImagePart, mediaType=st.sampled_from(["image/png", "image/jpeg"]), data=BASE64),
    st.builds(
        FilePart,
        name=NAMES,
        mediaType=st.sampled_from(["application/pdf", "text/markdown", "application/json"]),
        data=BASE64,
    ),
)
MESSAGE = st.one_of(
    st.builds(Message, role=st.just("system"), content=WORDS),
    st.builds(Message, role=st.just("assistant"), content=WORDS),
    st.builds(
        Message, role=st.just("user"), content=WORDS | st.lists(PARTS, min_size=1, max_size=3)
    ),
)
MODEL = st.builds(
    ModelInfo,
    id=WORDS,
    images=st.booleans(),
    max_output_tokens=st.none() | st.integers(1, 100_000),
    reasoning=st.sampled_from([None, "default", "high", "adaptive", "budget", "thoughts"]),
    sampling=st.sampled_from([(), (("top_k", 40.0), ("samplers", ("top_k", "min_p")))]),
)
TOOL_NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
CALL = st.builds(
    AnsweredCall,
    id=st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True),
    name=TOOL_NAMES,
    arguments=st.sampled_from(
        ["", "{}", '{"at": "sea"}', '{"n": [1, {"x": null}]}', "{broken", "[1]"]
    ),
    result=WORDS,
    failed=st.booleans(),
    images=st.lists(
        st.builds(ImagePart, mediaType=st.just("image/png"), data=BASE64), max_size=2
    ).map(tuple),
)
STEP = st.builds(
    ModelStep,
    text=st.just("") | WORDS,
    calls=st.lists(CALL, min_size=1, max_size=3, unique_by=lambda call: call.id).map(tuple),
)
TOOL = st.builds(
    ToolSpec,
    name=TOOL_NAMES,
    description=st.just("") | WORDS,
    parameters=st.sampled_from(
        [
            {},
            {"type": "object", "properties": {"n": {"type": "integer", "title": "N"}}},
            {
                "$defs": {"Place": {"type": "object", "properties": {"x": {"type": "number"}}}},
                "properties": {"at": {"$ref": "#/$defs/Place"}},
                "required": ["at"],
            },
        ]
    ),
)
REQUEST = st.builds(
    ProviderRequest,
    model=MODEL,
    messages=st.lists(MESSAGE | STEP, min_size=1, max_size=4),
    tools=st.lists(TOOL, max_size=2, unique_by=lambda tool: tool.name).map(tuple),
    temperature=st.none() | st.floats(0, 2),
    max_tokens=st.none() | st.integers(1, 100_000),
)


@EVERY_API
@pytest.mark.anyio
async def test_the_wire_carries_exactly_the_body(api: Api) -> None:
    requests: list[ProviderRequest] = []

    @settings(max_examples=40, deadline=None)
    @given(REQUEST)
    def collect(request: ProviderRequest) -> None:
        requests.append(request)

    collect()
    async with fault_server(answering(500, b"")) as server:
        provider = HttpProvider(api, endpoint(server.url), "m")
        for request in requests:
            await ask(provider, request)
        await provider.close()
    assert len(requests) == len(server.requests) > 10
    for request, received in zip(requests, server.requests, strict=True):
        assert received.json == _as_json(api.body(request)) == _as_json(provider.body(request))


@EVERY_API
@given(request=REQUEST)
@settings(deadline=None)
def test_the_body_depends_on_the_request_alone(api: Api, request: ProviderRequest) -> None:
    before = copy.deepcopy(request)
    assert api.body(request) == api.body(copy.deepcopy(request))
    assert request == before


@pytest.mark.parametrize("name", PARAMETERS)
@given(request=REQUEST)
@settings(deadline=None)
def test_the_body_has_the_type_that_the_sdk_declares(name: str, request: ProviderRequest) -> None:
    body = APIS[name].body(request)
    declared = PARAMETERS[name]
    # The SDK no longer declares the temperature, which older models still take.
    unknown = set(body) - set(declared.__annotations__) - {"temperature"}
    assert not unknown
    if name == "responses" and "reasoning" in body:
        del body["reasoning"]  # a new model may take an effort that the SDK does not know yet
    _read(_adapter(name).validate_python(body, strict=True))


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_declared_type_refuses_a_wrong_part(name: str) -> None:
    request = ProviderRequest(
        ModelInfo("m"), [Message(role="user", content=[TextPart(text="hi"), PICTURE])]
    )
    body = json.loads(json.dumps(APIS[name].body(request)).replace("image", "pictograph"))
    with pytest.raises(ValidationError):
        _read(_adapter(name).validate_python(body, strict=True))


@EVERY_API
@given(request=REQUEST)
@settings(deadline=None)
def test_every_call_in_a_request_has_its_result(api: Api, request: ProviderRequest) -> None:
    body = json.dumps(api.body(request))
    steps = [message for message in request.messages if isinstance(message, ModelStep)]
    ids = [call.id for step in steps for call in step.calls]
    results = re.findall(r'"(?:tool_call_id|tool_use_id)": "([^"]*)"', body)
    results += re.findall(r'"type": "function_call_output", "call_id": "([^"]*)"', body)
    assert results == ids


@EVERY_API
@pytest.mark.parametrize("takes", [True, False])
def test_the_pictures_of_results_are_for_models_that_take_them(api: Api, takes: bool) -> None:
    image = ImagePart(media_type="image/png", data="c2Vh")
    calls = [AnsweredCall(f"call-{n}", "look", "{}", f"wet {n}", images=(image,)) for n in (1, 2)]
    step = ModelStep("", tuple(calls))
    question = Message(role="user", content="x")
    body = json.dumps(api.body(ProviderRequest(ModelInfo("m", images=takes), [question, step])))
    assert body.count("c2Vh") == (2 if takes else 0)
    assert "wet 1" in body
    assert "wet 2" in body


@EVERY_API
def test_the_oldest_pictures_of_results_are_left_out_of_a_request_that_is_too_large(
    api: Api,
) -> None:
    def step(number: int) -> ModelStep:
        image = ImagePart(media_type="image/png", data=f"{number:04d}" * 1_000_000)
        return ModelStep("", (AnsweredCall(f"call-{number}", "look", "{}", "", images=(image,)),))

    steps = [step(number) for number in range(7)]
    question = Message(role="user", content="x")
    body = json.dumps(api.body(ProviderRequest(ModelInfo("m", images=True), [question, *steps])))
    sent_numbers = [number for number in range(7) if f"{number:04d}" * 1_000 in body]
    assert sent_numbers == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["messages", "responses"])
def test_output_goes_back_unchanged_and_only_to_its_author(name: str) -> None:
    output = ({"type": "reasoning", "id": "rs_1", "encrypted_content": "c2VjcmV0"},)
    if name == "messages":
        output = ({"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"},)
    call = AnsweredCall("call-7", "look", '{"at": "sea"}', "wet")
    step = ModelStep("", (call,), output, "anthropic", "m")
    question = Message(role="user", content="x")
    for provider_id, model_id, is_sent in [
        ("anthropic", "m", True),
        ("anthropic", "other", False),
        ("other", "m", False),
    ]:
        request = ProviderRequest(ModelInfo(model_id), [question, step], provider_id=provider_id)
        body = json.dumps(APIS[name].body(request))
        assert (json.dumps(output[0]) in body) is is_sent


@EVERY_API
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{"n": NaN}', "{}"),
        ('{"n": 1e999}', "{}"),
        ('{"a":' * 100 + "1" + "}" * 100, "{}"),
        ('{"t": "\\ud83d", "n": 1}', '{"t": "\N{REPLACEMENT CHARACTER}", "n": 1}'),
    ],
)
def test_refused_arguments_of_another_model_are_sent_as_json(
    api: Api, written: str, expected: str
) -> None:
    provider = HttpProvider(api, endpoint("http://127.0.0.1:9"), "m")

    def outgoing(arguments: str) -> OutgoingRequest:
        call = AnsweredCall("call-7", "look", arguments, "The arguments are not JSON", failed=True)
        question, step = Message(role="user", content="x"), ModelStep("", (call,))
        return provider.outgoing(ProviderRequest(ModelInfo("m"), [question, step]))

    assert outgoing(written) == outgoing(expected)


def test_google_gets_the_signature_of_its_call_back() -> None:
    signed = {"google": {"thought_signature": "c2lnbmVk"}}
    call = AnsweredCall("call-7", "look", "{}", "wet")
    step = ModelStep("", (call,), ({"id": "call-7", "extra_content": signed},), "google", "m")
    question = Message(role="user", content="x")
    request = ProviderRequest(ModelInfo("m"), [question, step], provider_id="google")
    body = GOOGLE_CHAT.body(request)
    messages = body["messages"]
    assert isinstance(messages, list)
    assert messages[1]["tool_calls"][0]["extra_content"] == signed


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = {
        "$defs": {"Tree": {"properties": {"of": {"$ref": "#/$defs/Tree"}}}},
        "$ref": "#/$defs/Tree",
    }
    request = ProviderRequest(
        ModelInfo("m"), [Message(role="user", content="x")], tools=(ToolSpec("look", "", schema),)
    )
    assert len(json.dumps(CHAT_COMPLETIONS.body(request))) < 1_000_000


def test_a_refused_field_is_left_out_of_the_body() -> None:
    request = ProviderRequest(ModelInfo("m", reasoning="high"), [Message(role="user", content="x")])
    provider = HttpProvider(RESPONSES, endpoint("http://127.0.0.1:1"), "m")
    assert provider.body(request)["reasoning"] == {"summary": "auto", "effort": "high"}
    provider._without_summary = True
    assert provider.body(request)["reasoning"] == {"effort": "high"}


@functools.cache
def _adapter(name: str) -> TypeAdapter[object]:
    return TypeAdapter(PARAMETERS[name])


def _as_json(body: object) -> object:
    return json.loads(json.dumps(body))


def _read(value: object) -> None:
    """Read a validated value to its end: pydantic checks an iterable only while it is read."""
    if isinstance(value, dict):
        for inner in value.values():
            _read(inner)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for inner in value:
            _read(inner)
