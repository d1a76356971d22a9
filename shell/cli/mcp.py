"""`tidewire mcp`: lists, adds, switches and tests the servers of MCP. It prints no secret."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from shell.contract import McpName, McpResources, McpServerSummary
from shell.errors import ShellError, ValidationFailed
from shell.support.data_directory import DataDirectory
from shell.support.files import reason
from shell.support.text import CONTROLS, escaped
from shell.tools.mcp import offerings
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.mcp.servers import McpServers, NoConsent
from shell.tools.registry import Tools

Result = TypeVar("Result")
MAX_IMPORT_BYTES = 1_000_000


class McpCommands:
    """The commands, one method each. Each returns the exit status.

    Args:
        data: the data directory.
    """

    def __init__(self, data: DataDirectory) -> None:
        self._data = data

    def add(
        self,
        name: str,
        *,
        env: list[str],
        header: list[str],
        folder: str | None,
        is_sse: bool,
        words: list[str],
        as_json: bool,
    ) -> int:
        """Add a server, and start it. Who types a command has agreed to it.

        Raises:
            ShellError: it cannot be added; why it does not start is printed.
        """
        spec = _spec(name, words, env, header, folder, is_sse=is_sse)
        self._data.prepare()

        async def add(servers: McpServers) -> McpServerSummary:
            forgotten = await servers.add(name, spec)
            if forgotten:
                await servers.remove(name)
                text = (
                    f"There is no keychain that keeps {', '.join(forgotten)}. Write "
                    f"{forgotten[0]}=${{{forgotten[0]}}} to take it from the environment."
                )
                raise ShellError(text)
            await servers.agree(name, servers.spec(name).identity)
            await servers.enable(name, True)
            return await servers.test(name)

        return self._report(self._with_servers(add), as_json=as_json)

    def remove(self, name: str, *, as_json: bool) -> int:
        """End a server and forget it, with its values.

        Raises:
            NotFound: there is no such server.
        """
        self._with_servers(lambda servers: servers.remove(name))
        print(json.dumps({"name": name, "removed": True}) if as_json else f"removed {name}")
        return 0

    def test(self, name: str, *, as_json: bool) -> int:
        """Start a server, and print how it is.

        Raises:
            NotFound: there is no such server.
            NoConsent: nobody has agreed to its command or address.
        """
        summary = self._with_servers(lambda servers: servers.test(name))
        return self._report(summary, as_json=as_json)

    def enable(self, name: str, *, yes: bool, as_json: bool) -> int:
        """Switch a server on. Asks, if nobody has agreed to its command or address.

        Raises:
            NotFound: there is no such server.
            NoConsent: the person does not agree.
        """

        async def enable(servers: McpServers) -> McpServerSummary:
            spec = servers.spec(name)
            if not servers.has_consent(name, spec):
                _agree(spec, yes=yes)
                await servers.agree(name, spec.identity)
            await servers.enable(name, True)
            return servers.summary(name)

        _tell(self._with_servers(enable), as_json=as_json)
        return 0

    def disable(self, name: str, *, as_json: bool) -> int:
        """Switch a server off.

        Raises:
            NotFound: there is no such server.
        """

        async def disable(servers: McpServers) -> McpServerSummary:
            await servers.enable(name, False)
            return servers.summary(name)

        _tell(self._with_servers(disable), as_json=as_json)
        return 0

    def read_import(self, file: str, *, as_json: bool) -> int:
        """Add the servers of another program's file, all off.

        Raises:
            ValidationFailed: it is no such file.
        """
        try:
            data = Path(file).expanduser().read_bytes()[: MAX_IMPORT_BYTES + 1]
        except OSError as error:
            raise ValidationFailed([("file", f"{file[:200]}: {reason(error)}")]) from None
        if len(data) > MAX_IMPORT_BYTES:
            raise ValidationFailed([("file", "It is larger than 1 MB")])
        self._data.prepare()
        added, problems = self._with_servers(lambda servers: servers.read_import(data))
        if as_json:
            print(json.dumps({"added": added, "problems": problems}))
            return 0
        for name in added:
            print(f"{name} was added, switched off. Switch it on: tidewire mcp enable {name}")
        for name, problem in problems.items():
            print(f"{name}: {problem}".translate(CONTROLS), file=sys.stderr)
        return 0

    def list(self, *, as_json: bool) -> int:
        """Print every server. Starts none."""

        async def look(servers: McpServers) -> Mapping[str, str]:
            for summary in servers.summaries():
                _tell(summary, as_json=as_json)
            return servers.problems

        for name, problem in self._with_servers(look).items():
            print(f"{name} cannot be used: {problem}".translate(CONTROLS), file=sys.stderr)
        return 0

    def resources(self, name: str, *, as_json: bool) -> int:
        """Print what a server gives to read. Starts it.

        Raises:
            NotFound: there is no such server that is switched on.
        """

        async def look(servers: McpServers) -> McpResources:
            return await offerings.resources([offerings.named(servers.sources(), name)])

        found = self._with_servers(look)
        for one in found.items:
            words = "  ".join(filter(None, (one.uri, one.name, one.media_type)))
            print(one.model_dump_json() if as_json else words.translate(CONTROLS))
        for problem in found.problems.values():
            print(problem.translate(CONTROLS), file=sys.stderr)
        return 1 if found.problems else 0

    def _report(self, summary: McpServerSummary, *, as_json: bool) -> int:
        _tell(summary, as_json=as_json)
        if summary.state == "failed" and summary.output and not as_json:
            print(summary.output.translate(CONTROLS).rstrip(), file=sys.stderr)
        return 0 if summary.error is None else 1

    def _with_servers(self, use: Callable[[McpServers], Awaitable[Result]]) -> Result:
        async def work() -> Result:
            tools = Tools(self._data.path)
            try:
                return await use(tools.servers)
            finally:
                await tools.close()

        return asyncio.run(work())


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
        fields["cwd"] = str(Path(folder).expanduser().absolute())
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


def _agree(spec: ServerSpec, *, yes: bool) -> None:
    """Show what runs or is contacted, and ask.

    Raises:
        NoConsent: the person does not agree, or nobody can be asked.
    """
    asked = "Contact this address?" if spec.url else "Run this program on your computer?"
    print(f"{escaped(spec.shown())}\n", file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty():
        raise NoConsent("Nobody can be asked here. Add --yes if you agree to what is printed above")
    print(f"{asked} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise NoConsent("You did not agree, so nothing was changed")


def _tell(summary: McpServerSummary, *, as_json: bool) -> None:
    if as_json:
        fields = summary.model_dump(mode="json")
        print(json.dumps({**fields, "error": summary.error}), flush=True)
        return
    where = summary.url or " ".join(summary.command or ())
    tools = f", {summary.tools} tools" if summary.tools else ""
    text = f"{summary.name}  {summary.error or summary.state + tools}  ({where})"
    print(text.translate(CONTROLS), flush=True)
