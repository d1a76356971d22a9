"""Runs with tools against servers: results, refused tools, and refused keywords."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from shell.contract import DoneEvent, ErrorEvent, NoticeEvent, ResultEvent
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.http.provider import HttpProvider
from shell.tools.base import Arguments, Progress
from tests.engine.functions import Functions
from tests.engine.host import ended, request
from tests.host_process import PATIENCE_S
from tests.providers.dialects import Chat, Frames, data
from tests.providers.fault_server import Exchange, FaultServer, Scene, fault_server
from tests.providers.scenes import endpoint

pytestmark = pytest.mark.anyio

DIALECT = Chat()
ANSWER = [*DIALECT.begin(), *DIALECT.text("Done."), *DIALECT.finish()]
ODD = {
    "type": "object",
    "properties": {
        "at": {"type": "string", "title": "At"},
        "title": {"type": "string"},
    },
    "propertyNames": {"pattern": "^[a-z]+$"},
}


def in_turn(*turns: Frames | tuple[int, dict[str, object]]) -> Scene:
    """Play one response after another. A tuple of a status and a body is an error response."""
    remaining = list(turns)

    async def scene(exchange: Exchange) -> None:
        turn = remaining.pop(0)
        if isinstance(turn, tuple):
            await exchange.answer(turn[0], turn[1], "application/json", {})
            return
        await exchange.head()
        await exchange.send(*turn)
        await exchange.end()

    return scene


def chunk(delta: dict[str, object], reason: str | None = None) -> bytes:
    return data({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


async def run(provider: HttpProvider, functions: Functions) -> InferenceLog:
    engine = Engine(lambda _: provider)
    log = engine.start("w", request("hi", provider_id=provider.id), offer=functions.offer("*"))
    await asyncio.wait_for(ended(log), PATIENCE_S)
    await engine.close()
    return log


@pytest.fixture
def functions() -> Functions:
    async def look(arguments: Arguments, progress: Progress) -> str:
        return f"seen {json.dumps(arguments)}"

    functions = Functions()
    functions.add("look", look, parameters=ODD)
    return functions


def notices(log: InferenceLog) -> list[str]:
    return [event.code for event in log.read() if isinstance(event, NoticeEvent)]


def tools_of(server: FaultServer) -> list[bool]:
    return ["tools" in received.json for received in server.requests]


@pytest.mark.parametrize("ids", [("a", "b"), ("", "")], ids=["with ids", "without"])
async def test_parallel_calls_that_are_all_numbered_0_stay_apart(
    functions: Functions, ids: Sequence[str]
) -> None:
    calls = [
        chunk(
            {
                "tool_calls": [
                    {
                        "index": 0,
                        **({"id": call_id} if call_id else {}),
                        "type": "function",
                        "function": {"name": "test__look", "arguments": json.dumps({"at": place})},
                    }
                    for call_id, place in zip(ids, ("sea", "sky"), strict=True)
                ]
            }
        ),
        chunk({}, "tool_calls"),
        b"data: [DONE]\n\n",
    ]
    async with fault_server(in_turn(calls, ANSWER)) as server:
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(server.url), "m")
        log = await run(provider, functions)
        await provider.close()
    assert functions.calls == [("look", {"at": "sea"}), ("look", {"at": "sky"})]
    messages = server.requests[1].json["messages"]
    assert isinstance(messages, list)
    assistant, *results = messages[1:]
    call_ids = [call["id"] for call in assistant["tool_calls"]]
    assert len(set(call_ids)) == 2
    assert [result["tool_call_id"] for result in results] == call_ids
    assert log.text("llm:token") == "Done."


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "model-x does not support tools"),
        (400, '"auto" tool choice requires --enable-auto-tool-choice'),
        (404, "No endpoints found that support tool use"),
    ],
)
async def test_tools_that_a_server_refuses_are_left_out_once_and_for_good(
    functions: Functions, status: int, words: str
) -> None:
    refusal = status, DIALECT.error("invalid_request_error", words)
    async with fault_server(in_turn(refusal, ANSWER, ANSWER)) as server:
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(server.url), "m")
        first = await run(provider, functions)
        second = await run(provider, functions)
        await provider.close()
    assert tools_of(server) == [True, False, False]
    for log in (first, second):
        assert isinstance(log.ending, DoneEvent), log.ending
        assert notices(log) == ["TOOLS_DROPPED"]


async def test_a_refusal_of_something_else_is_an_error(functions: Functions) -> None:
    refusal = 400, DIALECT.error("invalid_request_error", "temperature is too high")
    async with fault_server(in_turn(refusal)) as server:
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(server.url), "m")
        log = await run(provider, functions)
        await provider.close()
    assert isinstance(log.ending, ErrorEvent)
    assert len(server.requests) == 1


async def test_an_error_in_mid_answer_is_no_refusal_of_tools(functions: Functions) -> None:
    error = DIALECT.error("invalid_request_error", "The tool call is not valid")
    broken = [*DIALECT.begin(), *DIALECT.text("Half"), data(error)]
    async with fault_server(in_turn(broken, ANSWER)) as server:
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(server.url), "m")
        log = await run(provider, functions)
        await provider.close()
    assert isinstance(log.ending, ErrorEvent), log.ending
    assert log.text("llm:token") == "Half"
    assert len(server.requests) == 1


async def test_tools_are_not_blamed_for_a_request_that_is_refused_without_them_too(
    functions: Functions,
) -> None:
    refusal = 400, DIALECT.error("invalid_request_error", "Unknown model tool-model")
    async with fault_server(in_turn(refusal, refusal, ANSWER)) as server:
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(server.url), "m")
        refused = await run(provider, functions)
        answered = await run(provider, functions)
        await provider.close()
    assert isinstance(refused.ending, ErrorEvent), refused.ending
    assert tools_of(server) == [True, False, True]
    assert notices(answered) == []


@pytest.mark.parametrize("words", ["temperature is too high", ""])
async def test_the_name_of_a_provider_is_no_refusal_of_tools(
    functions: Functions, words: str
) -> None:
    refusal = 400, DIALECT.error("invalid_request_error", words)
    async with fault_server(in_turn(refusal, ANSWER)) as server:
        where = endpoint(server.url, label="My tool server with propertyNames")
        provider = HttpProvider(CHAT_COMPLETIONS, where, "m")
        log = await run(provider, functions)
        await provider.close()
    assert isinstance(log.ending, ErrorEvent), log.ending
    assert len(server.requests) == 1


async def test_a_keyword_that_a_server_refuses_is_left_out_and_still_checked(
    functions: Functions,
) -> None:
    words = 'Invalid JSON payload received. Unknown name "propertyNames" at tools[0].parameters'
    refusal = 400, DIALECT.error("invalid_request_error", words)
    call = {"name": "test__look", "arguments": '{"at": "sea", "X": 1}'}
    calls = [
        chunk({"tool_calls": [{"index": 0, "id": "a", "function": call}]}, "tool_calls"),
        b"data: [DONE]\n\n",
    ]
    async with fault_server(in_turn(refusal, calls, ANSWER)) as server:
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(server.url), "m")
        log = await run(provider, functions)
        await provider.close()
    sent_tools = [json.dumps(received.json["tools"]) for received in server.requests]
    assert ["propertyNames" in tools for tools in sent_tools] == [True, False, False]
    assert '"title": {"type": "string"}' in sent_tools[1], "an argument may have a keyword's name"
    assert notices(log) == []
    (result,) = [event for event in log.read() if isinstance(event, ResultEvent)]
    assert result.state == "invalid", "the host checks the whole schema"
    assert functions.calls == []
