"""The processor time of a streamed chunk, from the socket into the log, beside its alternatives.

python -m benchmarks providers [--chunks N] [--rounds N]

Every contender reads the same stream, from a server in a process of its own, in turns: bare httpx2
with `json.loads`, the SDK's own typed stream, and ours through to the log. One JSON line a
contender; the bars are ratios, so that a slow machine has the same ones.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median

from benchmarks.machine import load, machine
from shell.contract import InferenceRequest, Message
from shell.inference.engine import Engine
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.apis.messages import MESSAGES
from shell.providers.apis.responses import RESPONSES
from shell.providers.base import Provider
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider

BARS = [
    # contender, beside, at most so many times its processor time
    ("chat: ours", "chat: raw", 2.5),
    ("chat: ours", "chat: SDK", 0.35),
    ("responses: ours", "responses: SDK", 0.35),
    ("messages: ours", "messages: raw", 4.0),
]
TEXT = " a piece"
Contender = Callable[[], Awaitable[int]]


def main(arguments: list[str]) -> int:
    """Measure and print. Returns 1 when a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks providers", description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000, help="in one stream")
    parser.add_argument("--rounds", type=int, default=5, help="of every contender")
    chosen = parser.parse_args(arguments)
    command = [sys.executable, "-m", "benchmarks.providers", str(chosen.chunks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        url = server.stdout.readline().decode().strip()
        load_before = load()
        measured = asyncio.run(measure(url, chosen.chunks, chosen.rounds))
        assert server.stdin is not None
        server.stdin.close()
    return report(measured, chosen.chunks, (load_before, load()))


def report(measured: dict[str, list[float]], chunks: int, loads: object) -> int:
    """Print one line per contender, one line per bar, and one line for the machine."""
    middle = {name: median(times) for name, times in measured.items()}
    for name, times in measured.items():
        figures = {
            "us_per_chunk": round(middle[name], 2),
            "best": round(min(times), 2),
            "worst": round(max(times), 2),
        }
        print(
            json.dumps({"benchmark": "providers", "contender": name, "chunks": chunks, **figures})
        )
    missed = False
    for name, beside, most in BARS:
        ratio = middle[name] / middle[beside]
        missed |= ratio > most
        bar = {"bar": f"{name} / {beside}", "ratio": round(ratio, 3), "at_most": most}
        print(json.dumps({"benchmark": "providers", **bar, "met": ratio <= most}))
    facts = machine(["httpx2", "openai", "anthropic"])
    print(json.dumps({"benchmark": "providers", "load": loads, "machine": facts}))
    return 1 if missed else 0


# --- the contenders -----------------------------------------------------------------------------


async def measure(url: str, chunks: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds of this process's time for a chunk, by contender and round."""
    import anthropic
    import httpx2
    import openai

    gpt = openai.AsyncOpenAI(api_key="a-key", base_url=f"{url}/v1", max_retries=0)
    claude = anthropic.AsyncAnthropic(api_key="a-key", base_url=url, max_retries=0)
    bare = httpx2.AsyncClient(timeout=None)
    own_providers: list[Provider] = [
        HttpProvider(CHAT_COMPLETIONS, Endpoint("chat", "Chat", f"{url}/v1", lambda: "a-key"), "m"),
        HttpProvider(
            RESPONSES, Endpoint("responses", "Responses", f"{url}/v1", lambda: "a-key"), "m"
        ),
        HttpProvider(MESSAGES, Endpoint("messages", "Messages", url, lambda: "a-key"), "m"),
    ]
    by_id = {provider.id: provider for provider in own_providers}
    engine = Engine(by_id.__getitem__)

    async def raw(path: str) -> int:
        count = 0
        async with bare.stream("POST", f"{url}{path}", json={}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    count += TEXT in str(json.loads(line[6:]))
        return count

    async def through_to_the_log(provider_id: str) -> int:
        messages = [Message(role="user", content="hi")]
        request = InferenceRequest(provider_id=provider_id, messages=messages, timeout_ms=600_000)
        log = engine.start("benchmark", request)
        ended = asyncio.Event()
        log.subscribe(lambda urgent: ended.set() if log.ending is not None else None)
        await ended.wait()
        return log.text("llm:token").count(TEXT)

    async def sdk_chat() -> int:
        stream = await gpt.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        return sum([bool(c.choices and c.choices[0].delta.content) async for c in stream])

    async def sdk_responses() -> int:
        stream = await gpt.responses.create(model="m", input="hi", stream=True)
        return sum([event.type == "response.output_text.delta" async for event in stream])

    async def sdk_messages() -> int:
        stream = await claude.messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}], stream=True
        )
        return sum([event.type == "content_block_delta" async for event in stream])

    contenders: dict[str, Contender] = {
        "chat: raw": lambda: raw("/v1/chat/completions"),
        "chat: SDK": sdk_chat,
        "chat: ours": lambda: through_to_the_log("chat"),
        "responses: raw": lambda: raw("/v1/responses"),
        "responses: SDK": sdk_responses,
        "responses: ours": lambda: through_to_the_log("responses"),
        "messages: raw": lambda: raw("/v1/messages"),
        "messages: SDK": sdk_messages,
        "messages: ours": lambda: through_to_the_log("messages"),
    }
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            start = time.process_time()
            count = await contender()
            duration_s = time.process_time() - start
            if count != chunks:
                raise SystemExit(f"{name} saw {count} of {chunks} chunks")
            if number:  # the first round imports, compiles and connects
                measured[name].append(duration_s / chunks * 1e6)
    await engine.close()
    await asyncio.gather(
        gpt.close(), claude.close(), bare.aclose(), *(p.close() for p in own_providers)
    )
    return measured


# --- the server ---------------------------------------------------------------------------------


def _event(value: dict[str, object], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    event = f"{head}data: {json.dumps(value)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


def _streams() -> dict[str, tuple[list[bytes], bytes, list[bytes]]]:
    """Beginning, repeated event, and end of a stream of each API, as large as real ones."""
    head: dict[str, object] = {
        "id": "chatcmpl-0123456789abcdefghijklmn",
        "object": "chat.completion.chunk",
    }
    head |= {"created": 1_800_000_000, "model": "m", "system_fingerprint": "fp_0123456789"}

    def choice(delta: dict[str, object], reason: str | None = None) -> list[object]:
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]

    usage = {"prompt_tokens": 1, "completion_tokens": 9, "total_tokens": 10}
    block: dict[str, object] = {"type": "text", "text": ""}
    message: dict[str, object] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "m",
    }
    message |= {"stop_reason": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "output": []}
    counts = {"input_tokens": 1, "output_tokens": 9, "total_tokens": 10}
    counts_details = {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}
    counts_details["output_tokens_details"] = {"reasoning_tokens": 0}
    done = {**response, "status": "completed", "usage": {**counts, **counts_details}}
    where = {"item_id": "msg_0123456789abcdef", "output_index": 0, "content_index": 0}
    delta = {"type": "response.output_text.delta", **where, "delta": TEXT, "logprobs": []}
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    return {
        "/v1/chat/completions": (
            [_event({**head, "choices": choice({"role": "assistant", "content": ""})})],
            _event({**head, "choices": choice({"content": TEXT})}),
            [
                _event({**head, "choices": choice({}, "stop")}),
                _event({**head, "choices": [], "usage": usage}),
                b"e\r\ndata: [DONE]\n\n\r\n",
            ],
        ),
        "/v1/responses": (
            [_event({"type": "response.created", "response": response}, "response.created")],
            _event({**delta, "sequence_number": 4}, "response.output_text.delta"),
            [_event({"type": "response.completed", "response": done}, "response.completed")],
        ),
        "/v1/messages": (
            [
                _event({"type": "message_start", "message": message}, "message_start"),
                _event(
                    {"type": "content_block_start", "index": 0, "content_block": block},
                    "content_block_start",
                ),
            ],
            _event(
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": TEXT},
                },
                "content_block_delta",
            ),
            [
                _event({"type": "content_block_stop", "index": 0}, "content_block_stop"),
                _event(
                    {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 9}},
                    "message_delta",
                ),
                _event({"type": "message_stop"}, "message_stop"),
            ],
        ),
    }


async def serve(chunks: int) -> None:
    """Stream to every client, one event per write, until standard input closes."""
    streams = _streams()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readuntil(b"\r\n\r\n"):
            lines = request.decode("latin-1").lower().split("\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
            await reader.readexactly(length)
            before, piece, after = streams[lines[0].split()[1]]
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n")
            for event in (*before, *[piece] * chunks, *after):
                writer.write(event)
                await writer.drain()
            writer.write(b"0\r\n\r\n")

    async def handle_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(handle_connection, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
