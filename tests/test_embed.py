"""The streams of a program of one's own: how many there may be, and what is kept of them."""

import gc
import weakref
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from shell import App
from shell.bridge.caller import Caller
from shell.errors import LimitReached
from shell.support.event_loop import event_loop_thread

ONE = Caller("window-1")


async def texts() -> AsyncGenerator[str, None]:
    yield "never asked for"


def app(folder: Path, streams: int) -> App:
    (folder / "index.html").write_text("<!doctype html>", "utf-8")
    return App(folder, {}, title="Streams", streams=streams)


def test_what_is_refused_or_cancelled_at_once_is_not_kept(tmp_path: Path) -> None:
    made, kept = app(tmp_path, 2), list[weakref.ref[AsyncGenerator[str, None]]]()

    def stream() -> str:
        generator = texts()
        kept.append(weakref.ref(generator))
        return made.stream(ONE, generator)

    def begin_and_cancel() -> None:
        ids = [stream(), stream()]
        with pytest.raises(LimitReached, match="2"):
            stream()
        assert made._engine is not None
        for inference_id in ids:
            assert made._engine.cancel(ONE.id, inference_id)

    with event_loop_thread() as thread:
        host = thread.call(lambda: made._host(lambda: False))
        thread.call(begin_and_cancel)
        gc.collect()
        assert [reference() for reference in kept] == [None, None, None]
        thread.run(host.close())


def test_how_many_streams_a_window_may_have_can_be_set(tmp_path: Path) -> None:
    made = app(tmp_path, 7)
    with event_loop_thread() as thread:
        host = thread.call(lambda: made._host(lambda: False))
        ids = thread.call(lambda: [made.stream(ONE, texts()) for _ in range(7)])
        assert len(set(ids)) == 7
        thread.run(host.close())
    with pytest.raises(ValueError, match="0 streams"):
        app(tmp_path, 0)
