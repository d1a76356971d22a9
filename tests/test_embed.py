"""Programs made with `App`: their methods, streams, hooks and data directory."""

import asyncio
import contextlib
import gc
import os
import sys
import weakref
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from shell.api.program_host import ProgramHost
from shell.app.runtime import Runtime
from shell.bridge.caller import Caller
from shell.bridge.signatures import WrongSignatures
from shell.errors import LimitReached, ProgramError
from shell.support.event_loop import event_loop_thread
from tests.host_process import ROOT, HostProcess
from tests.tools.processes import until_now
from tidewire_bridge import App, Stream, pytest_plugin
from tidewire_bridge.program.types import render
from tidewire_bridge.testing import Host, Refused

CALLER = Caller("window-1")


async def close_host(host: ProgramHost) -> None:
    await host.end_runs()
    await host.close()


async def texts() -> AsyncGenerator[str, None]:
    yield "never asked for"


def app(folder: Path, streams: int) -> App:
    (folder / "index.html").write_text("<!doctype html>", "utf-8")
    return App(folder, {}, title="Streams", streams=streams)


def test_what_is_refused_or_cancelled_at_once_is_not_kept(tmp_path: Path) -> None:
    program, references = app(tmp_path, 2), list[weakref.ref[AsyncGenerator[str, None]]]()

    def stream() -> str:
        generator = texts()
        references.append(weakref.ref(generator))
        return program.stream(CALLER, generator)

    def begin_and_cancel() -> None:
        ids = [stream(), stream()]
        with pytest.raises(LimitReached, match="A window can have 2 streams at a time"):
            stream()
        assert program._engine is not None
        for inference_id in ids:
            assert program._engine.cancel(CALLER.id, inference_id)

    with event_loop_thread() as thread:
        host = thread.run(program.start())
        thread.call(begin_and_cancel)
        gc.collect()
        assert [reference() for reference in references] == [None, None, None]
        thread.run(close_host(host))


def test_how_many_streams_a_window_may_have_can_be_set(tmp_path: Path) -> None:
    program = app(tmp_path, 7)
    with event_loop_thread() as thread:
        host = thread.run(program.start())
        ids = thread.call(lambda: [program.stream(CALLER, texts()) for _ in range(7)])
        assert len(set(ids)) == 7
        thread.run(close_host(host))
    with pytest.raises(ValueError, match="0 streams"):
        app(tmp_path, 0)


def test_a_stream_that_ends_with_the_program_does_not_name_tidewire(tmp_path: Path) -> None:
    program = app(tmp_path, 1)

    async def endless() -> AsyncGenerator[str, None]:
        await asyncio.Event().wait()
        yield "never"

    with event_loop_thread() as thread:
        host = thread.run(program.start())
        inference_id = thread.call(lambda: program.stream(CALLER, endless()))
        assert program._engine is not None
        log = program._engine.log(CALLER.id, inference_id)
        thread.run(close_host(host))
    assert log.ending is not None
    assert log.ending.model_dump()["error"] == "The program is shutting down"


class Level(BaseModel):
    metres: float


class Depth(BaseModel):
    metres: float


class WrongMethods:
    """A method for every mistake in a signature, and some correct ones."""

    def nobody(self) -> None: ...

    def untyped(self, caller: Caller, params) -> None:  # type: ignore[no-untyped-def]
        ...

    def resultless(self, caller: Caller):  # type: ignore[no-untyped-def]
        ...

    def several(self, caller: Caller, one: int, two: int) -> None: ...

    def strange(self, caller: Caller, params: Path) -> gc.__class__: ...  # type: ignore[name-defined]

    def missing(self, caller: Caller, params: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
        ...

    def keyword(self, caller: Caller, *, params: int) -> None: ...

    def streamed(self, caller: Caller, params: int) -> "Stream[int] | None": ...

    async def generated(self, caller: Caller) -> AsyncGenerator[str, None]:
        yield "no result"

    def right(self, caller: Caller, params: Path) -> int: ...  # type: ignore[empty-body]

    def texts(self, caller: Caller) -> Stream[str]: ...  # type: ignore[empty-body]

    def models(self, caller: Caller) -> Stream[Level]: ...  # type: ignore[empty-body]

    def either(self, caller: Caller) -> "Stream[Level | Depth]": ...  # type: ignore[empty-body]


def test_methods_that_a_page_could_not_call_are_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    with pytest.raises(WrongSignatures) as refused:
        App(
            tmp_path,
            {"wrong": WrongMethods(), "no name": WrongMethods(), "empty": object()},
            title="Wrong",
        )
    lines = str(refused.value).splitlines()
    named = {line.partition(":")[0] for line in lines}
    methods = ("nobody", "untyped", "resultless", "several", "strange", "missing", "generated")
    more = ("keyword", "streamed")
    assert named == {"empty", "'no name'", *(f"wrong.{name}" for name in (*methods, *more))}
    assert "wrong.streamed: a stream has models or strings, not int: make it a model" in lines
    assert "wrong.untyped: params has no type" in lines
    assert "wrong.resultless: the result has no type" in lines


@pytest.mark.parametrize("code", ["", "no_water", "NO WATER", "1ST"])
def test_a_code_of_ones_own_looks_like_the_others(code: str) -> None:
    with pytest.raises(ValueError, match="A code is made of"):
        ProgramError(code, "There is no water")


def test_a_data_directory_gives_its_providers(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    program = App(tmp_path, {}, title="Models", data=tmp_path / "data")
    with event_loop_thread() as thread:
        host = thread.run(program.start())
        (runtime,) = host.resources
        assert isinstance(runtime, Runtime)
        assert program._resolve("local", runtime).id == "local"
        assert "llm.inference" in host.door._methods
        thread.run(close_host(host))
    assert _methods_without_models(tmp_path) == {"llm.attach", "llm.cancel", "shell.hello"}


def test_every_start_of_a_process_has_the_keys_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-children")
    monkeypatch.setattr("shell.support.environment._taken", {})
    for _ in range(2):
        with event_loop_thread() as thread:
            host = thread.run(App(tmp_path, {}, title="Keys", data=tmp_path / "data").start())
            (runtime,) = host.resources
            assert isinstance(runtime, Runtime)
            assert runtime.providers.environment_key("openai") == "sk-not-for-children"
            assert "OPENAI_API_KEY" not in os.environ
            thread.run(close_host(host))


def _methods_without_models(folder: Path) -> set[str]:
    with event_loop_thread() as thread:
        host = thread.run(App(folder, {}, title="None").start())
        thread.run(close_host(host))
    return set(host.door._methods)


class Publishing:
    """Publishes a value that the page sends."""

    def rise(self, caller: Caller, metres: float) -> None:
        started_apps["app"].publish("level", metres)


started_apps: dict[str, App] = {}


@contextlib.contextmanager
def started(folder: Path, namespace: object) -> Iterator[Host]:
    (folder / "index.html").write_text("<!doctype html>", "utf-8")
    started_apps["app"] = App(folder, {"sea": namespace}, title="Sea")
    with event_loop_thread() as thread:
        host = Host(started_apps["app"], thread)
        yield host
        host.close()


def test_one_app_is_started_by_several_tests_of_a_process(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    started_apps["app"] = App(tmp_path, {"sea": Publishing()}, title="Sea")
    for metres in (1.5, 2.5):
        with event_loop_thread() as thread:
            host = Host(started_apps["app"], thread)
            host.call("sea.rise", metres)
            assert host.pushed == {"level": metres}
            host.close()


class Defaults:
    """Has a method with an optional parameter."""

    def count(self, caller: Caller, params: int = 3) -> int:
        return params

    def wrong(self, caller: Caller) -> str:
        return started_apps["app"].stream(caller, [1, 2])  # type: ignore[arg-type]


def test_a_parameter_with_a_default_may_be_left_out(tmp_path: Path) -> None:
    with started(tmp_path, Defaults()) as host:
        assert [host.call("sea.count"), host.call("sea.count", 5)] == [3, 5]
        with pytest.raises(Refused, match="params: Input should be a valid integer"):
            host.call("sea.count", "many")
    assert 'count: (params?: number) => call<number>("sea.count", params),' in render(
        {"sea": Defaults()}
    )


def test_what_is_no_generator_makes_no_stream(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with started(tmp_path, Defaults()) as host, pytest.raises(Refused, match="went wrong"):
        host.call("sea.wrong")
    assert "TypeError: stream() takes an async generator of models or strings, not a list" in (
        caplog.text
    )


class EndlessMethods:
    """A method and a stream that never come to an end."""

    async def wait(self, caller: Caller) -> None:
        await asyncio.Event().wait()

    def stream(self, caller: Caller) -> Stream[str]:
        async def endless() -> AsyncGenerator[str, None]:
            await asyncio.Event().wait()
            yield "never"

        return started_apps["app"].stream(caller, endless())


def test_a_test_learns_which_stream_or_call_it_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(tmp_path, EndlessMethods()) as host:
        for wait_for_stream in (host.text, host.items):
            with pytest.raises(Refused, match="Stream nope not found") as refused:
                wait_for_stream("nope")
            assert refused.value.code == "NOT_FOUND"
        stream = host.call("sea.stream")
        monkeypatch.setattr(pytest_plugin, "PATIENCE_S", 0.1)
        with pytest.raises(TimeoutError, match=f"The stream {stream} did not end"):
            host.text(stream)
        with pytest.raises(TimeoutError, match=r"sea\.wait was not answered within 0\.1 seconds"):
            host.call("sea.wait")
        monkeypatch.undo()


def test_hooks_may_be_plain_functions_and_async_ones(tmp_path: Path) -> None:
    calls: list[str] = []

    async def stop() -> None:
        calls.append("stopped")

    program = App(
        tmp_path, {}, title="Hooks", on_start=lambda: calls.append("started"), on_stop=stop
    )
    with event_loop_thread() as thread:
        thread.run(close_host(thread.run(program.start())))
    assert calls == ["started", "stopped"]


class Spoken(BaseModel):
    """A model whose fields have other names in the page."""

    my_value: int = Field(alias="myValue")


class EndingMethods:
    """Methods that exit, are cancelled, or have no annotation."""

    def exits(self, caller: Caller) -> None:
        sys.exit(3)

    async def exits_later(self, caller: Caller) -> None:
        await asyncio.sleep(0)
        sys.exit(3)

    async def waits(self, caller: Caller) -> None:
        raise asyncio.CancelledError

    def unannotated(self, caller) -> int:  # type: ignore[no-untyped-def]
        return 1

    def stream(self, caller: Caller) -> Stream[Spoken]:
        async def items() -> AsyncGenerator[Spoken, None]:
            yield Spoken(myValue=5)

        started_apps["app"].publish("spoken", Spoken(myValue=6))
        return started_apps["app"].stream(caller, items())


@pytest.mark.parametrize("method", ["exits", "exits_later", "waits"])
def test_a_method_that_exits_or_is_cancelled_is_a_failed_call(tmp_path: Path, method: str) -> None:
    with started(tmp_path, EndingMethods()) as host:
        with pytest.raises(Refused, match="went wrong"):
            host.call(f"sea.{method}")
        assert host.call("sea.unannotated") == 1


def test_streams_and_pushes_name_fields_as_the_types_do(tmp_path: Path) -> None:
    with started(tmp_path, EndingMethods()) as host:
        assert host.items(host.call("sea.stream")) == [{"myValue": 5}]
        assert host.pushed == {"spoken": {"myValue": 6}}
    types = render({"sea": EndingMethods()})
    assert "myValue: number" in types
    assert 'unannotated: () => call<number>("sea.unannotated"),' in types


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins for programs are shell scripts")
def test_a_program_opens_the_browser_through_a_file_of_its_owner(tmp_path: Path) -> None:
    scripts, opened = tmp_path / "bin", tmp_path / "opened"
    scripts.mkdir()
    copy = f'cat "${{1#file://}}" > "{opened}.part"; mv "{opened}.part" "{opened}"'
    for name, command in {"xdg-open": copy, "open": copy, "xdg-mime": "echo a.desktop"}.items():
        (scripts / name).write_text(f"#!/bin/sh\n{command}\n", "utf-8")
        (scripts / name).chmod(0o755)
    (tmp_path / "sea.py").write_text(
        "from tidewire_bridge import App\n"
        "App('http://127.0.0.1:5173', {}, title='Sea & Sand').main()\n",
        "utf-8",
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "DISPLAY": ":1",
        "TMPDIR": str(temporary),
    }
    with HostProcess("sea", "serve", env=environment, cwd=tmp_path) as program:
        assert sorted(program.json_line()) == ["token", "url"]
        until_now(opened.exists)
        html = opened.read_text("utf-8")
        assert 'content="0;url=http://127.0.0.1:5173/#ticket=' in html
        assert "<title>Sea &amp; Sand</title>" in html
    assert list(temporary.iterdir()) == []
