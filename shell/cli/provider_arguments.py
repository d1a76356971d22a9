"""The arguments of `tidewire providers`. Imports nothing of what the commands need."""

import argparse
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from shell.cli.providers import ProviderCommands

P = TypeVar("P", bound=argparse.ArgumentParser)
Arguments = argparse.Namespace


def add_provider_commands(commands: "argparse._SubParsersAction[P]", common: P) -> None:
    """Add `providers` and its commands.

    Args:
        commands: where commands are added.
        common: the options that every command takes.
    """

    def made(to: "argparse._SubParsersAction[P]", name: str, text: str) -> P:
        parser: P = to.add_parser(
            name, help=text, description=text, parents=[common], allow_abbrev=False
        )
        return parser

    group = made(commands, "providers", "list, add, remove and test providers")
    each = group.add_subparsers(title="commands", metavar="COMMAND", required=True)

    listing = made(each, "list", "everybody who can run models")
    listing.set_defaults(command=_list)
    adding = made(each, "add", "a server that speaks a known API, or a GGUF file of your own")
    adding.set_defaults(command=_add)
    _described(adding)
    removing = made(each, "remove", "forget a provider that was added, and its key")
    removing.set_defaults(command=_remove)
    testing = made(each, "test", "make one tiny request, and say what came of it")
    testing.set_defaults(command=_test)
    testing.add_argument("--model", metavar="M", help="instead of its default")
    for parser in (removing, testing):
        parser.add_argument("name", metavar="NAME")
    for parser in (listing, adding, removing, testing):
        parser.add_argument("--json", action="store_true", help="one object of JSON a line")


def _described(adding: argparse.ArgumentParser) -> None:
    adding.add_argument("name", metavar="NAME", help="what requests call it")
    adding.add_argument(
        "--kind",
        choices=("openai-compatible", "openai-responses", "anthropic", "gguf"),
        default="openai-compatible",
        help="the API that the server speaks: Chat Completions, Responses or Messages; or a file",
    )
    adding.add_argument("--base-url", metavar="URL", help="such as http://127.0.0.1:11434/v1")
    adding.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="K=V",
        help="sent with every request; may be given again",
    )
    adding.add_argument("--key-env", metavar="VAR", help="the environment variable with its key")
    adding.add_argument("--model", metavar="M", help="for requests that name none")
    adding.add_argument("--label", metavar="TEXT", help="its name as people read it")
    adding.add_argument("--file", metavar="GGUF", help="the model's file, for --kind gguf")
    adding.add_argument(
        "--context", type=int, metavar="N", help="tokens that such a model remembers (8192)"
    )
    adding.add_argument(
        "--allow-plain-http",
        action="store_true",
        help="insist on http:// to another machine, where everybody on the way can read along",
    )


def _commands(chosen: Arguments) -> "ProviderCommands":
    import os

    from shell.cli.providers import ProviderCommands
    from shell.support.data_directory import DataDirectory
    from shell.support.logs import set_up_logs

    set_up_logs(chosen.log_level)
    return ProviderCommands(DataDirectory(chosen.data_dir), os.environ)


def _list(chosen: Arguments) -> int:
    return _commands(chosen).list(as_json=chosen.json)


def _add(chosen: Arguments) -> int:
    commands = _commands(chosen)
    from shell.cli.providers import Wanted

    wanted = Wanted(
        name=chosen.name,
        kind=chosen.kind,
        base_url=chosen.base_url,
        headers=chosen.header,
        key_env=chosen.key_env,
        label=chosen.label,
        model=chosen.model,
        file=chosen.file,
        context_tokens=chosen.context,
        plain_http=chosen.allow_plain_http,
    )
    return commands.add(wanted, as_json=chosen.json)


def _remove(chosen: Arguments) -> int:
    return _commands(chosen).remove(chosen.name, as_json=chosen.json)


def _test(chosen: Arguments) -> int:
    return _commands(chosen).test(chosen.name, chosen.model, as_json=chosen.json)
