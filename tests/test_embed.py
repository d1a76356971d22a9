"""A program of one's own: what it may be made of, how many streams it may have, what is kept."""

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from shell.bridge.caller import Caller
from shell.bridge.signatures import WrongSignatures
from shell.embed import ProgramHost
from shell.errors import LimitReached, ProgramError
from shell.support.event_loop import event_loop_thread
from tidewire_bridge import App

ONE = Caller("window-1")


async def closed(host: ProgramHost) -> None:
    await host.end_runs()
    await host.close()


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
        host = thread.run(made.start())
        thread.call(begin_and_cancel)
        gc.collect()
        assert [reference() for reference in kept] == [None, None, None]
        thread.run(closed(host))


def test_how_many_streams_a_window_may_have_can_be_set(tmp_path: Path) -> None:
    made = app(tmp_path, 7)
    with event_loop_thread() as thread:
        host = thread.run(made.start())
        ids = thread.call(lambda: [made.stream(ONE, texts()) for _ in range(7)])
        assert len(set(ids)) == 7
        thread.run(closed(host))
    with pytest.raises(ValueError, match="0 streams"):
        app(tmp_path, 0)


def test_a_stream_that_ends_with_the_program_does_not_name_tidewire(tmp_path: Path) -> None:
    made = app(tmp_path, 1)

    async def endless() -> AsyncGenerator[str, None]:
        await asyncio.Event().wait()
        yield "never"

    with event_loop_thread() as thread:
        host = thread.run(made.start())
        inference_id = thread.call(lambda: made.stream(ONE, endless()))
        assert made._engine is not None
        log = made._engine.log(ONE.id, inference_id)
        thread.run(closed(host))
    assert log.ending is not None
    assert log.ending.model_dump()["error"] == "The program is shutting down"


class Wrong:
    """Every mistake that a method can have."""

    def nobody(self) -> None: ...

    def untyped(self, caller: Caller, params) -> None:  # type: ignore[no-untyped-def]
        ...

    def resultless(self, caller: Caller):  # type: ignore[no-untyped-def]
        ...

    def several(self, caller: Caller, one: int, two: int) -> None: ...

    def strange(self, caller: Caller, params: Path) -> gc.__class__: ...  # type: ignore[name-defined]

    def missing(self, caller: Caller, params: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
        ...

    async def generated(self, caller: Caller) -> AsyncGenerator[str, None]:
        yield "no result"

    def right(self, caller: Caller, params: Path) -> int: ...  # type: ignore[empty-body]


def test_methods_that_a_page_could_not_call_are_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    with pytest.raises(WrongSignatures) as refused:
        App(tmp_path, {"wrong": Wrong(), "no name": Wrong(), "empty": object()}, title="Wrong")
    lines = str(refused.value).splitlines()
    named = {line.partition(":")[0] for line in lines}
    methods = ("nobody", "untyped", "resultless", "several", "strange", "missing", "generated")
    assert named == {"empty", "'no name'", *(f"wrong.{name}" for name in methods)}
    assert "wrong.untyped: params has no type" in lines
    assert "wrong.resultless: the result has no type" in lines


@pytest.mark.parametrize("code", ["", "no_water", "NO WATER", "1ST"])
def test_a_code_of_ones_own_looks_like_the_others(code: str) -> None:
    with pytest.raises(ValueError, match="A code is made of"):
        ProgramError(code, "There is no water")


def test_a_data_directory_gives_its_providers(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    made = App(tmp_path, {}, title="Models", data=tmp_path / "data")
    with event_loop_thread() as thread:
        host = thread.run(made.start())
        assert host.runtime is not None
        assert made._resolve("local", host.runtime).id == "local"
        assert "llm.inference" in host.door._methods
        thread.run(closed(host))
    assert _methods_without_models(tmp_path) == {"llm.attach", "llm.cancel", "shell.hello"}


def _methods_without_models(folder: Path) -> set[str]:
    with event_loop_thread() as thread:
        host = thread.run(App(folder, {}, title="None").start())
        thread.run(closed(host))
    return set(host.door._methods)


def test_hooks_may_be_plain_functions_and_async_ones(tmp_path: Path) -> None:
    called: list[str] = []

    async def stop() -> None:
        called.append("stopped")

    made = App(tmp_path, {}, title="Hooks", on_start=lambda: called.append("started"), on_stop=stop)
    with event_loop_thread() as thread:
        thread.run(closed(thread.run(made.start())))
    assert called == ["started", "stopped"]
