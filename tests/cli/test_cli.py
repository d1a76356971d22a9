"""The command line: exit statuses, error sentences, and the output of `ask`."""

import argparse
import contextlib
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from shell import __version__
from shell.cli import program
from shell.cli.commands import COMMANDS, WINDOW
from shell.cli.grammar import Command, Group
from shell.cli.model import ProgressMeter
from shell.cli.program import main
from tests.command import COMMAND, Result, environment, run, started
from tests.host_process import PATIENCE_S

TERMINAL = ("llm:done", "llm:error")


def modules_after(*arguments: str) -> set[str]:
    """The top-level modules that a command has imported by its end."""
    code = (
        "import sys; from shell.cli.program import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


def test_only_named_commands_get_a_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[str] = []
    monkeypatch.setattr(program, "_add_command", lambda _, command, __: added.append(command.name))
    assert program._parse(["--data-dir", "/nowhere"]).command is WINDOW
    assert added == []


# --- usage ----------------------------------------------------------------------------------


def test_version_and_help() -> None:
    version = run("--version")
    assert (version.status, version.out) == (0, f"tidewire {__version__}\n")
    helped = run("--help")
    assert helped.status == 0
    for word in ("serve", "ask", "doctor", "providers", "--data-dir", "--debug-port"):
        assert word in helped.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], ["frobnicate", "serve", "--help"]),
        (["--frobnicate"], ["--frobnicate", "--help"]),
        (["serve", "--frobnicate"], ["--frobnicate", "--help"]),
        (["ask"], ["PROMPT", "--help"]),
        (["ask", ""], ["empty", "question"]),
        (["ask", " \n\t"], ["empty"]),
        (["ask", "hi", "--temperature", "hot"], ["--temperature", "hot"]),
        (["serve", "--port", "65536"], ["--port", "65536"]),
        (["serve", "--port", "-1"], ["--port"]),
        (["serve", "--grace", "-1"], ["--grace"]),
        (["--dev-url", "javascript:alert(1)"], ["--dev-url"]),
        (["--log-level", "loud"], ["--log-level", "loud"]),
        (["ask", "hello", "there"], ["there", "tidewire ask --help"]),
        (["usage", "--csv", "--json"], ["--csv", "--json", "tidewire usage --help"]),
        (["providers"], ["COMMAND", "--help"]),
        (["providers", "add"], ["NAME", "--help"]),
        (["providers", "add", "x", "--kind", "telepathy"], ["--kind", "telepathy"]),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_2(
    arguments: list[str], words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    status = main(arguments)
    out, err = capfd.readouterr()
    assert (status, out) == (2, "")
    assert Result(status, out, err).is_one_sentence(*words), err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-"], ["empty"]),
        (["hi", "--temperature", "nan"], ["Temperature", "0 and 2"]),
        (["hi", "--max-tokens", "0"], ["Max tokens", "100000"]),
        (["hi", "--timeout-ms", "1"], ["Timeout", "1000ms"]),
        (["hi", "--provider", "nobody"], ["nobody", "Allowed"]),
    ],
)
def test_a_wrong_question_is_one_sentence_and_status_2(
    arguments: list[str], words: list[str]
) -> None:
    result = run("ask", "--provider", "echo", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.is_one_sentence(*words), result.err


def test_a_prompt_beyond_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    for length in (100_001, 200_000):
        result = run("ask", "-", "--provider", "echo", text="a" * length)
        assert result.status == 2
        assert result.is_one_sentence("too long", "100,000"), result.err
    result = run("ask", "-", "--provider", "echo", text="a" * 100_000 + "\n")
    assert (result.status, len(result.out)) == (0, 100_001)


def test_little_is_imported() -> None:
    """`--version` answers at once, and `ask` loads no server and no web view."""
    assert not modules_after("--version") & {"pydantic", "asyncio", "jinja2", "starlette"}
    loaded = modules_after("ask", "hi", "--provider", "echo")
    assert "pydantic" in loaded
    unneeded = {"webview", "starlette", "uvicorn", "websockets", "jinja2", "PySide6", "keyring"}
    sdks = {"openai", "anthropic", "xllamacpp", "httpx2"}
    assert not loaded & (unneeded | sdks)


def leaves(rows: Iterable[Command | Group]) -> Iterator[Command]:
    """The commands of a table without the groups that they are in."""
    for row in rows:
        if isinstance(row, Group):
            yield from leaves(row.commands)
        else:
            yield row


def test_every_command_of_the_table_has_a_function_that_takes_its_arguments() -> None:
    for command in leaves((WINDOW, *COMMANDS)):
        run = getattr(importlib.import_module(f"shell.cli.{command.module}"), command.function)
        parser = argparse.ArgumentParser()
        names = [parser.add_argument(a.flag, **a.options).dest for a in command.arguments]
        inspect.signature(run).bind(None, **dict.fromkeys(names))


# --- ask ------------------------------------------------------------------------------------


def test_ask_has_no_overall_deadline_of_its_own() -> None:
    code = (
        "import sys, shell.app.runtime\n"
        "from shell.cli.program import main\n"
        "from shell.inference.limits import Deadlines, Settings\n"
        "shell.app.runtime.Settings = lambda: Settings(deadlines=Deadlines(overall_ms=1))\n"
        "raise SystemExit(main(['ask', '--provider', 'echo', *sys.argv[1:]]))"
    )
    command = [sys.executable, "-c", code, "/rate 50\n/repeat 60 word"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stdout.count("word"), done.stderr) == (0, 60, "")
    command += ["--timeout-ms", "1000"]
    command[3] = "/rate 0\nword\n/stall"
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, "TIMEOUT" in done.stderr) == (1, True)


def test_ask_streams_the_answer_and_stores_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    result = run("ask", "one two\nthree", "--provider", "echo", "--data-dir", str(data))
    assert (result.status, result.out, result.err) == (0, "one two\nthree\n", "")
    assert not data.exists()


def test_the_prompt_comes_from_stdin() -> None:
    assert run("ask", "-", "--provider", "echo", text="äöü 🌊\n").out == "äöü 🌊\n"


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    command = [*COMMAND, "ask", "--provider", "echo"]
    for done in (
        subprocess.run(
            [*command, "-"], input=b"a\xffb", capture_output=True, env=environment(), check=True
        ),
        subprocess.run([*command, b"a\xffb"], capture_output=True, env=environment(), check=True),
    ):
        assert done.stdout.decode() == "a\N{REPLACEMENT CHARACTER}b\n"


def test_json_is_every_event_with_dense_seq_and_one_ending() -> None:
    script = "/reasoning a thought\n/rate 0\n/repeat 200 word\n/tool find {}"
    result = run("ask", script, "--provider", "echo", "--json", "--system", "Be brief.")
    assert result.status == 0
    expected = 0
    for event in result.lines:
        assert event["seq"] == expected
        count = event.get("count", 1)
        assert isinstance(count, int)
        expected += count
    channels = [str(event["channel"]) for event in result.lines]
    assert [c for c in channels if c in TERMINAL] == channels[-1:] == ["llm:done"]
    assert {"llm:thinking", "llm:reasoning", "llm:token", "llm:tool"} <= set(channels)
    text = "".join(str(e["token"]) for e in result.lines if e["channel"] == "llm:token")
    assert text == " ".join(["word"] * 200)


def test_names_of_tools_may_have_spaces_between_them(tmp_path: Path) -> None:
    directory = ("--data-dir", str(tmp_path))
    assert run("tools", "enable", "calculate", *directory).status == 0
    ask = ("ask", '/call calculate {"expression": "6*7"}', "--provider", "echo", *directory)
    allowed = run(*ask, "--tools", "calculate , ", "--allow", "*", "--json")
    assert (allowed.status, allowed.err, '"42"' in allowed.out) == (0, "", True), allowed
    assert run("ask", "hi", "--provider", "echo", "--tools", "").out == "hi\n"


def test_parameters_reach_the_model() -> None:
    options = [
        "--effort",
        "low",
        "--temperature",
        "0.5",
        "--max-tokens",
        "9",
        "--system",
        "S",
        "--model",
        "echo-2",
    ]
    received = json.loads(run("ask", "/request", "--provider", "echo", *options).out)
    assert (received["temperature"], received["maxTokens"]) == (0.5, 9)
    assert (received["model"], received["effort"]) == ("echo-2", "low")
    assert received["messages"][0] == {"role": "system", "content": "S"}


def test_an_answer_stops_at_its_budget_and_says_what_to_do(tmp_path: Path) -> None:
    directory = ("--data-dir", str(tmp_path))
    ask = ("ask", "words " * 40, "--provider", "echo", "--max-tokens", "50", *directory)
    unknown = run(*ask, "--budget", "0.5")
    assert (unknown.status, unknown.out) == (0, "")
    assert unknown.is_one_sentence("The price of this model is not known. Say with --budget-tokens")
    small = run(*ask, "--budget-tokens", "60")
    assert small.is_one_sentence("stopped at the budget of the answer: 0 of 60 tokens spent")
    assert run(*ask, "--budget-tokens", "5000").out.startswith("words words")
    assert run(*ask, "--budget", "0").status == 2
    # `usage` reports the counted tokens. The budget of the day counts commands as well.
    table = run("usage", "--by", "model", "--csv", *directory)
    assert table.out.splitlines()[1] == "echo/echo,1,40,41,0,81"
    settings = {"budgets": {"day": {"tokens": 150}}}
    (tmp_path / "settings.json").write_text(json.dumps(settings), "utf-8")
    assert run(*ask).is_one_sentence("stopped at the budget of the day: 81 of 150 tokens spent")


def test_a_budget_beside_an_unusable_one_holds(tmp_path: Path) -> None:
    settings = {"budgets": {"day": {"tokens": 60}, "month": {"usd": 0}, "week": {"usd": 5}}}
    (tmp_path / "settings.json").write_text(json.dumps(settings), "utf-8")
    ask = ("ask", "words " * 40, "--provider", "echo", "--data-dir", str(tmp_path))
    result = run(*ask)
    assert (result.status, result.out) == (0, "")
    ignored, stopped = result.err.splitlines()
    assert "'budgets.month' has no usable value and is ignored" in ignored
    assert "stopped at the budget of the day: 0 of 60 tokens spent" in stopped


@pytest.mark.parametrize("content", ["{", "[]", "\udc80"])
def test_no_question_is_sent_while_the_budgets_are_unknown(tmp_path: Path, content: str) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    result = run("ask", "hello", "--provider", "echo", "--data-dir", str(tmp_path))
    assert (result.status, result.out) == (1, "")
    assert result.is_one_sentence("STORAGE_ERROR", str(file), "Correct or remove the file")
    assert [*tmp_path.iterdir()] == [file]


def test_without_a_budget_a_question_leaves_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    run("ask", "hello", "--provider", "echo", "--data-dir", str(folder))
    assert list(folder.iterdir()) == []


def test_what_goes_wrong_in_a_run_is_said_with_its_code_and_status_1() -> None:
    result = run("ask", "some words\n/error CONTEXT_LENGTH", "--provider", "echo")
    assert (result.status, result.out) == (1, "some words\n")
    assert result.is_one_sentence("CONTEXT_LENGTH")
    as_json = run("ask", "/error CONTEXT_LENGTH", "--provider", "echo", "--json")
    assert as_json.status == 1
    assert as_json.lines[-1]["code"] == "CONTEXT_LENGTH"


def test_each_event_is_flushed_when_it_happens() -> None:
    with started("ask", "first /stall\n/stall", "--provider", "echo", "--json") as program:
        while program.line()["channel"] != "llm:token":
            pass
        assert program.process.poll() is None


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_answer_ends_as_cancelled(number: int, status: int) -> None:
    with started("ask", "/rate 50\n/repeat 500 word", "--provider", "echo", "--json") as program:
        while program.line()["channel"] != "llm:token":
            pass
        result, _ = program.stop(number)
    assert result.status == status
    assert result.lines[-1]["channel"] == "llm:done"
    assert result.lines[-1]["cancelled"] is True
    assert sum(line["channel"] in TERMINAL for line in result.lines) == 1
    assert result.err == ""
    assert len(result.lines) < 500  # it did not wait for the whole answer


def test_ctrl_c_is_heard_although_nobody_reads_the_output() -> None:
    """The first Ctrl-C cancels, and the answer so far can be read. A second one ends at once."""
    script = "/rate 0\n/chunk 3000000\n/stall"
    with started("ask", script, "--provider", "echo", "--json") as program:
        program.line()  # from here on it is writing 3 MB into a pipe that does not hold them
        for _ in range(50):
            program.send(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.process.wait(0.1)
                break
        assert program.process.returncode == 130
    with started("ask", script, "--provider", "echo", "--json") as program:
        while (first := program.line())["channel"] != "llm:token":
            pass
        program.send(signal.SIGINT)
        result = program.finish()
        assert result.status == 130
        assert result.lines[-1]["cancelled"] is True
        written = sum(len(str(line.get("token", ""))) for line in [first, *result.lines])
        assert written == 3_000_000


def test_a_reader_that_leaves_early_is_no_error_to_shout_about() -> None:
    script = "/rate 0\n/repeat 200000 word"
    with started("ask", script, "--provider", "echo") as program:
        assert program.process.stdout is not None
        program.process.stdout.read(10)
        program.process.stdout.close()
        assert program.process.wait(PATIENCE_S) == 1
        assert program.stderr_text() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_model_cannot_steer_the_terminal() -> None:
    """A terminal gets no control characters. A pipe gets exactly the model's text."""
    import pty

    script = "a\x1b]0;title\x07\x9b31mb\tc"
    assert "\x1b" in run("ask", script, "--provider", "echo").out
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "ask", script, "--provider", "echo"], stdout=secondary, env=environment()
    ) as process:
        os.close(secondary)
        output = b""
        while True:
            try:
                piece = os.read(primary, 1_000)
            except OSError:
                break
            output += piece
        process.wait()
    os.close(primary)
    assert output.decode().strip() == "a]0;title31mb\tc"


def test_a_program_without_a_console_still_runs() -> None:
    code = (
        "import sys; sys.stdout = sys.stderr = sys.stdin = None\n"
        "from shell.cli.program import main\n"
        "raise SystemExit(main(['ask', 'hi', '--provider', 'echo']))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment(), check=False).returncode == 0
    )


def test_the_log_holds_no_secret() -> None:
    code = (
        "import logging, os; from shell.support.logs import set_up_logs\n"
        "set_up_logs('warning')\n"
        "key = os.environ['OPENAI_API_KEY']\n"
        "logging.getLogger('shell').warning('it was %s', key)\n"
        "try: raise ValueError(key)\n"
        "except ValueError: logging.getLogger('other').exception('failed')\n"
    )
    key = "sk-proj-abcdefghijklmnopqrstuvwxyz"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(OPENAI_API_KEY=key),
        check=True,
    )
    assert "it was [key]" in done.stderr
    assert key not in done.stderr


def test_the_log_holds_no_key_that_was_entered_or_came_from_a_keychain() -> None:
    code = (
        "import asyncio, json, logging, os, sys\n"
        "from pathlib import Path\n"
        "from shell.app.runtime import Runtime\n"
        "from shell.contract import NO_BUDGETS\n"
        "from shell.support.logs import set_up_logs\n"
        "from shell.inference.limits import Settings\n"
        "set_up_logs('warning')\n"
        "entered, stored = sys.argv[1:]\n"
        "class Chain:\n"
        "    def get_password(self, service, name):\n"
        "        return json.dumps({'key': stored, 'host': 'api.openai.com'})\n"
        "async def main():\n"
        "    core = Runtime(Path('nowhere'), {}, Settings(), lambda: NO_BUDGETS)\n"
        "    core.keys._find_keychain = Chain\n"
        "    await core.keys.load({'openai': 'https://api.openai.com/v1'})\n"
        "    core.keys._find_keychain = lambda: None\n"
        "    await core.keys.set('anthropic', entered, 'https://api.anthropic.com')\n"
        "    logging.getLogger('shell').warning('they are %s and %s', entered, stored)\n"
        "    await core.close()\n"
        "asyncio.run(main())\n"
    )
    keys = ["sk-ant-ABCDEFGHIJKLMNOPQR", "sk-proj-abcdefghijklmnopqrstuvwxyz"]
    done = subprocess.run(
        [sys.executable, "-c", code, *keys],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert "they are [key] and [key]" in done.stderr, done.stderr
    assert not [key for key in keys if key in done.stderr]


# --- the local model's weights ----------------------------------------------------------------


def test_the_model_command_fetches_finds_and_removes_the_weights(tmp_path: Path) -> None:
    common = ("--data-dir", str(tmp_path / "data"))
    located = run(*common, "model", "path")
    assert located.status == 0
    weights = Path(located.out.strip())
    assert weights.is_file()
    fetched = run(*common, "model", "fetch", "--from", str(weights))
    assert fetched.status == 0
    target = tmp_path / "data" / "models" / weights.name
    assert (fetched.out.strip(), target.stat().st_size) == (str(target), weights.stat().st_size)
    assert run(*common, "model", "remove").out.strip() == str(target)
    assert not target.exists()
    second = run(*common, "model", "remove")
    assert (second.status, second.out) == (0, "")
    wrong = run(*common, "model", "fetch", "--from", str(tmp_path / "nowhere.gguf"))
    assert wrong.status == 1
    assert wrong.is_one_sentence("No such file", "tidewire model fetch --from FILE")


def test_a_download_says_each_share_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ProgressMeter()
    for done in (1, 50, 100, 100):  # the last one when the file has been checked
        progress.show(done, 100)
    progress.end()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"Downloading the local model: {share} % of 0 MB" for share in (50, 100)]
