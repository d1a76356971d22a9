"""Describes a command of the command line: its name, help, arguments and function."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Argument(NamedTuple):
    """The arguments of `add_argument`."""

    flag: str
    options: Mapping[str, Any]


class Command(NamedTuple):
    """A command. Its function takes the data directory, and each argument by its name."""

    name: str
    function: str
    """`MODULE:FUNCTION` below `shell.cli`; in `MODULE:MAKER.METHOD` the maker takes the data
    directory."""
    help: str
    arguments: tuple[Argument, ...]


class Group(NamedTuple):
    """Commands of two words with the same first one."""

    name: str
    help: str
    commands: "tuple[Command | Group, ...]"


def argument(form: str, text: str | None = None, **options: Any) -> Argument:
    """An argument such as `--port N` or `query QUERY`. A bare `--json` is a switch."""
    flag, _, metavar = form.partition(" ")
    if metavar:
        options["metavar"] = metavar
    elif "choices" not in options:
        options.setdefault("action", "store_true")
    return Argument(flag, {"help": text, **options})


def command(name: str, function: str, text: str, *arguments: Argument) -> Command:
    """A command with its function, its help and its arguments."""
    return Command(name, function, text, arguments)
