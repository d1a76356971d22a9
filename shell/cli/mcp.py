"""`tidewire mcp`: lists, adds, switches and tests MCP servers. It prints no secret.

All commands but `add` and `import` raise NotFound if there is no server of the name.
"""

import json
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shell.api.consent_texts import ENGLISH
from shell.cli.confirm import confirm
from shell.cli.input import read_input
from shell.cli.output import print_line
from shell.cli.tools import with_tools
from shell.contract import McpName, McpResources, McpServerSummary
from shell.errors import ValidationFailed
from shell.support.data_directory import DataDirectory
from shell.support.files import expand_home
from shell.support.text import CONTROLS
from shell.tools.mcp import offerings
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.mcp.servers import NoConsent
from shell.tools.registry import Tools

MAX_IMPORT_BYTES = 1_000_000


def add(
    data: DataDirectory,
    *,
    name: str,
    env: list[str],
    header: list[str],
    folder: str | None,
    is_sse: bool,
    words: list[str],
    as_json: bool,
) -> int:
    """Add a server, and start it. To type the command counts as consent.

    If the server does not start, the reason is printed.

    Raises:
        ShellError: it cannot be added.
    """
    spec = _spec(name, words, env, header, folder, is_sse=is_sse)
    data.prepare()

    async def add(tools: Tools) -> McpServerSummary:
        servers = tools.servers
        await servers.add(name, spec, needs_keychain=True)
        await servers.agree(name, spec.with_placeholders().identity)
        await servers.enable(name, True)
        return await servers.test(name)

    return _report(with_tools(data, add), as_json=as_json)


def remove(data: DataDirectory, *, name: str, as_json: bool) -> None:
    """Stop and remove a server, with its values."""
    with_tools(data, lambda tools: tools.servers.remove(name))
    print_line({"name": name, "removed": True}, f"removed {name}", as_json=as_json)


def test(data: DataDirectory, *, name: str, as_json: bool) -> int:
    """Start a server, and print its state.

    Raises:
        NoConsent: the person has not agreed to its command or address.
    """
    return _report(with_tools(data, lambda tools: tools.servers.test(name)), as_json=as_json)


def enable(data: DataDirectory, *, name: str, yes: bool, as_json: bool) -> None:
    """Switch a server on. Asks for consent to its command or address, unless it was given before.

    Raises:
        NoConsent: the person does not agree.
    """

    async def enable(tools: Tools) -> McpServerSummary:
        servers = tools.servers
        spec = servers.spec(name)
        if not servers.has_consent(name, spec):
            _agree(name, spec, yes=yes)
            await servers.agree(name, spec.identity)
        await servers.enable(name, True)
        return servers.summary(name)

    _print(with_tools(data, enable), as_json=as_json)


def disable(data: DataDirectory, *, name: str, as_json: bool) -> None:
    """Switch a server off."""

    async def disable(tools: Tools) -> McpServerSummary:
        await tools.servers.enable(name, False)
        return tools.servers.summary(name)

    _print(with_tools(data, disable), as_json=as_json)


def import_(data: DataDirectory, *, file: str, as_json: bool) -> None:
    """Add the servers in another program's file, switched off.

    A server with secret values is left out if there is no keychain, since the session ends here.

    Raises:
        ShellError: the file cannot be read or is not of this kind.
    """
    content = read_input(file, MAX_IMPORT_BYTES)
    data.prepare()
    added, problems = with_tools(
        data, lambda tools: tools.servers.read_import(content, needs_keychain=True)
    )
    if as_json:
        print(json.dumps({"added": added, "problems": problems}))
        return
    for name in added:
        print(f"{name} was added, switched off. Switch it on: tidewire mcp enable {name}")
    for name, problem in problems.items():
        print(f"{name}: {problem}".translate(CONTROLS), file=sys.stderr)


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print every server. Starts none of them."""
    servers = Tools(data.path).servers
    for summary in servers.summaries():
        _print(summary, as_json=as_json)
    for name, problem in servers.problems.items():
        print(f"{name} cannot be used: {problem}".translate(CONTROLS), file=sys.stderr)


def resources(data: DataDirectory, *, name: str, as_json: bool) -> int:
    """Print the resources of a server. Starts it.

    Raises:
        NotFound: there is no such server that is switched on.
    """

    async def read(tools: Tools) -> McpResources:
        server = offerings.find_server(tools.servers.sources(), name)
        return await offerings.list_resources([server])

    found = with_tools(data, read)
    for resource in found.items:
        facts = filter(None, (resource.uri, resource.name, resource.media_type))
        text = "  ".join(facts).translate(CONTROLS)
        print(resource.model_dump_json() if as_json else text)
    for problem in found.problems.values():
        print(problem.translate(CONTROLS), file=sys.stderr)
    return 1 if found.problems else 0


def _report(summary: McpServerSummary, *, as_json: bool) -> int:
    _print(summary, as_json=as_json)
    if summary.state == "failed" and summary.output and not as_json:
        print(summary.output.translate(CONTROLS).rstrip(), file=sys.stderr)
    return 0 if summary.error is None else 1


def _spec(
    name: str,
    given: list[str],
    env: list[str],
    header: list[str],
    folder: str | None,
    *,
    is_sse: bool,
) -> ServerSpec:
    words = given[1:] if given[:1] == ["--"] else given
    if words and words[0].startswith("-"):
        raise ValidationFailed([("command", "Write options before the name of the server")])
    if not words:
        raise ValidationFailed([("command", "Name the command or address of the server")])
    try:
        TypeAdapter(McpName).validate_python(name)
    except ValidationError:
        text = "A name has 1 to 40 letters, digits, - or _"
        raise ValidationFailed([("name", text)]) from None
    is_address = words[0].startswith(("http://", "https://"))
    if is_address and (len(words) > 1 or env or folder):
        text = "An address takes no arguments, variables or folder; it takes --header"
        raise ValidationFailed([("command", text)])
    if not is_address and (header or is_sse):
        raise ValidationFailed([("header", "A command takes no headers; it takes --env")])
    # The server has a working directory of its own.
    program = str(Path(words[0]).absolute()) if Path(words[0]).is_file() else words[0]
    fields: dict[str, object] = {"command": program, "args": words[1:], "env": _pairs(env)}
    if folder is not None:
        fields["cwd"] = str(expand_home(folder).absolute())
    if is_address:
        fields = {"url": words[0], "headers": _pairs(header), "type": "sse" if is_sse else None}
    try:
        return ServerSpec.model_validate(fields)
    except ValidationError as error:
        raise ValidationFailed([("server", str(error.errors()[0]["msg"]))]) from None


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = dict(each.partition("=")[::2] for each in given)
    if any("=" not in each for each in given) or "" in pairs:
        raise ValidationFailed([("values", "Write each value as NAME=VALUE")])
    return pairs


def _agree(name: str, spec: ServerSpec, *, yes: bool) -> None:
    """Show the command or address and what the server gets, and ask for consent.

    Raises:
        NoConsent: the person does not agree, or the input is no terminal.
    """
    print(f"{ENGLISH.details(name, spec)}\n", file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty():
        raise NoConsent("Nobody can be asked here. Add --yes if you agree to what is printed above")
    if not confirm(ENGLISH.question(spec)):
        raise NoConsent("You did not agree, so nothing was changed")


def _print(summary: McpServerSummary, *, as_json: bool) -> None:
    fields = {**summary.model_dump(mode="json"), "error": summary.error}
    where = summary.url or " ".join(summary.command or ())
    tools = f", {summary.tools} tools" if summary.tools else ""
    text = f"{summary.name}  {summary.error or summary.state + tools}  ({where})"
    print_line(fields, text.translate(CONTROLS), as_json=as_json)
