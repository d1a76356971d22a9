"""ReplayProvider: a recorded inference gives the same events again."""

import asyncio
from pathlib import Path

import pytest

from shell.contract import AnyEvent, InferenceRequest, Message
from shell.errors import ErrorCode, ProviderError
from shell.inference.engine import Engine
from shell.providers.base import Provider
from shell.providers.testing.echo import EchoProvider
from shell.providers.testing.replay import ReplayProvider
from tests.host_process import PATIENCE_S
from tests.providers.collect import ask
from tests.virtual_loop import VirtualLoop

pytestmark = pytest.mark.anyio


async def record(provider: Provider, script: str) -> list[AnyEvent]:
    engine = Engine(lambda _: provider)
    message = Message(role="user", content=script)
    log = engine.start("w", InferenceRequest(messages=[message], provider_id=provider.id))
    events: list[AnyEvent] = []
    ended = asyncio.Event()

    def wake(urgent: bool) -> None:  # after every append, so that nothing is joined
        events.extend(log.read(events[-1].seq if events else -1))
        if log.ending is not None:
            ended.set()

    log.subscribe(wake)
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    await engine.close()
    return events


def write(path: Path, events: list[AnyEvent]) -> Path:
    path.write_text("".join(f"{event.model_dump_json()}\n" for event in events), "utf-8")
    return path


def content(events: list[AnyEvent]) -> list[dict[str, object]]:
    return [
        event.model_dump(exclude={"inference_id", "seq", "ms", "timing"})
        for event in events
        if event.channel != "llm:thinking"
    ]


@pytest.mark.parametrize(
    "script",
    [
        "Hello wide world 🌊",
        "/reasoning so it is\nYes.\n/tool look {}\n/usage 3 4",
        "some text\n/length",
        "some text\n/error OVERLOADED 50000",
        "/refuse",
    ],
)
async def test_a_recording_gives_the_same_events(tmp_path: Path, script: str) -> None:
    recorded = await record(EchoProvider(rate=None), script)
    replay = ReplayProvider(write(tmp_path / "a.jsonl", recorded), speed=None)
    replay.check()
    replayed = await record(replay, "whatever")
    assert content(replayed) == content(recorded)


def test_its_pace_and_twice_its_pace(tmp_path: Path) -> None:
    async def replay_s(speed: float) -> float:
        start = asyncio.get_running_loop().time()
        assert (await ask(ReplayProvider(path, speed=speed), "x")).text == "one two"
        return asyncio.get_running_loop().time() - start

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        recorded = runner.run(record(EchoProvider(rate=None), "one\n/delay 300\n two"))
        path = write(tmp_path / "a.jsonl", recorded)
        assert 0.29 <= runner.run(replay_s(1.0)) < 0.31
        assert 0.14 <= runner.run(replay_s(2.0)) < 0.16


@pytest.mark.parametrize("text", ["", "not json\n", '{"channel": "llm:token"}\n', "\xff"])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text, "latin-1")
    for replay in (ReplayProvider(path), ReplayProvider(tmp_path / "missing.jsonl")):
        with pytest.raises(ProviderError) as raised:
            replay.check()
        assert raised.value.code is ErrorCode.INVALID_REQUEST
