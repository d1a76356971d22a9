"""Every provider against aimock, which follows the API makers' own descriptions.

The requests go through the engine, so that their number shows the retry policy as well.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from pydantic import JsonValue

from shell.contract import (
    AnyEvent,
    ApprovalEvent,
    CallEvent,
    Decision,
    DoneEvent,
    ErrorEvent,
    InferenceRequest,
    Message,
    ResultEvent,
    Verdict,
)
from shell.errors import ErrorCode
from shell.inference.engine import Engine
from shell.inference.limits import Retries, Settings
from shell.inference.log import InferenceLog
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.apis.messages import MESSAGES
from shell.providers.apis.responses import RESPONSES
from shell.providers.base import ModelInfo, Provider
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider
from shell.providers.request_code import as_curl, as_python
from shell.store.wire_log import WireLog
from shell.tools.base import Arguments, Progress
from shell.tools.offer import Offer
from tests.engine.functions import Functions
from tests.host_process import PATIENCE_S
from tests.providers.copies import run_copy

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).parents[2] / "node_modules/@copilotkit/aimock/dist/cli.js"
TEXT = "Tides are wires that the moon pulls, twice a day. 🌊 Grüße!"
FIXTURES: list[dict[str, object]] = [
    {"match": {"userMessage": "plain"}, "response": {"content": TEXT}},
    {"match": {"userMessage": "think"}, "response": {"content": TEXT, "reasoning": "Hm, so."}},
    {
        "match": {"userMessage": "call"},
        "response": {"toolCalls": [{"name": "look", "arguments": {"at": "sea"}}]},
    },
    {
        "match": {"userMessage": "two steps", "hasToolResult": False},
        "response": {
            "toolCalls": [
                {"name": "test__look", "arguments": {"at": "sea"}},
                {"name": "test__look", "arguments": {"at": "sky"}},
            ]
        },
    },
    {
        "match": {"userMessage": "two steps", "hasToolResult": True},
        "response": {"content": TEXT},
    },
    {"match": {"userMessage": "short"}, "response": {"content": TEXT, "finishReason": "length"}},
    {
        "match": {"userMessage": "cut off"},
        "response": {"content": TEXT},
        "latency": 5,
        "truncateAfterChunks": 8,
    },
    {"match": {"userMessage": "slow"}, "response": {"content": "Late."}, "latency": 200},
    *(
        {
            "match": {"userMessage": f"status {status}"},
            "response": {
                "error": {"message": "no", "type": kind, "code": kind},
                "status": status,
                **({"retryAfter": 0} if status == 429 else {}),
            },
        }
        for status, kind in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (413, "request_too_large"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (503, "service_unavailable"),
            (529, "overloaded_error"),
        ]
    ),
    {
        "match": {"userMessage": "no credit"},
        "response": {
            "error": {"message": "pay", "type": "insufficient_quota", "code": "insufficient_quota"},
            "status": 429,
        },
    },
    {
        "match": {"userMessage": "too long"},
        "response": {
            "error": {"message": "long", "type": "x", "code": "context_length_exceeded"},
            "status": 400,
        },
    },
    {
        "match": {"userMessage": "garbage"},
        "response": {"content": TEXT},
        "chaos": {"malformedRate": 1},
    },
    {
        "match": {"userMessage": "hang up"},
        "response": {"content": TEXT},
        "chaos": {"disconnectRate": 1},
    },
]


@dataclass(frozen=True)
class Aimock:
    url: str

    def bodies(self, test_id: str) -> list[str]:
        """The bodies of the requests that a test has made, as JSON."""
        url = f"{self.url}/__aimock/journal?testId={test_id}"
        with urllib.request.urlopen(url) as answer:  # noqa: S310
            return [json.dumps(entry["body"]) for entry in json.load(answer)]

    def requests(self, test_id: str) -> int:
        """How many requests a test has made."""
        return len(self.bodies(test_id))


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Generator[Aimock, None, None]:
    node = shutil.which("node")
    assert node, "Node is needed: python3 dev.py test brings it"
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}), "utf-8")
    command = [node, str(PROGRAM), "-p", "0", "-f", str(fixtures), "-c", "5", "--validate-on-load"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        output = b""
        for line in process.stdout:
            output += line
            if b"listening on " in line:
                break
        else:
            raise AssertionError(output.decode())
        try:
            yield Aimock(output.decode().rpartition("listening on ")[2].strip())
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def chat(url: str, headers: dict[str, str]) -> Provider:
    endpoint = Endpoint("openai", "OpenAI", f"{url}/v1", lambda: "a-key", headers=headers)
    return HttpProvider(CHAT_COMPLETIONS, endpoint, "gpt-4o")


def responses(url: str, headers: dict[str, str]) -> Provider:
    endpoint = Endpoint("openai", "OpenAI", f"{url}/v1", lambda: "a-key", headers=headers)
    return HttpProvider(RESPONSES, endpoint, "gpt-5", partial(ModelInfo, reasoning="default"))


def messages(url: str, headers: dict[str, str]) -> Provider:
    endpoint = Endpoint("anthropic", "Anthropic", url, lambda: "a-key", headers=headers)
    return HttpProvider(
        MESSAGES, endpoint, "claude-sonnet-5", partial(ModelInfo, reasoning="adaptive")
    )


def google(url: str, headers: dict[str, str]) -> Provider:
    endpoint = Endpoint("google", "Google", f"{url}/v1", lambda: "a-key", headers=headers)
    return HttpProvider(CHAT_COMPLETIONS, endpoint, "gemini-3.8-flash")


Make = Callable[[str, dict[str, str]], Provider]
Decide = Callable[[JsonValue], Verdict]
"""The person's verdict on a call with these arguments."""


@dataclass(frozen=True)
class Outcome:
    events: list[AnyEvent]
    log: InferenceLog
    requests: int
    test_id: str

    @property
    def ending(self) -> DoneEvent | ErrorEvent:
        assert self.log.ending is not None
        return self.log.ending


@pytest.fixture(params=[chat, responses, messages, google], ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Make:
    make: Make = request.param
    return make


async def run(
    aimock: Aimock,
    make: Make,
    text: str,
    offer: Offer | None = None,
    verdict: Decide | None = None,
) -> Outcome:
    """Run one inference to its end."""
    test_id = uuid.uuid4().hex
    provider = make(aimock.url, {"X-Test-Id": test_id})
    settings = Settings(retries=Retries(first_delay_s=0.001))
    engine = Engine(lambda _: provider, settings)
    request = InferenceRequest(
        messages=[Message(role="user", content=text)], provider_id=provider.id
    )
    log = engine.start("window", request, offer=offer)
    ended = asyncio.Event()
    log.subscribe(lambda urgent: ended.set() if log.ending is not None else None)
    if verdict is not None:
        await asyncio.wait_for(decide(engine, log, verdict), PATIENCE_S)
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    await engine.close()
    await provider.close()
    requests = await asyncio.to_thread(aimock.requests, test_id)
    return Outcome(log.read(), log, requests, test_id)


async def decide(engine: Engine, log: InferenceLog, verdict: Decide) -> None:
    """Decide about every call that waits for approval, until the run has ended."""
    arguments: dict[str, JsonValue] = {}
    async for event in log.follow():
        if isinstance(event, CallEvent):
            arguments[event.call_id] = event.arguments
        if isinstance(event, ApprovalEvent) and event.state == "asked":
            decision = Decision(
                inference_id=log.inference_id,
                call_id=event.call_id,
                nonce=event.nonce or "",
                verdict=verdict(arguments[event.call_id]),
            )
            assert engine.decide("window", decision)


async def test_a_plain_answer(aimock: Aimock, make: Make) -> None:
    outcome = await run(aimock, make, "plain")
    assert isinstance(outcome.ending, DoneEvent), outcome.ending
    assert outcome.log.text("llm:token") == TEXT
    assert (outcome.ending.finish_reason, outcome.requests) == ("stop", 1)
    usage = outcome.ending.usage
    assert usage.output_tokens > 0
    # In some of the APIs aimock does not count, and writes zeros.
    assert usage.estimated == (make in {responses, messages})


async def test_reasoning(aimock: Aimock, make: Make) -> None:
    outcome = await run(aimock, make, "think")
    assert isinstance(outcome.ending, DoneEvent), outcome.ending
    assert outcome.log.text("llm:reasoning") == "Hm, so."
    assert outcome.log.text("llm:token") == TEXT


async def test_a_tool_call(aimock: Aimock, make: Make) -> None:
    outcome = await run(aimock, make, "call")
    assert isinstance(outcome.ending, DoneEvent), outcome.ending
    calls = [event for event in outcome.events if event.channel == "llm:tool"]
    assert {event.name for event in calls} == {"look"}
    assert json.loads("".join(event.arguments_delta for event in calls)) == {"at": "sea"}
    assert outcome.ending.finish_reason == "tool_calls"


async def test_two_steps_with_parallel_calls_between(aimock: Aimock, make: Make) -> None:
    async def look(arguments: Arguments, progress: Progress) -> str:
        return f"It is blue at the {arguments['at']}."

    functions = Functions()
    functions.add("look", look)
    outcome = await run(aimock, make, "two steps", functions.offer("look"))
    assert isinstance(outcome.ending, DoneEvent), outcome.ending
    assert outcome.ending.finish_reason == "stop"
    assert outcome.requests == 2
    assert outcome.log.text("llm:token") == TEXT
    assert functions.calls == [("look", {"at": "sea"}), ("look", {"at": "sky"})]


async def test_a_person_decides_about_parallel_calls_between_two_steps(
    aimock: Aimock, make: Make
) -> None:
    async def look(arguments: Arguments, progress: Progress) -> str:
        return f"It is blue at the {arguments['at']}."

    functions = Functions()
    functions.add("look", look)
    verdicts: dict[str, Verdict] = {"sea": "allow", "sky": "deny"}

    def verdict(arguments: JsonValue) -> Verdict:
        assert isinstance(arguments, dict)
        return verdicts[str(arguments["at"])]

    outcome = await run(aimock, make, "two steps", functions.offer(), verdict)
    assert isinstance(outcome.ending, DoneEvent), outcome.ending
    assert outcome.ending.finish_reason == "stop"
    assert outcome.log.text("llm:token") == TEXT, "both calls have a result"
    assert functions.calls == [("look", {"at": "sea"})], "nothing runs that was not allowed"
    results = {e.state: e.text for e in outcome.events if isinstance(e, ResultEvent)}
    assert results["done"] == "It is blue at the sea."
    assert "did not allow this call" in results["denied"]
    bodies = await asyncio.to_thread(aimock.bodies, outcome.test_id)
    assert len(bodies) == 2
    assert "blue at the sea" not in bodies[0]
    assert "blue at the sea" in bodies[1], "the result went back"
    assert "did not allow this call" in bodies[1]


async def test_an_answer_that_is_too_long(aimock: Aimock, make: Make) -> None:
    outcome = await run(aimock, make, "short")
    assert isinstance(outcome.ending, DoneEvent), outcome.ending
    assert outcome.ending.finish_reason == "length"


async def test_a_slow_answer(aimock: Aimock, make: Make) -> None:
    outcome = await run(aimock, make, "slow")
    assert isinstance(outcome.ending, DoneEvent), outcome.ending
    assert outcome.log.text("llm:token") == "Late."


@pytest.mark.parametrize(
    ("text", "code", "requests"),
    [
        ("status 400", ErrorCode.INVALID_REQUEST, 1),
        ("status 401", ErrorCode.API_KEY_ERROR, 1),
        ("status 403", ErrorCode.PERMISSION_DENIED, 1),
        ("status 404", ErrorCode.MODEL_NOT_FOUND, 1),
        ("status 413", ErrorCode.CONTEXT_LENGTH, 1),
        ("status 429", ErrorCode.RATE_LIMIT, 4),
        ("no credit", ErrorCode.INSUFFICIENT_QUOTA, 1),
        ("status 500", ErrorCode.SERVER_ERROR, 4),
        ("status 503", ErrorCode.OVERLOADED, 4),
        ("status 529", ErrorCode.OVERLOADED, 4),
        ("garbage", ErrorCode.PROTOCOL_ERROR, 1),
        ("hang up", ErrorCode.NETWORK_ERROR, 4),
        ("cut off", ErrorCode.STREAM_INTERRUPTED, 1),
    ],
)
async def test_faults(
    aimock: Aimock, make: Make, text: str, code: ErrorCode, requests: int
) -> None:
    outcome = await run(aimock, make, text)
    assert isinstance(outcome.ending, ErrorEvent), outcome.ending
    assert (outcome.ending.code, outcome.requests) == (code, requests)
    retries = [event for event in outcome.events if event.channel == "llm:retrying"]
    assert len(retries) == requests - 1


async def test_a_conversation_that_is_too_long(aimock: Aimock, make: Make) -> None:
    outcome = await run(aimock, make, "too long")
    assert isinstance(outcome.ending, ErrorEvent), outcome.ending
    # Anthropic has no code for it, only words.
    code = ErrorCode.INVALID_REQUEST if make is messages else ErrorCode.CONTEXT_LENGTH
    assert (outcome.ending.code, outcome.requests) == (code, 1)


async def test_copies_of_a_request_bring_the_same_body(
    aimock: Aimock, make: Make, tmp_path: Path
) -> None:
    test_id = uuid.uuid4().hex
    provider = make(aimock.url, {"X-Test-Id": test_id})
    wire = WireLog(tmp_path / "data", lambda: True, list)
    engine = Engine(lambda _: provider, wire=wire)
    message = Message(role="user", content="plain")
    log = engine.start("w", InferenceRequest(messages=[message], provider_id=provider.id))
    async for _ in log.follow():
        pass
    await engine.close()
    await wire.close()
    await provider.close()
    [attempt] = (await wire.get(log.inference_id)).attempts
    keys = {
        header.variable: test_id if header.name == "x-test-id" else "a-key"
        for header in attempt.request.headers
        if header.variable
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **keys}
    for code, program in (
        (as_curl(attempt.request), "sh"),
        (as_python(attempt.request), sys.executable),
    ):
        assert "a-key" not in code
        assert test_id not in code
        await run_copy(code, program, environment, tmp_path)
    [original, *copies] = map(json.loads, await asyncio.to_thread(aimock.bodies, test_id))
    assert copies == [original, original]
