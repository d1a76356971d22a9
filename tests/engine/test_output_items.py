"""Items of an answer that must go back to the model unchanged with the results of its tools."""

from collections.abc import AsyncGenerator

import pytest

from shell.contract import DoneEvent, ErrorEvent
from shell.errors import ErrorCode, ProviderError
from shell.inference.provider_call import MAX_CALLS, MAX_ITEM_DEPTH
from shell.providers.base import (
    Chunk,
    Finish,
    ModelInfo,
    ModelStep,
    OutputItem,
    ProviderRequest,
    TextDelta,
    ToolCallDelta,
)
from shell.tools.base import Arguments, Progress
from shell.tools.offer import Offer, OfferedTool
from shell.tools.permissions import Permissions
from tests.engine.functions import Functions
from tests.engine.host import ME, Host, Play, ended, request

pytestmark = pytest.mark.anyio


async def run(host: Host, *plays: Play) -> tuple[list[ProviderRequest], DoneEvent | ErrorEvent]:
    """Run a model whose requests are answered by these plays, one after another."""
    requests: list[ProviderRequest] = []

    async def play(sent: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        requests.append(sent)
        async for chunk in plays[len(requests) - 1](sent):
            yield chunk

    host.puppet(play, model=ModelInfo("m", tools=True))
    functions = Functions()
    functions.add("echo", _echo)
    tools = [OfferedTool(tool, functions) for tool in functions.tools.values()]
    offer = Offer(tools, Permissions(allowed=["*"]))
    log = host.engine.start(ME, request(provider_id="puppet"), offer=offer)
    host.logs.append(log)
    return requests, await ended(log)


async def _echo(arguments: Arguments, progress: Progress) -> str:
    return "ok"


async def calls(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
    yield OutputItem({"type": "reasoning", "id": "second"})
    yield ToolCallDelta("c1", "echo", "{}")
    yield Finish("tool_calls")


async def says_done(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
    yield TextDelta("done")
    yield Finish("stop")


def items(request: ProviderRequest) -> list[object]:
    return [i for step in request.messages if isinstance(step, ModelStep) for i in step.output]


async def test_the_items_of_a_failed_attempt_are_not_sent(host: Host) -> None:
    async def fails(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield OutputItem({"type": "reasoning", "id": "first"})
        raise ProviderError(ErrorCode.NETWORK_ERROR, "The connection was reset.")

    requests, ending = await run(host, fails, calls, says_done)
    assert isinstance(ending, DoneEvent)
    assert items(requests[2]) == [{"type": "reasoning", "id": "second"}]


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "item", [nested(MAX_ITEM_DEPTH + 1), {"x": float("nan")}, {"x": float("inf")}]
)
async def test_an_item_that_could_not_be_stored_ends_the_run(
    host: Host, item: dict[str, object]
) -> None:
    async def answers(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield OutputItem(item)
        yield ToolCallDelta("c1", "echo", "{}")
        yield Finish("tool_calls")

    _, ending = await run(host, answers)
    assert isinstance(ending, ErrorEvent)
    assert ending.code is ErrorCode.PROTOCOL_ERROR


async def test_halves_of_a_character_in_an_item_are_joined(host: Host) -> None:
    async def answers(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield OutputItem({"thinking": "\ud83c" + "\udf0a", "rest": "\ud83c"})
        yield ToolCallDelta("c1", "echo", "{}")
        yield Finish("tool_calls")

    requests, _ = await run(host, answers, says_done)
    assert items(requests[1]) == [{"thinking": "🌊", "rest": "\ufffd"}]


async def test_a_model_cannot_make_any_number_of_calls(host: Host) -> None:
    async def answers(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        for number in range(MAX_CALLS + 1):
            yield ToolCallDelta(f"c{number}", "echo", "{}")
        yield Finish("tool_calls")

    _, ending = await run(host, answers)
    assert isinstance(ending, ErrorEvent)
    assert ending.code is ErrorCode.PROTOCOL_ERROR
