"""Parses the command line, runs the command, and prints an error as one sentence."""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from shell import __version__
from shell.cli.model_arguments import add_model_commands
from shell.cli.provider_arguments import add_provider_commands
from shell.cli.store_arguments import add_store_commands
from shell.errors import ShellError, ValidationFailed

if TYPE_CHECKING:
    from shell.app.main import Options

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130
MAX_PROMPT_CHARACTERS = 100_000
LEVELS = ("debug", "info", "warning", "error")
LLAMA_CHILD = "--llama-child"
"""How a built program, which has no `python -m`, starts the embedded model's process of itself."""

Arguments = argparse.Namespace
Command = Callable[[Arguments], int]


class WrongUsage(Exception):
    """The command line is wrong; the text says how, in one sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{message[:300]}. See '{self.prog} --help'.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C."""
    # Imports make a hundred thousand objects that stay. To look through them for garbage stops
    # every thread, for 15 ms at the first 50,000 already.
    gc.set_threshold(150_000, 20, 20)
    # Pydantic would look for plugins of its own in every distribution that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _mend_streams()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given == [LLAMA_CHILD]:
        from shell.providers.local.child import main as serve_model

        return serve_model()
    try:
        chosen = _parser().parse_args(given)
        command: Command = chosen.command
        status = command(chosen)
        sys.stdout.flush()
    except (WrongUsage, ValidationFailed) as error:
        return _say(str(error), WRONG_USAGE)
    except ShellError as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _drop_output()
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return FAILED
    return status


# --- the commands ---------------------------------------------------------------------------


def _window(chosen: Arguments) -> int:
    from concurrent.futures import ThreadPoolExecutor

    from shell.bridge.desktop.display import display_problem

    # It loads Qt's libraries, which does not hold up what Python loads meanwhile.
    problem = ThreadPoolExecutor(1).submit(display_problem)
    from shell.app.main import run_window
    from shell.cli.running import show_or_start

    options = _options(chosen)
    status = show_or_start(
        options.data, new_window=chosen.new_window, start=lambda: run_window(options, problem)
    )
    if status is None:
        what = "another window" if chosen.new_window else "its window"
        unused = ("provider", "model", "dev_url", "debug_port")
        names = [f"--{name.replace('_', '-')}" for name in unused if vars(chosen)[name] is not None]
        more = f" Not used: {', '.join(names)}." if names else ""
        return _say(f"already running, and shows {what}.{more}", 0)
    return status


def _serve(chosen: Arguments) -> int:
    from shell.app.main import serve

    return serve(_options(chosen))


def _link(chosen: Arguments) -> int:
    _begin(chosen)
    from shell.cli.link import link

    return link(chosen)


def _ask(chosen: Arguments) -> int:
    prompt = _prompt(chosen.prompt)
    _begin(chosen)
    from shell.cli.ask import AskOptions, ask
    from shell.support.data_directory import DataDirectory

    question = AskOptions(
        prompt=prompt,
        provider=chosen.provider,
        model=chosen.model,
        system=None if chosen.system is None else _clean(chosen.system),
        temperature=chosen.temperature,
        max_tokens=chosen.max_tokens,
        timeout_ms=chosen.timeout_ms,
    )
    try:
        return ask(DataDirectory(chosen.data_dir).path, question, as_json=chosen.json)
    except ValidationFailed:
        raise
    except ShellError as error:
        return _say(f"{error.code.value}: {error}", FAILED)


def _doctor(chosen: Arguments) -> int:
    _begin(chosen)
    from shell.cli.doctor import examine, report
    from shell.support.data_directory import DataDirectory

    return report(examine(DataDirectory(chosen.data_dir)), as_json=chosen.json)


def _options(chosen: Arguments) -> "Options":
    _begin(chosen)
    from shell.app.main import Options
    from shell.support.data_directory import DataDirectory
    from shell.support.environment import take_secrets

    given = vars(chosen)
    names = ("provider", "model", "port", "open_browser", "dev_url", "debug_port", "grace_s")
    known = {name: given[name] for name in names if given.get(name) is not None}
    return Options(DataDirectory(chosen.data_dir), take_secrets(), **known)


def _begin(chosen: Arguments) -> None:
    from shell.support.logs import set_up_logs

    set_up_logs(chosen.log_level)


def _prompt(given: str) -> str:
    if given == "-":
        # Never more than is needed to see that it is too long.
        given = sys.stdin.read(MAX_PROMPT_CHARACTERS + 2).removesuffix("\n")
    text = _clean(given)
    if not text.strip():
        raise WrongUsage("The prompt is empty: write a question, or '-' to read it from stdin.")
    if len(text) > MAX_PROMPT_CHARACTERS:
        raise WrongUsage(
            f"The prompt is too long: at most {MAX_PROMPT_CHARACTERS:,} characters are taken. "
            "Shorten it."
        )
    return text


def _clean(text: str) -> str:
    """Replace lone surrogates, which stand for bytes of an argument that are not UTF-8."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# --- reading it -----------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False, allow_abbrev=False)
    _common(common, argparse.SUPPRESS)
    parser = _Parser(
        prog="tidewire",
        description="A desktop home for every language model. Without a command: its window.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tidewire {__version__}")
    _common(parser, None)
    _page(parser, None)
    parser.add_argument(
        "--debug-port",
        type=_port,
        metavar="N",
        help="remote debugging of the window on this port of 127.0.0.1, for tests (0: any)",
    )
    parser.add_argument(
        "--new-window",
        action="store_true",
        help="open another window when the program runs already",
    )
    parser.set_defaults(command=_window)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text, parents=[common], allow_abbrev=False
        )
        made.set_defaults(command=run)
        return made

    serve = add("serve", _serve, "serve the same page to a browser on this machine")
    _page(serve, argparse.SUPPRESS)
    serve.add_argument(
        "--port", type=_port, default=0, metavar="N", help="the server's port (0: any free one)"
    )
    serve.add_argument(
        "--no-open", dest="open_browser", action="store_false", help="do not open the browser"
    )
    serve.add_argument(
        "--grace",
        dest="grace_s",
        type=_seconds,
        metavar="S",
        help="seconds that a tab without connection is waited for before its runs are cancelled",
    )
    add("link", _link, "print a link that opens the page of the running 'serve', once")
    ask = add("ask", _ask, "ask one question and stream the answer to the terminal")
    ask.add_argument("prompt", metavar="PROMPT", help="the question; - reads it from stdin")
    _model(ask, argparse.SUPPRESS)
    ask.add_argument("--system", metavar="S", help="the system prompt")
    ask.add_argument("--temperature", type=float, metavar="T", help="from 0 to 2")
    ask.add_argument("--max-tokens", type=int, metavar="N", help="longest answer")
    ask.add_argument("--timeout-ms", type=int, metavar="N", help="longest time for the answer")
    ask.add_argument("--json", action="store_true", help="every event as one line of JSON")
    doctor = add("doctor", _doctor, "say what works on this machine and what does not")
    doctor.add_argument("--json", action="store_true", help="one line of JSON for every finding")
    add_store_commands(commands, common)
    add_provider_commands(commands, common)
    add_model_commands(commands, common)
    return parser


def _common(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Return the common options. They may stand before the command or after it."""
    parser.add_argument(
        "--data-dir",
        default=default,
        metavar="DIR",
        help="where everything is kept (or TIDEWIRE_DATA_DIR)",
    )
    parser.add_argument(
        "--log-level",
        default="warning" if default is None else default,
        choices=LEVELS,
        help="how much is logged to stderr (default: warning)",
    )


def _model(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--provider", default=default, metavar="P", help="local, openai, anthropic, google, echo …"
    )
    parser.add_argument("--model", default=default, metavar="M", help="a model of that provider")


def _page(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Return the options of the window and of `serve`."""
    _model(parser, default)
    parser.add_argument(
        "--dev-url",
        type=_url,
        default=default,
        metavar="URL",
        help="load the page from Vite, for development",
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no port: a number from 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no time: seconds, from 0 to 86400")
    return seconds


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no address such as http://127.0.0.1:5173"
        )
    return text


# --- streams --------------------------------------------------------------------------------


def _mend_streams() -> None:
    """Give a program without a console its streams, and replace what a terminal cannot show."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """Stop writing to an output that nobody reads, so that Python can end without waiting."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str, status: int) -> int:
    print(f"tidewire: {text}", file=sys.stderr)
    return status
