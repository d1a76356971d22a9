"""Tests tools against LLMock, a third-party server for all three APIs, without scripts of ours.

LLMock calls the tool that fits the question best, with arguments that fit the schema, and answers
with text after the result. uv installs it from the package index.
"""

import asyncio
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shell.contract import DoneEvent, InferenceRequest, Message, ResultEvent, Verdict
from shell.inference.engine import Engine
from shell.tools.base import Arguments, Progress
from tests.engine.functions import Functions
from tests.host_process import PATIENCE_S
from tests.providers.test_aimock import Make, chat, decide, messages, responses
from tests.soak.result import Check, Result

VERSION = "0.2.2"
SCHEMA = {
    "type": "object",
    "properties": {"at": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["at", "days"],
}
APIS: dict[str, tuple[Make, str]] = {
    "chat": (chat, ""),
    "responses": (responses, ""),
    "messages": (messages, "/anthropic"),
}


@contextmanager
def serving() -> Iterator[str]:
    """Run the server on a free port; yields its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    uv = Path(sys.executable).with_name("uv")
    command: list[str | Path] = [
        uv,
        "tool",
        "run",
        "--from",
        f"llmock=={VERSION}",
        "llmock",
        "serve",
    ]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL) as process:
        late = time.monotonic() + 5 * PATIENCE_S
        try:
            while not is_there(url):
                if process.poll() is not None or time.monotonic() > late:
                    raise RuntimeError("LLMock did not start")
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait()


def is_there(url: str) -> bool:
    """Whether the server answers."""
    try:
        with urllib.request.urlopen(f"{url}/health") as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


async def ask(make: Make, url: str, verdict: Verdict) -> tuple[bool, str]:
    """Ask a question whose call gets this verdict.

    Returns whether the run and its results are as expected, and a summary of them.
    """

    async def tide(arguments: Arguments, progress: Progress) -> str:
        return f"High water at {arguments['at']} at noon."

    functions = Functions()
    functions.add("tide", tide, parameters=SCHEMA, description="Says when high water is.")
    provider = make(url, {})
    engine = Engine(lambda _: provider)
    question = [Message(role="user", content="When is high water at Husum?")]
    request = InferenceRequest(messages=question, provider_id=provider.id)
    log = engine.start("window", request, offer=functions.offer())
    await asyncio.wait_for(decide(engine, log, lambda _: verdict), PATIENCE_S)
    await engine.close()
    await provider.close()
    ending = log.ending
    results = [event.state for event in log.read() if isinstance(event, ResultEvent)]
    is_expected = (
        isinstance(ending, DoneEvent)
        and ending.finish_reason == "stop"
        and log.text("llm:token") != ""
        and results == ["done" if verdict == "allow" else "denied"]
        and len(functions.calls) == (1 if verdict == "allow" else 0)
    )
    return is_expected, f"{results} {ending.channel if ending else None}"


def tools() -> Result:
    """Allow one call and deny one, in every API."""
    figures: dict[str, str] = {}
    all_ok = True
    with serving() as url:
        for name, (make, path) in APIS.items():
            for verdict in ("allow", "deny"):
                is_ok, summary = asyncio.run(ask(make, url + path, verdict))
                figures[f"{name}_{verdict}"] = "ok" if is_ok else summary
                all_ok = all_ok and is_ok
    return Result(all_ok, figures)


CHECKS: dict[str, Check] = {"tools": tools}
