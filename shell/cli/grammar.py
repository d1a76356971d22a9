"""Describes a command of the command line: its name, help, arguments and function."""

import builtins
import keyword
from collections.abc import Mapping
from typing import Any, NamedTuple


class Argument(NamedTuple):
    """The arguments of `add_argument`."""

    flag: str
    options: Mapping[str, Any]


class Command(NamedTuple):
    """A command. Its function takes the data directory, and each argument by its name."""

    module: str
    """Below `shell.cli`."""
    name: str
    help: str
    arguments: tuple[Argument, ...]

    @property
    def function(self) -> str:
        """The name of the function in the module; `_` is added to names that Python itself has."""
        is_taken = keyword.iskeyword(self.name) or hasattr(builtins, self.name)
        return f"{self.name}_" if is_taken else self.name


class Group(NamedTuple):
    """Commands of two words with the same first one."""

    name: str
    help: str
    commands: "tuple[Command | Group, ...]"


def argument(form: str, text: str | None = None, **options: Any) -> Argument:
    """Make an argument such as `--port N` or `query QUERY`. A bare `--json` is a switch."""
    flag, _, metavar = form.partition(" ")
    if metavar:
        options["metavar"] = metavar
    elif "choices" not in options:
        options.setdefault("action", "store_true")
    return Argument(flag, {"help": text, **options})


def command(module: str, name: str, text: str, *arguments: Argument) -> Command:
    """Make a command with its function, its help and its arguments."""
    return Command(module, name, text, arguments)


def group(name: str, text: str, *commands: Command | Group) -> Group:
    """Make a group with its help and its commands."""
    return Group(name, text, commands)
