"""Answers with recorded streams of services, saves the answers as recordings, and plays them."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect
from pydantic import TypeAdapter

from shell.contract import AnyEvent
from shell.providers.custom import CustomProvider, add
from shell.providers.recordings import event_fields, read_recording
from tests.e2e.app import App, ask, wait_for_end
from tests.e2e.recordings import open_recording, save_recording
from tests.e2e.test_canary import running_server
from tests.e2e.test_servers import choose
from tests.providers.fault_server import Exchange
from tests.providers.test_recorded import playing

KINDS = {"chat": "openai-compatible", "messages": "anthropic", "responses": "openai-responses"}
QUESTION = re.compile(rb"play ([a-z-]+) (\d+)")
STREAMED = {"llm:token": "token", "llm:reasoning": "text", "llm:tool": "arguments_delta"}
LOG = """
async (inferenceId) =>
  JSON.stringify((await window.llm.llmAttach({ inferenceId, afterSeq: -1 })).events)
"""
ANSWER_PARTS = """
(answer) => [...answer.children]
  .filter((part) => !part.querySelector("[role=toolbar]") && !/footer/.test(part.className))
  .map((part) => part.textContent)
"""
"""The parts of an answer, without its footer and its buttons."""


async def play(exchange: Exchange) -> None:
    """Send the stream that the question names, in pieces of the size in the question."""
    if exchange.request.method == "GET":
        name = exchange.request.path.split("/")[1]
        await exchange.answer(200, {"object": "list", "data": [{"id": name, "object": "model"}]})
        return
    match = QUESTION.search(exchange.request.body)
    assert match is not None
    await playing(match[1].decode(), int(match[2]))(exchange)


@contextmanager
def recorded_streams(data: Path) -> Iterator[None]:
    """Run a server of recorded streams, which is added to this data directory for each API."""
    with running_server(play) as server:
        for name, kind in KINDS.items():
            url = f"{server.url}/{name}"
            fields = {"id": name, "label": name, "kind": kind, "base_url": url}
            add(data, CustomProvider.model_validate({**fields, "default_model": name}), set())
        yield


def check_replay(app: App, name: str, size: int, folder: Path) -> int:
    """Have a stream answer a question, and compare the answer with its recording.

    Compares the host's events and the page's content. Returns the number of events.
    """
    page = app.page()
    choose(page, name.partition("-")[0])
    ask(page, f"play {name} {size}")
    inference_id = wait_for_end(page)["inferenceId"]
    original = TypeAdapter(list[AnyEvent]).validate_json(page.evaluate(LOG, inference_id))
    answer_parts = page.locator(".message.assistant").evaluate(ANSWER_PARTS)
    path = save_recording(page, app, folder / f"{name}-{size}.jsonl")
    recorded = read_recording(path).events
    assert joined(recorded) == joined(original), name
    viewer = open_recording(page, path)
    expect(viewer.get_by_role("button", name="Play again")).to_be_visible()
    assert viewer.locator(".message.assistant").evaluate(ANSWER_PARTS) == answer_parts, name
    return len(recorded)


def joined(events: Iterable[AnyEvent]) -> list[dict[str, object]]:
    """Join adjacent pieces of a text, which a page gets in other pieces than the recording."""
    joined_events: list[dict[str, object]] = []
    for event in events:
        field = STREAMED.get(event.channel)
        if field is None:
            joined_events.append({**event_fields(event), "seq": None, "lastSeq": None})
            continue
        text = str(getattr(event, field))
        key = {"channel": event.channel, "id": getattr(event, "id", None)}
        if joined_events and joined_events[-1].items() >= key.items():
            joined_events[-1]["text"] = f"{joined_events[-1]['text']}{text}"
        else:
            joined_events.append({**key, "text": text})
    return joined_events
