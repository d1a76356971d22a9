"""The arguments of `tidewire conversations`, `backup`, `restore` and `keys`."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from shell.errors import ShellError
from shell.support.data_directory import DataDirectory

if TYPE_CHECKING:
    from shell.cli.keys import KeyCommands

P = TypeVar("P", bound=argparse.ArgumentParser)
Arguments = argparse.Namespace


def add_store_commands(commands: "argparse._SubParsersAction[P]", common: P) -> None:
    """Add `conversations`, `backup`, `restore` and `keys`.

    Args:
        commands: where commands are added.
        common: the options that every command takes.
    """

    def add(
        to: "argparse._SubParsersAction[P]",
        name: str,
        text: str,
        run: Callable[[Arguments], int] | None = None,
    ) -> P:
        made: P = to.add_parser(
            name, help=text, description=text, parents=[common], allow_abbrev=False
        )
        if run is not None:
            made.set_defaults(command=run)
        return made

    group = add(commands, "conversations", "list, show, search, export and import conversations")
    kept = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _json(add(kept, "list", "every conversation, the one used last first", _list))
    shown = _json(add(kept, "show", "every message of a conversation, on every branch", _show))
    shown.add_argument("id", metavar="ID")
    found = _json(add(kept, "search", "messages and titles with these words", _search))
    found.add_argument("query", metavar="QUERY")
    exported = add(kept, "export", "a conversation as a file", _export)
    exported.add_argument("id", metavar="ID")
    exported.add_argument("--format", choices=("json", "md", "html"), default="json")
    exported.add_argument("--out", metavar="FILE", help="instead of the standard output")
    imported = _json(add(kept, "import", "ChatGPT's export, or one of our own", _import))
    imported.add_argument("file", metavar="FILE")
    imported.add_argument(
        "--stay", action="store_true", help="wait for Enter at the end, in a terminal that closes"
    )

    add(commands, "backup", "everything but keys as one file", _backup).add_argument(
        "file", metavar="FILE"
    )
    restored = add(commands, "restore", "put a backup in the place of everything", _restore)
    restored.add_argument("file", metavar="FILE")
    restored.add_argument(
        "--with-provider",
        metavar="NAME",
        action="append",
        default=[],
        help="take over this provider of the backup, too; again for another one",
    )
    restored.add_argument(
        "--with-setting",
        choices=("defaultProvider", "titleProvider"),
        action="append",
        default=[],
        help="take over this setting, which says where questions go; again for the other one",
    )

    group = add(commands, "keys", "set, list and remove the keys of providers")
    keys = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    given = _json(add(keys, "set", "keep the key that the standard input has", _set_key))
    given.add_argument("provider", metavar="PROVIDER")
    _json(add(keys, "list", "which providers have a key; never the key", _list_keys))
    taken = _json(add(keys, "remove", "forget a provider's key", _remove_key))
    taken.add_argument("provider", metavar="PROVIDER")


def _json(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--json", action="store_true", help="one object of JSON a line")
    return parser


def _data(chosen: Arguments) -> DataDirectory:
    from shell.support.logs import set_up_logs

    set_up_logs(chosen.log_level)
    return DataDirectory(chosen.data_dir)


def _list(chosen: Arguments) -> int:
    from shell.cli import conversations

    return conversations.list_all(_data(chosen), as_json=chosen.json)


def _show(chosen: Arguments) -> int:
    from shell.cli import conversations

    return conversations.show(_data(chosen), chosen.id, as_json=chosen.json)


def _search(chosen: Arguments) -> int:
    from shell.cli import conversations

    return conversations.find(_data(chosen), chosen.query, as_json=chosen.json)


def _export(chosen: Arguments) -> int:
    from shell.cli import conversations

    return conversations.export(_data(chosen), chosen.id, chosen.format, chosen.out)


def _import(chosen: Arguments) -> int:
    from shell.cli import conversations

    if not chosen.stay:
        return conversations.import_from(_data(chosen), chosen.file, as_json=chosen.json)
    try:
        status = conversations.import_from(_data(chosen), chosen.file, as_json=chosen.json)
    except ShellError as error:  # to be read before the terminal closes
        print(f"tidewire: {error}", file=sys.stderr)
        status = 1
    print("Press Enter to close this.", file=sys.stderr, flush=True)
    sys.stdin.readline()
    return status


def _backup(chosen: Arguments) -> int:
    from shell.cli import backups

    return backups.backup(_data(chosen), chosen.file)


def _restore(chosen: Arguments) -> int:
    from shell.cli import backups

    return backups.restore(_data(chosen), chosen.file, chosen.with_provider, chosen.with_setting)


def _keys(chosen: Arguments) -> "KeyCommands":
    from shell.cli.keys import KeyCommands
    from shell.providers.registry import Providers

    providers = Providers(_data(chosen).path)
    return KeyCommands(providers.base_urls, providers.environment_key)


def _set_key(chosen: Arguments) -> int:
    return _keys(chosen).set(chosen.provider, as_json=chosen.json)


def _list_keys(chosen: Arguments) -> int:
    return _keys(chosen).list(as_json=chosen.json)


def _remove_key(chosen: Arguments) -> int:
    return _keys(chosen).remove(chosen.provider, as_json=chosen.json)
