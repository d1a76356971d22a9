"""`tidewire tools`: lists, adds, switches and runs tools, and lists the grants.

A command with the name of a tool raises NotFound if there is none.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from shell.cli.output import print_line, print_text
from shell.contract import ToolSummary
from shell.errors import ErrorCode, NotFound, ToolError, ValidationFailed
from shell.providers.keys import Keys
from shell.support.data_directory import DataDirectory
from shell.support.files import expand_home, file_errors
from shell.support.text import escaped
from shell.tools.arguments import check_arguments, parse_arguments
from shell.tools.registry import FOLDER, Tools
from shell.tools.template import write_template

Result = TypeVar("Result")
STATES = {ErrorCode.TOOL_INVALID: "invalid", ErrorCode.TOOL_TIMEOUT: "timed_out"}
"""The state of a call that ended with this error. Other errors have the state `failed`."""


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print every tool."""
    for tool in with_tools(data, lambda tools: tools.summaries()):
        state = tool.problem or ("on" if tool.enabled else "off")
        does = [word for word in ("reads", "brings", "sends") if getattr(tool, word)]
        text = f"{tool.name}  ({tool.source}, {', '.join(does) or 'no flags'})  {state}"
        print_line(_fields(tool), text, as_json=as_json)


def add(data: DataDirectory, *, file: str, as_json: bool) -> int:
    """Copy a file into the folder of tools, and list its tools, which imports the file.

    The status is 1 if none of them can be used.

    Raises:
        ShellError: it is no Python file, or there is a file of this name already.
    """
    source = expand_home(file)
    if source.suffix != ".py":
        raise ValidationFailed([("file", f"{file[:200]} is no Python file")])
    if not source.is_file():
        raise ValidationFailed([("file", f"There is no file {file[:200]}")])
    target = data.path / FOLDER / source.name
    if target.exists():
        text = f"{target} is there already. Remove it first: tidewire tools remove {target.name}"
        raise ValidationFailed([("file", text)])
    data.prepare()
    with file_errors(f"{target} cannot be written"):
        target.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(source, target)
    summaries = with_tools(data, lambda tools: tools.summaries())
    added = [tool for tool in summaries if tool.source == target.name]
    for tool in added:
        print_line(_fields(tool), f"{tool.name}  {tool.problem or 'added'}", as_json=as_json)
    if not added:
        print(f"{target} was added, but no function in it is a tool", file=sys.stderr)
    return 0 if any(tool.problem is None for tool in added) else 1


def new(data: DataDirectory, *, name: str, as_json: bool) -> None:
    """Write a tool file from a template.

    Raises:
        ShellError: the name is invalid or taken.
    """
    data.prepare()
    path = write_template(data.path / FOLDER, name)
    print_line({"source": path.name, "path": str(path)}, str(path), as_json=as_json)


def remove(data: DataDirectory, *, file: str, as_json: bool) -> None:
    """Remove a file from the folder of tools.

    Raises:
        NotFound: there is no such file.
    """
    target = data.path / FOLDER / Path(file).name
    with file_errors(f"{target} cannot be removed"):
        try:
            target.unlink()
        except FileNotFoundError:
            text = f"There is no {target}. 'tidewire tools list' shows the files."
            raise NotFound(text) from None
    print_line({"source": target.name, "removed": True}, f"removed {target}", as_json=as_json)


def enable(data: DataDirectory, *, name: str, as_json: bool) -> None:
    """Offer a tool to models."""
    _switch(data, name, enabled=True, as_json=as_json)


def disable(data: DataDirectory, *, name: str, as_json: bool) -> None:
    """Stop offering a tool to models."""
    _switch(data, name, enabled=False, as_json=as_json)


def run(data: DataDirectory, *, name: str, arguments: str, as_json: bool) -> int:
    """Call a tool on behalf of a person, without an approval."""

    async def call(tools: Tools) -> str:
        given = parse_arguments(arguments)
        check_arguments((await tools.find(name)).tool, given)
        return await tools.call(name, given, lambda line: print_text(line, sys.stderr))

    try:
        result = with_tools(data, call)
    except ToolError as error:
        if not as_json:
            raise
        state = STATES.get(error.code, "failed")
        failure = {"code": error.code.value, "message": error.message}
        print(json.dumps({"state": state, "result": None, "error": failure}))
        return 1
    print_line({"state": "done", "result": result, "error": None}, result, as_json=as_json)
    return 0


def grants(data: DataDirectory, *, as_json: bool) -> None:
    """Print the grants: the verdicts for all conversations."""
    for grant in with_tools(data, lambda tools: tools.grants()):
        rules = ", ".join(f"{k} {r.match} {r.value}" for k, r in grant.pattern.items())
        state = "  (suspended: the tool has changed)" if grant.suspended else ""
        text = f"{grant.id}  {grant.verdict} {grant.tool} ({grant.source}) {rules}{state}"
        if grant.difference is not None:
            text = f"{text}\n{escaped(grant.difference)}"
        print_line(grant.model_dump(mode="json"), text, as_json=as_json)


def revoke(data: DataDirectory, *, grant_id: str, as_json: bool) -> None:
    """Remove a grant.

    Raises:
        NotFound: there is no grant with this id.
    """
    if not with_tools(data, lambda tools: tools.revoke(grant_id)):
        text = f"There is no grant {grant_id[:40]!r}. 'tidewire tools grants' lists them."
        raise NotFound(text)
    print_line({"id": grant_id, "revoked": True}, "revoked", as_json=as_json)


def with_tools(
    data: DataDirectory, use: Callable[[Tools], Awaitable[Result]], keys: Keys | None = None
) -> Result:
    """Run a coroutine with the tools of a data directory, on a new event loop."""

    async def work() -> Result:
        tools = Tools(data.path, keys=keys)
        try:
            return await use(tools)
        finally:
            await tools.close()

    return asyncio.run(work())


def _switch(data: DataDirectory, name: str, *, enabled: bool, as_json: bool) -> None:
    data.prepare()

    async def switch(tools: Tools) -> str:
        await tools.enable(name, enabled)
        return (await tools.find(name)).tool.name

    found = with_tools(data, switch)
    state = "on" if enabled else "off"
    print_line({"name": found, "enabled": enabled}, f"{found} is {state}", as_json=as_json)


def _fields(tool: ToolSummary) -> dict[str, object]:
    """The fields of a JSON line, the same for every tool."""
    return {**tool.model_dump(mode="json"), "problem": tool.problem}
