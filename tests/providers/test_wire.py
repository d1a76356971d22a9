"""The recording of a request: the bytes that were sent, without any key."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shell.contract import InferenceRequest, Message, WireRun, WireSummary
from shell.errors import NotFound
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.providers.base import Provider
from shell.providers.exchanges import OutgoingRequest, Recording
from shell.providers.request_code import as_curl, as_python
from shell.providers.testing.echo import EchoProvider
from shell.store.wire_log import MAX_BYTES, MAX_RUNS, WireLog, stored_summaries
from shell.support.ids import TEMPORARY
from tests.providers.collect import ask
from tests.providers.copies import run_copy
from tests.providers.fault_server import Exchange, fault_server
from tests.providers.previews import check_previews
from tests.providers.scenes import APIS, CHAT, KEY, Api, streaming

pytestmark = pytest.mark.anyio
HOSTILE = (
    "it's \"quoted\" `id` $(touch pwned) ${HOME} \\ !! %s\nEOF\n'; touch pwned; '\n"
    "\u202ereversed \u2028 🌊 \x9b \x1b[31m \x00 {{a}} '''"
)


def test_a_preview_has_the_bytes_that_are_sent() -> None:
    assert check_previews(50) >= 50


async def run(provider: Provider, wire: WireLog, text: str = "hello") -> InferenceLog:
    engine = Engine(lambda _: provider, wire=wire)
    message = Message(role="user", content=text)
    log = engine.start("w", InferenceRequest(messages=[message], provider_id=provider.id))
    async for _ in log.follow():
        pass
    await engine.close()
    await wire.close()
    return log


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.api.name)
async def test_an_attempt_has_everything_that_was_sent_except_the_key(
    api: Api, tmp_path: Path
) -> None:
    dialect = api.dialect
    frames = [*dialect.begin(), *dialect.text("Grüße 🌊"), *dialect.finish()]
    headers = {"X-Mine": "a-secret-of-mine", "X-Few": "few"}
    wire = WireLog(tmp_path, lambda: True, list)
    async with api.serving(streaming(*frames), headers=headers) as (provider, server):
        log = await run(provider, wire)
        [received] = server.requests
    wire_run = await wire.get(log.inference_id)
    [attempt] = wire_run.attempts
    assert attempt.request.body is not None
    assert attempt.request.body.encode() == received.body
    assert attempt.request.url == f"{server.url}{received.path}"
    recorded_headers = {header.name: header.value for header in attempt.request.headers}
    sent_headers = {
        name: value for name, value in received.headers.items() if name in recorded_headers
    }
    assert set(received.headers) - set(sent_headers) <= {"host", "connection", "content-length"}
    assert sent_headers[api.key_header] == api.key_value
    assert recorded_headers[api.key_header] == api.key_value.replace(KEY, "[key]")
    assert (recorded_headers["x-mine"], recorded_headers["x-few"]) == ("[key]", "few")
    del sent_headers[api.key_header], sent_headers["x-mine"]
    assert sent_headers.items() <= recorded_headers.items()
    assert attempt.status == 200
    assert "".join(chunk.text for chunk in attempt.chunks) == b"".join(frames).decode()
    assert attempt.total_ms is not None
    [path] = (tmp_path / "wire").iterdir()
    content = path.read_bytes()
    assert KEY.encode() not in content
    assert b"a-secret-of-mine" not in content
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_the_headers_of_an_api_are_sent() -> None:
    api = replace(CHAT, api=replace(CHAT.api, headers={"x-version": "7"}))
    async with api.serving(streaming(*api.dialect.finish())) as (provider, server):
        await ask(provider, "hello")
    assert server.requests[0].headers["x-version"] == "7"


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.api.name)
async def test_a_header_of_ones_own_is_sent_once_in_place_of_the_key(api: Api) -> None:
    headers = {api.key_header.title(): "mine", "User-Agent": "older", "USER-AGENT": "own"}
    async with api.serving(streaming(*api.dialect.finish()), headers=headers) as (provider, server):
        await ask(provider, "hello")
    names = [line.partition(b":") for line in server.requests[0].raw.lower().split(b"\r\n")]
    sent = [(name, value.strip()) for name, _, value in names]
    assert [value for name, value in sent if name == api.key_header.encode()] == [b"mine"]
    assert [value for name, value in sent if name == b"user-agent"] == [b"own"]


def test_a_response_that_is_too_long_is_recorded_to_a_point_and_without_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shell.providers.exchanges.MAX_RUN_BYTES", 10)
    request = OutgoingRequest("http://127.0.0.1", {}, {}, b"", "chat", "http://127.0.0.1")
    exchange = Recording().begin(request, list)
    for piece in (b"first ", b"second ", b"last"):
        exchange.receive(piece)
    assert [piece for _, piece in exchange.pieces] == [b"first "]
    assert exchange.received == 17


async def test_a_key_that_a_server_repeats_is_not_recorded(tmp_path: Path) -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        half = len(KEY) // 2
        await exchange.send(b": you sent " + KEY[:half].encode())
        await exchange.send(KEY[half:].encode() + b"\n\n")
        await exchange.end()

    wire = WireLog(tmp_path, lambda: True, list)
    async with APIS[0].serving(scene) as (provider, _):
        log = await run(provider, wire, f"my key is {KEY}")
    run_json = (await wire.get(log.inference_id)).model_dump_json()
    assert KEY not in run_json
    assert KEY[:12] not in run_json
    [path] = (tmp_path / "wire").iterdir()
    assert KEY.encode() not in path.read_bytes()


async def test_the_oldest_runs_make_room_and_temporary_ones_leave_no_file(tmp_path: Path) -> None:
    wire = WireLog(tmp_path, lambda: True, list)
    async with APIS[0].serving(streaming(*APIS[0].dialect.finish())) as (provider, _):
        first = await run(provider, wire)
        for number in range(MAX_RUNS):
            path = tmp_path / "wire" / f"{9_000_000_000_000 + number}-inf-{number}.jsonl"
            path.write_bytes(b"{}\n")
        latest = await run(provider, wire)
    with pytest.raises(NotFound):
        await wire.get(first.inference_id)
    assert len([*(tmp_path / "wire").iterdir()]) == MAX_RUNS
    assert sum(path.stat().st_size for path in (tmp_path / "wire").iterdir()) < MAX_BYTES
    del latest
    await wire.clear()
    log = InferenceLog("inf-temporary")
    assert wire.begin(log, "echo", "echo", f"{TEMPORARY}1") is not None
    wire.end(log)
    await wire.close()
    assert (await wire.get("inf-temporary")).attempts == []
    assert not (tmp_path / "wire").exists()


async def test_a_run_is_stored_beside_files_of_a_wrong_clock(tmp_path: Path) -> None:
    wire = WireLog(tmp_path, lambda: True, list)
    (tmp_path / "wire").mkdir()
    for number in range(MAX_RUNS):
        name = f"{9_000_000_000_000 + number}-inf-{number}.jsonl"
        (tmp_path / "wire" / name).write_bytes(b"{}\n")
    log = InferenceLog("inf-now")
    wire.begin(log, "echo", "echo", None)
    wire.end(log)
    await wire.close()
    assert (await wire.get("inf-now")).attempts == []
    assert len([*(tmp_path / "wire").iterdir()]) == MAX_RUNS


async def test_clearing_also_removes_a_run_that_has_just_ended(tmp_path: Path) -> None:
    wire = WireLog(tmp_path, lambda: True, list)
    for conversation in ("c-1", f"{TEMPORARY}1"):
        log = InferenceLog(f"inf-{conversation}")
        wire.begin(log, "echo", "echo", conversation)
        wire.end(log)
    await wire.clear()
    assert await wire.list() == []


@pytest.mark.parametrize("conversation", ["c-1", f"{TEMPORARY}1"], ids=["stored", "temporary"])
async def test_a_run_that_ends_while_the_list_is_read_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conversation: str
) -> None:
    wire = WireLog(tmp_path, lambda: True, list)
    log = InferenceLog("inf-1")
    assert wire.begin(log, "echo", "echo", conversation) is not None
    loop = asyncio.get_running_loop()

    async def end() -> None:
        wire.end(log)
        await wire.close()

    def read_slowly(folder: Path) -> list[WireSummary]:
        found = [*stored_summaries(folder)]
        asyncio.run_coroutine_threadsafe(end(), loop).result(60)
        return found

    monkeypatch.setattr("shell.store.wire_log.stored_summaries", read_slowly)
    assert [entry.inference_id for entry in await wire.list()] == ["inf-1"]


@pytest.mark.parametrize("deleted", ["c-1", f"{TEMPORARY}1"], ids=["stored", "temporary"])
async def test_the_requests_of_a_deleted_conversation_are_forgotten(
    tmp_path: Path, deleted: str
) -> None:
    wire = WireLog(tmp_path, lambda: True, list)
    provider = EchoProvider(rate=None)
    engine = Engine(lambda _: provider, wire=wire)

    def ask(text: str, conversation: str) -> InferenceLog:
        request = InferenceRequest(
            messages=[Message(role="user", content=text)], provider_id="echo"
        )
        return engine.reserve("w", request, conversation=conversation).begin()

    for conversation in (deleted, "c-2"):
        async for _ in ask("hello", conversation).follow():
            pass
    # One answer is still running when its conversation is deleted, and ends afterwards.
    stalled = ask("/stall", deleted)
    await wire.forget(deleted)
    await engine.close()
    await wire.close()
    assert stalled.ending is not None
    assert [entry.conversation_id for entry in await wire.list()] == ["c-2"]
    assert len([*(tmp_path / "wire").iterdir()]) == 1


async def test_a_restore_leaves_the_requests_of_temporary_conversations_alone(
    tmp_path: Path,
) -> None:
    wire = WireLog(tmp_path, lambda: True, list)
    provider = EchoProvider(rate=None)
    engine = Engine(lambda _: provider, wire=wire)

    def ask(text: str, conversation: str | None) -> InferenceLog:
        messages = [Message(role="user", content=text)]
        request = InferenceRequest(messages=messages, provider_id="echo")
        return engine.reserve("w", request, conversation=conversation).begin()

    temporary = f"{TEMPORARY}1"
    for conversation in ("c-1", temporary, None):
        async for _ in ask("hello", conversation).follow():
            pass
    # The restore replaces a conversation while its title is still being written.
    ask("/stall", "c-1")
    await wire.forget_stored()
    await engine.close()
    await wire.close()
    assert [entry.conversation_id for entry in await wire.list()] == [temporary]
    assert [*(tmp_path / "wire").iterdir()] == []


@pytest.mark.parametrize("conversation", ["c-1", f"{TEMPORARY}1"], ids=["stored", "temporary"])
async def test_a_run_that_ends_after_recording_was_switched_off_is_not_kept(
    tmp_path: Path, conversation: str
) -> None:
    is_on = True
    wire = WireLog(tmp_path, lambda: is_on, list)
    log = InferenceLog("inf-1")
    assert wire.begin(log, "echo", "echo", conversation) is not None
    is_on = False
    await wire.clear()
    wire.end(log)
    await wire.close()
    assert await wire.list() == []


async def test_nothing_is_recorded_while_it_is_off(tmp_path: Path) -> None:
    wire = WireLog(tmp_path, lambda: False, list)
    async with APIS[0].serving(streaming(*APIS[0].dialect.finish())) as (provider, _):
        log = await run(provider, wire)
    assert await wire.list() == []
    with pytest.raises(NotFound):
        await wire.get(log.inference_id)
    assert not (tmp_path / "wire").exists()


async def recorded(api: Api, tmp_path: Path, text: str) -> WireRun:
    wire = WireLog(tmp_path, lambda: True, list)
    dialect = api.dialect
    frames = [*dialect.begin(), *dialect.text("Yes."), *dialect.finish()]
    async with api.serving(streaming(*frames)) as (provider, _):
        log = await run(provider, wire, text)
        return await wire.get(log.inference_id)


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.api.name)
async def test_copies_of_a_request_send_the_same_body_and_hold_no_key(
    api: Api, tmp_path: Path, long: bool
) -> None:
    text = HOSTILE + ("🌊" * 60_000 if long else "")
    [attempt] = (await recorded(api, tmp_path, text)).attempts
    assert attempt.request.body is not None
    dialect = api.dialect
    frames = [*dialect.begin(), *dialect.text("Yes."), *dialect.finish()]
    work = tmp_path / "work"
    work.mkdir()
    async with fault_server(streaming(*frames)) as server:
        base = f"{server.url}{api.base}"
        request = attempt.request.model_copy(update={"url": base + api.api.path, "base_url": base})
        variables = {h.variable: KEY for h in request.headers if h.variable}
        environment = {"PATH": os.environ["PATH"], "HOME": str(work), **variables}
        for code, program in (
            (as_curl(request), "bash"),
            (as_curl(request), "sh"),
            (as_python(request), sys.executable),
        ):
            assert KEY not in code
            server.requests.clear()
            await run_copy(code, program, environment, work)
            [received] = server.requests
            assert json.loads(received.body) == json.loads(attempt.request.body)
            # Anthropic's SDK sends the key as OpenAI's does.
            sent_keys = {received.headers.get(name) for name in (api.key_header, "authorization")}
            assert sent_keys & {api.key_value, f"Bearer {KEY}"}
    assert [*work.iterdir()] == []
