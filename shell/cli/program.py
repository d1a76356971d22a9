"""Parses the command line, runs the command, and prints an error as one sentence."""

import argparse
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from shell import __version__
from shell.cli.commands import COMMANDS, COMMON, PAGE, WINDOW
from shell.cli.grammar import Argument, Command, Group
from shell.errors import ShellError, ValidationFailed
from shell.support.files import reason
from shell.support.process_exit import ProcessExit
from shell.support.text import CONTROLS

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


class WrongUsage(Exception):
    """The command line is wrong; the message is one sentence that says how."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{message[:300]}. See '{self.prog} --help'.")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:  # reported here, because the whole command line's parser has another help
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        sys.stdout.flush()  # while an error, such as a full disk, can still be reported
        super().exit(status, message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C."""
    # Imports make a hundred thousand objects that stay. A garbage collection that visits them stops
    # every thread; at the first 50,000 it takes 15 ms already.
    gc.set_threshold(150_000, 20, 20)
    # Pydantic would look for plugins in every installed distribution.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _repair_streams()
    given = sys.argv[1:] if arguments is None else list(arguments)
    # A built program has no `python -m`, so it starts its child processes with these arguments.
    match given:
        case ["--llama-child"]:
            from shell.providers.local.child import main as serve_model

            return serve_model()
        case ["--tool-child", *file_and_arguments]:
            from shell.tools.python.child import main as serve_tools

            serve_tools(file_and_arguments)
        case ["--template-child"]:
            from shell.conversations.templates.child import main as fill_in_templates

            return fill_in_templates()
        case ["--server-guard", *pipe]:
            from shell.tools.mcp.guard import main as guard_server

            guard_server(pipe)
    if arguments is not None:
        return _status_of(given)
    return ProcessExit().set_status(_status_of(given))


def _status_of(given: list[str]) -> int:
    """Run a command; if it fails, print the reason in one sentence."""
    try:
        status = _run(_parse(given))
        sys.stdout.flush()
    except (WrongUsage, ValidationFailed) as error:
        return _print_error(str(error), WRONG_USAGE)
    except ShellError as error:
        return _print_error(str(error), FAILED)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _drop_output()
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return FAILED
    except OSError as error:
        return _print_error(_describe(error), FAILED)
    return status


def _run(chosen: argparse.Namespace) -> int:
    from shell.providers.key_variables import protect_key_variables
    from shell.support.data_directory import DataDirectory
    from shell.support.logs import set_up_logs

    set_up_logs(chosen.log_level)
    run = getattr(import_module(f"shell.cli.{chosen.command.module}"), chosen.command.function)
    given = {name: getattr(chosen, name) for name in chosen.names}
    data = DataDirectory(chosen.data_dir)
    protect_key_variables(data.path)
    status: int | None = run(data, **given)
    return status or 0


# --- parsing --------------------------------------------------------------------------------


def _parse(given: Sequence[str]) -> argparse.Namespace:
    """Parse with parsers for only the commands that are named. Parsers for all commands would take
    a tenth of the window's start time, and only help and errors need them.
    """
    if not {"-h", "--help"} & set(given):
        with contextlib.suppress(WrongUsage):
            named = [command for command in COMMANDS if command.name in given]
            return _parser(named).parse_args(given)
    return _parser(COMMANDS).parse_args(given)


def _parser(known: Iterable[Command | Group]) -> argparse.ArgumentParser:
    common = _Parser(add_help=False, allow_abbrev=False)
    _add(common, COMMON)
    parser = _Parser(prog="tidewire", description=WINDOW.help, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"tidewire {__version__}")
    _add(parser, COMMON, is_root=True)
    names = _add(parser, WINDOW.arguments, is_root=True)
    parser.set_defaults(log_level="warning", command=WINDOW, names=names)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in known:
        _add_command(commands, command, common)
    return parser


def _add_command(
    commands: "argparse._SubParsersAction[_Parser]", command: Command | Group, common: _Parser
) -> None:
    subparser = commands.add_parser(
        command.name,
        help=command.help,
        description=command.help,
        parents=[common],
        allow_abbrev=False,
    )
    if isinstance(command, Command):
        subparser.set_defaults(command=command, names=_add(subparser, command.arguments))
        return
    group = subparser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for each in command.commands:
        _add_command(group, each, common)


def _add(parser: _Parser, arguments: Iterable[Argument], *, is_root: bool = False) -> list[str]:
    """Add arguments to a parser; returns the names of their values."""
    names = []
    for each in arguments:
        # An option that may stand before the command must not lose its value after it.
        shared = not is_root and each in (*COMMON, *PAGE)
        options = {**each.options, "default": argparse.SUPPRESS} if shared else each.options
        names.append(parser.add_argument(each.flag, **options).dest)
    return names


# --- streams --------------------------------------------------------------------------------


def _repair_streams() -> None:
    """Open missing streams of a program without a console, and make pipes and files UTF-8.

    On Windows, pipes and files would have the encoding of the country, which lacks most characters,
    and output would get a CR before each LF.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif hasattr(stream, "reconfigure"):
            if stream.isatty():
                stream.reconfigure(errors="replace")
                continue
            line_ends = None if name == "stdin" else ""
            stream.reconfigure(encoding="utf-8", errors="replace", newline=line_ends)


def _drop_output() -> None:
    """Discard further output, because nobody reads it and Python would wait at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _describe(error: OSError) -> str:
    """Describe an error of the system. The log has the traceback at the level debug."""
    import logging

    logging.getLogger(__name__).debug("An error of the system", exc_info=error)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
        return f"The output cannot be written: {reason(error)}"
    return f"{error.filename}: {reason(error)}" if error.filename else reason(error)


def _print_error(text: str, status: int) -> int:
    # An error may quote a server or a tool, which must not control the terminal.
    print(f"tidewire: {text.translate(CONTROLS)}", file=sys.stderr)
    return status
