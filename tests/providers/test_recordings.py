"""Recordings: the same events when they are read again, and an error for any other file."""

import json
from pathlib import Path

import pytest

from shell.contract import AnyEvent, InferenceRequest, Message
from shell.errors import ErrorCode
from shell.inference.engine import Engine
from shell.providers.recordings import (
    MAX_RECORDING_BYTES,
    UnusableRecording,
    new_header,
    parse_recording,
    read_recording,
    recording_lines,
    save_recording,
)
from shell.providers.testing.echo import EchoProvider
from shell.store.wire_log import WireLog

pytestmark = pytest.mark.anyio
SECRET = "sk-canary-0123456789abcdef"
SCRIPTS = [
    "Hello wide world 🌊 \u2028 <script>alert(1)</script> \u202e",
    "/reasoning so it is\nYes.\n/tool look {}\n/usage 3 4",
    "some text\n/length",
    "some text\n/error OVERLOADED 50000",
    "/refuse",
]


async def answer(wire: WireLog, script: str) -> tuple[str, list[AnyEvent]]:
    provider = EchoProvider(rate=None)
    engine = Engine(lambda _: provider, wire=wire)
    message = Message(role="user", content=script)
    log = engine.start("w", InferenceRequest(messages=[message], provider_id="echo"))
    async for _ in log.follow():
        pass
    await engine.close()
    return log.inference_id, log.read(stops=range(log.last_seq))


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_saved_answer_gives_the_same_events_again(tmp_path: Path, script: str) -> None:
    wire = WireLog(tmp_path, lambda: True, list)
    inference_id, events = await answer(wire, script)
    assert parse_recording(await wire.recording(inference_id)).events == events
    await wire.close()
    stored = parse_recording(await wire.recording(inference_id))
    assert stored.events == events
    assert stored.header is not None
    assert (stored.header.provider_id, stored.header.model_id) == ("echo", "echo")


async def test_a_key_is_left_out_also_one_that_events_share(tmp_path: Path) -> None:
    half = len(SECRET) // 2
    script = f"/rate 0\nthe key {SECRET} and\n/text {SECRET[:half]}\n/text {SECRET[half:]}"
    _, events = await answer(WireLog(tmp_path, lambda: True, list), script)
    save_recording(tmp_path / "a.jsonl", new_header("echo", "echo"), events, [SECRET])
    text = "".join(
        event.token
        for event in read_recording(tmp_path / "a.jsonl").events
        if event.channel == "llm:token"
    )
    assert "[key]" in text
    assert SECRET not in text
    assert SECRET[:12] not in text


def lines() -> list[str]:
    stamp = {"inferenceId": "inf-1", "sessionId": None, "ms": 1}
    usage = {"inputTokens": 1, "outputTokens": 1, "reasoningTokens": 0, "cachedTokens": 0}
    events = [
        {**stamp, "channel": "llm:token", "seq": 0, "token": "a", "index": 0, "count": 1},
        {
            **stamp,
            "channel": "llm:done",
            "seq": 1,
            "totalTokens": 1,
            "usage": {**usage, "estimated": True, "cost": None},
            "finishReason": "stop",
            "cancelled": False,
            "timing": {"firstTokenMs": 1, "totalMs": 1},
        },
    ]
    header = new_header("echo", "echo").model_dump_json(by_alias=True)
    return [header, *map(json.dumps, events)]


def test_the_lines_of_these_tests_are_a_recording() -> None:
    assert len(parse_recording("\n".join(lines()).encode()).events) == 2
    recording = parse_recording("\n".join(lines()[1:]).encode())
    assert (recording.header, len(recording.events)) == (None, 2)
    assert len(recording_lines(new_header("a", "b"), recording.events, [])) == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: [], "does not hold an answer to its end"),
        (lambda rows: rows[:-1], "does not hold an answer to its end"),
        (lambda rows: [rows[0], "not json", *rows[1:]], "line 2 is no event"),
        (lambda rows: [*rows[:2], "\xff\xfe", rows[2]], "line 3 is no event"),
        (lambda rows: [*rows[:2], '"\\ud800"', rows[2]], "line 3 is no event"),
        (lambda rows: [*rows[:2], "[" * 100_000, rows[2]], "line 3 is no event"),
        (lambda rows: [*rows, rows[2]], "line 4 follows the end of the answer"),
        (lambda rows: [rows[0], rows[2]], "line 2 does not follow"),
        (
            lambda rows: [rows[0], rows[1].replace('"count": 1', '"count": 0'), rows[2]],
            "line 2",
        ),
        (
            lambda rows: [*rows[:2], rows[2].replace("inf-1", "inf-2")],
            "line 3 belongs to another answer",
        ),
        (lambda rows: [*rows[:2], rows[2].replace('"ms": 1', '"ms": 0')], "line 3 is earlier"),
        (
            lambda rows: [rows[0].replace('Recording":1', 'Recording":2'), *rows[1:]],
            "has a header that this version of Tidewire does not know",
        ),
        (lambda rows: [rows[0], rows[0], *rows[1:]], "line 2 is no event"),
    ],
)
def test_a_file_that_is_no_whole_recording_is_refused(
    tmp_path: Path, change: object, reason: str
) -> None:
    path = tmp_path / "a.jsonl"
    assert callable(change)
    path.write_bytes("\n".join(change(lines())).encode("latin-1"))
    with pytest.raises(UnusableRecording) as raised:
        read_recording(path)
    assert reason in str(raised.value)
    assert raised.value.code is ErrorCode.INVALID_REQUEST


def test_a_file_that_is_too_large_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(UnusableRecording, match=f"larger than {MAX_RECORDING_BYTES // 10**6} MB"):
        read_recording(path)
    for other in (tmp_path / "missing", tmp_path):
        with pytest.raises(UnusableRecording, match="cannot be read"):
            read_recording(other)
