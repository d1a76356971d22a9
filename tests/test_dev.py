"""The launcher: stamps, the weights, the command line, and its child processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

import dev
from devtools import setup, suite, system_packages
from devtools.console import Failure
from devtools.processes import Children, run_together
from devtools.setup import WEIGHTS, Setup, install_lock
from devtools.stamps import Stamp
from devtools.suite import failures_of_the_page
from tests.host_process import PATIENCE_S

ROOT = Path(dev.__file__).parent
# Only Linux lets a child follow a launcher that was killed outright.
ENDINGS = [signal.SIGTERM, signal.SIGINT, *([signal.SIGKILL] if sys.platform == "linux" else [])]


class Recorder(Children):
    """Records every command and calls `act` instead of starting it."""

    def __init__(self, act: Callable[[tuple[str, ...]], int] = lambda command: 0) -> None:
        super().__init__()
        self.commands: list[tuple[str, ...]] = []
        self._act = act

    def run_quietly(self, title: str, *command: str, env: dict[str, str] | None = None) -> str:
        self.follow(*command, env=env)
        return ""

    def follow(
        self, *command: str, env: dict[str, str] | None = None, stdout: TextIO | None = None
    ) -> int:
        self.commands.append(command)
        return self._act(command)


# Stamps


def stamped(folder: Path) -> tuple[Stamp, Path]:
    source = folder / "source"
    source.write_text("one")
    stamp = Stamp(folder / ".stamp", [source])
    with stamp:
        pass
    return stamp, source


def test_a_stamp_is_fresh_until_a_source_changes(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    assert stamp.is_fresh()
    source.write_text("two")
    assert not stamp.is_fresh()


def test_a_stamp_sees_a_source_that_appears_or_goes(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    assert not Stamp(tmp_path / ".stamp", [source, tmp_path / "new"]).is_fresh()
    source.unlink()
    assert not stamp.is_fresh()


def test_a_touched_source_with_the_same_content_is_fresh(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    os.utime(source, ns=(1, 1))
    assert stamp.is_fresh()


def test_work_that_fails_leaves_no_stamp(tmp_path: Path) -> None:
    stamp, _ = stamped(tmp_path)
    with pytest.raises(Failure), stamp:
        raise Failure("half done")
    assert not stamp.is_fresh()


def test_a_source_changed_during_the_work_is_not_taken_for_done(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    with stamp:
        source.write_text("changed meanwhile")
    assert not stamp.is_fresh()


@pytest.mark.parametrize("damaged", ["", "[]", "{}", "{", '{"look": 1, "content": 1}'])
def test_a_damaged_stamp_is_not_fresh(tmp_path: Path, damaged: str) -> None:
    stamp, _ = stamped(tmp_path)
    (tmp_path / ".stamp").write_text(damaged)
    assert not stamp.is_fresh()


# The weights


def fetching_program(status: int = 0) -> Recorder:
    """A program that writes the weights to `--folder`, or fails with `status`."""

    def act(command: tuple[str, ...]) -> int:
        if status == 0:
            Path(command[command.index("--folder") + 1], WEIGHTS).write_bytes(b"weights")
        return status

    return Recorder(act)


@pytest.fixture(autouse=True)
def no_model_file_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDEWIRE_MODEL_FILE", raising=False)


def test_missing_weights_are_fetched_once_by_the_program(tmp_path: Path) -> None:
    program = fetching_program()
    Setup(tmp_path, program).weights()
    Setup(tmp_path, program).weights()
    (command,) = program.commands
    assert command[1:] == (
        *("-P", "-m", "shell", "model", "fetch"),
        *("--folder", str(tmp_path / ".models")),
    )


def test_weights_changed_after_the_stamp_are_fetched_again(tmp_path: Path) -> None:
    program = fetching_program()
    Setup(tmp_path, program).weights()
    (tmp_path / ".models" / WEIGHTS).write_bytes(b"damaged")
    Setup(tmp_path, program).weights()
    assert len(program.commands) == 2


def test_weights_of_ones_own_are_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEWIRE_MODEL_FILE", str(tmp_path / "mine.gguf"))
    program = fetching_program()
    Setup(tmp_path, program).weights()
    assert program.commands == []


def test_a_failed_fetch_is_tried_again_next_time(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="embedded model: failed"):
        Setup(tmp_path, fetching_program(1)).weights()
    Setup(tmp_path, fetching_program()).weights()
    assert (tmp_path / ".models" / WEIGHTS).exists()


# The command line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "knows no command 'frobnicate'"),
        (["check", "everything"], "takes no argument 'everything'"),
        (["build", "castle"], "cannot build 'castle'"),
        (["build", "wheel", "twice"], "takes no argument 'twice'"),
    ],
)
def test_a_wrong_command_line_gets_one_sentence_and_exit_2(
    arguments: list[str], message: str
) -> None:
    completed = subprocess.run(
        [sys.executable, "dev.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (completed.returncode, completed.stdout) == (2, "")
    assert message in completed.stderr
    assert completed.stderr.count("\n") == 1


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["--help"]) == 0
    help_text = capsys.readouterr().out
    for name in ("run", "setup", "test", "check", "types", "soak", "bench", "web", "build"):
        assert f"\n  {name}" in help_text
    assert dev.main([]) == 2


class Became(BaseException):
    """Raised instead of calling exec, with the command."""


@pytest.fixture
def becoming(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
    """Runs `dev.py` as if everything was installed, and returns the program's arguments."""

    def execv(path: str, command: list[str]) -> None:
        raise Became(command)

    monkeypatch.setattr(dev, "WINDOWS", False)
    monkeypatch.setattr(dev, "missing_qt_packages", list)
    monkeypatch.setattr("os.execv", execv)
    for step in ("venv", "page", "weights"):
        monkeypatch.setattr(Setup, step, lambda self: None)
    monkeypatch.setattr(Setup, "packages", lambda self, lock: None)

    def become(arguments: list[str]) -> list[str]:
        with pytest.raises(Became) as became:
            dev.main(arguments)
        command: list[str] = became.value.args[0]
        assert command[1:4] == ["-P", "-m", "shell"]
        return command[4:]

    return become


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ([], []),
        (["--", "serve", "--port", "0"], ["serve", "--port", "0"]),
        (["serve", "--no-open"], ["serve", "--no-open"]),
        (["--", "--help"], ["--help"]),
        (["--", "ask", "--", "-5 + 3?"], ["ask", "--", "-5 + 3?"]),
    ],
)
def test_run_hands_its_arguments_to_the_program(
    becoming: Callable[[list[str]], list[str]], arguments: list[str], received: list[str]
) -> None:
    assert becoming(["run", *arguments]) == received


@pytest.mark.skipif(sys.platform == "win32", reason="apt is a Linux matter")
def test_without_qt_libraries_and_without_root_the_browser_opens(
    becoming: Callable[[list[str]], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dev, "missing_qt_packages", lambda: ["libegl1", "libasound2"])
    monkeypatch.setattr(setup, "apt_names", lambda names: [*names[:1], "libasound2t64"])
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert becoming(["run", "--", "--data-dir", "x"]) == ["serve", "--data-dir", "x"]
    line = "sudo apt-get -y install --no-install-recommends libegl1 libasound2t64"
    assert f"    {line}\n" in capsys.readouterr().err
    assert becoming(["run", "--", "ask", "hello"]) == ["ask", "hello"]


@pytest.mark.parametrize("browser", ["/usr/bin/chromium", ""])
def test_setup_installs_what_the_tests_need_and_runs_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, browser: str
) -> None:
    children, installed = Recorder(), list[object]()
    monkeypatch.setattr(dev, "Children", lambda: children)
    monkeypatch.setattr(setup, "install_lock", lambda root: contextlib.nullcontext())
    monkeypatch.setattr(suite, "missing_qt_packages", lambda: ["libegl1"])
    monkeypatch.setattr(suite, "chromium", lambda: browser)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(Setup, "apt", lambda self, names, why: installed.append(tuple(names)))
    monkeypatch.setattr(Setup, "packages", lambda self, lock: installed.append(lock))
    for step in ("venv", "modules", "page", "weights"):
        monkeypatch.setattr(Setup, step, lambda self, step=step: installed.append(step))
    assert dev.main(["setup"]) == 0
    assert installed[0] == "venv"
    assert {"dev", "docs", "modules", "page", "weights"} <= set(installed)
    if sys.platform == "linux":
        assert ("libegl1", "xvfb", "zstd") in installed
    assert [command[1:] for command in children.commands] == (
        [] if browser else [("-m", "playwright", "install", "chromium")]
    )


def test_names_follow_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "output_of", lambda *command: "libasound2t64\nlibegl1\n")
    assert system_packages.apt_names(["libasound2", "libegl1"]) == ["libasound2t64", "libegl1"]


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "", "unknown"])
def test_an_old_or_broken_node_is_replaced_by_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(setup, "output_of", lambda *command: version)
    installed: list[str] = []
    monkeypatch.setattr(Setup, "packages", lambda self, lock: installed.append(lock))
    node, npm = Setup(tmp_path, Recorder()).node()
    assert installed == ["node"]
    assert node == npm[0] != "/usr/bin/node"
    monkeypatch.setattr(setup, "output_of", lambda *command: "v20.19.0\n")
    assert Setup(tmp_path, Recorder()).node() == ("/usr/bin/node", ["/usr/bin/npm"])


def test_a_page_that_cannot_be_built_now_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(self: Setup) -> str:
        raise Failure("No Node.")

    monkeypatch.setattr(Setup, "modules", fails)
    with pytest.raises(Failure, match="No Node"):
        Setup(tmp_path, Recorder()).page()
    manifest = tmp_path / "shell" / "page" / ".vite" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    Setup(tmp_path, Recorder()).page()
    assert "stays as it was last built" in capsys.readouterr().err


@pytest.mark.parametrize("broken", ["mypy", "vitest", None])
def test_every_stage_runs_and_the_last_line_is_honest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: str | None
) -> None:
    def act(command: tuple[str, ...]) -> int:
        return int(broken is not None and any(broken in part for part in command))

    children = Recorder(act)
    monkeypatch.setattr(dev, "Children", lambda: children)
    monkeypatch.setattr(suite, "prepare_tests", lambda setup: {})
    monkeypatch.setattr(Setup, "modules", lambda self: "node")
    assert dev.main(["test"]) == (1 if broken else 0)
    assert children.commands[-1][2:] == ("pytest", "-n", "3", "--dist", "loadscope")
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (f"FAILED before pytest: {broken}" if broken else "== pytest")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-k", "log"], ("pytest", "-n", "3", "--dist", "loadscope", "-k", "log")),
        (["--", "-k", "log"], ("pytest", "-n", "3", "--dist", "loadscope", "-k", "log")),
        (["--page", "drafts"], ("run", "--config", "web/vite.config.ts", "drafts")),
    ],
)
def test_arguments_run_one_kind_of_test_and_no_check(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: tuple[str, ...]
) -> None:
    children = Recorder()
    monkeypatch.setattr(dev, "Children", lambda: children)
    monkeypatch.setattr(suite, "prepare_tests", lambda setup: {})
    monkeypatch.setattr(suite, "prepare", lambda *steps: None)
    monkeypatch.setattr(Setup, "modules", lambda self: "node")
    assert dev.main(["test", *arguments]) == 0
    (command,) = children.commands
    assert command[2:] == expected


def test_what_failed_in_the_page_is_said_again_at_the_end(tmp_path: Path) -> None:
    report = tmp_path / "vitest.json"
    assert failures_of_the_page(report) == []
    tests = [{"fullName": "a store tells", "status": "failed"}, {"status": "passed"}]
    files = [{"name": "web/tests/store.test.ts", "assertionResults": tests}]
    report.write_text(json.dumps({"testResults": files}))
    assert failures_of_the_page(report) == ["FAILED store.test.ts: a store tells"]


# What it starts


def test_a_step_that_fails_tells_the_end_of_its_log() -> None:
    code = "for n in range(100): print('line', n)\nraise SystemExit(3)"
    with pytest.raises(Failure, match="Building: failed \\(exit 3\\)") as failed:
        Children().run_quietly("Building", sys.executable, "-c", code)
    assert str(failed.value).endswith("line 99")
    assert "line 70" not in str(failed.value)


def test_the_first_failure_ends_the_other_steps() -> None:
    children = Children()

    def fails() -> None:
        raise Failure("first")

    def endless() -> None:
        children.run_quietly("Waiting", sys.executable, "-c", "import time; time.sleep(10)")

    with pytest.raises(Failure, match="first"):
        run_together(children, endless, fails)
    with pytest.raises(Failure, match="Interrupted"):
        children.start(sys.executable, "-c", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a Job does this on Windows")
@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("number", ENDINGS)
def test_no_child_outlives_the_launcher(
    number: signal.Signals, quiet: bool, tmp_path: Path
) -> None:
    # The child holds the pipe open: its end is the end of the pipe.
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    child = f"import time; file = open({str(fifo)!r}, 'w'); print('up', file=file, flush=True)"
    start = f"[sys.executable, '-c', {child!r} + '; time.sleep(10); print(9, file=file)']"
    call = f"run_quietly('Waiting', *{start})" if quiet else f"follow(*{start})"
    launcher = f"""
import signal, sys, dev
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job begins without it
def waiting(setup, arguments): return setup.children.{call}
dev.run = waiting
sys.exit(dev.main(["run"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", launcher], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    with fifo.open() as alive:
        assert alive.readline() == "up\n"
        process.send_signal(number)
        _, stderr = process.communicate(timeout=PATIENCE_S)
        assert alive.read() == ""
    assert process.returncode == {"SIGTERM": 143, "SIGINT": 130, "SIGKILL": -9}[number.name]
    assert "dev.py" not in stderr, "a traceback of the launcher"


@pytest.mark.skipif(sys.platform == "win32", reason="no such lock on Windows")
def test_a_second_launcher_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dev.py").touch()
    is_waiting, has_entered = threading.Event(), threading.Event()
    monkeypatch.setattr(setup, "print_note", lambda text: is_waiting.set())

    def second() -> None:
        with install_lock(tmp_path):
            has_entered.set()

    thread = threading.Thread(target=second)
    with install_lock(tmp_path):
        thread.start()
        assert is_waiting.wait(PATIENCE_S)
        assert not has_entered.is_set()
    thread.join(PATIENCE_S)
    assert has_entered.is_set()
