"""`tidewire tools`: lists, adds, switches and runs tools, and shows what is always allowed."""

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TextIO, TypeVar

from pydantic import BaseModel

from shell.errors import ErrorCode, NotFound, StorageFailed, ToolError, ValidationFailed
from shell.support.data_directory import DataDirectory
from shell.support.files import reason
from shell.support.text import CONTROLS, escaped
from shell.tools.arguments import check_arguments, parse_arguments
from shell.tools.choices import ToolChoices
from shell.tools.registry import FOLDER, Tools
from shell.tools.template import write_template

Result = TypeVar("Result")
STATES = {ErrorCode.TOOL_INVALID: "invalid", ErrorCode.TOOL_TIMEOUT: "timed_out"}
"""How a call has ended that was not done; otherwise it has failed."""


class ToolCommands:
    """The commands, one method each. Each returns the exit status.

    Args:
        data: the data directory.
    """

    def __init__(self, data: DataDirectory) -> None:
        self._data = data

    def list(self, *, as_json: bool) -> int:
        """Print every tool."""
        for tool in self._with_tools(lambda tools: tools.summaries()):
            state = tool.problem or ("on" if tool.enabled else "off")
            does = [word for word in ("reads", "brings", "sends") if getattr(tool, word)]
            _tell(
                _fields(tool),
                f"{tool.name}  ({tool.source}, {', '.join(does) or 'no flags'})  {state}",
                as_json=as_json,
            )
        return 0

    def add(self, file: str, *, as_json: bool) -> int:
        """Copy a file into the folder of tools. Imports it, as listing does.

        Raises:
            ShellError: it is no Python file, or one with its name is there.
        """
        source = Path(file).expanduser()
        if source.suffix != ".py" or not source.is_file():
            raise ValidationFailed([("file", f"{file[:200]} is no Python file")])
        target = self._data.path / FOLDER / source.name
        if target.exists():
            text = (
                f"{target} is there already. Remove it first: tidewire tools remove {target.name}"
            )
            raise ValidationFailed([("file", text)])
        self._data.prepare()
        try:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            shutil.copyfile(source, target)
        except OSError as error:
            raise StorageFailed(f"{target} cannot be written ({reason(error)})") from None
        for tool in self._with_tools(lambda tools: tools.summaries()):
            if tool.source == target.name:
                _tell(_fields(tool), f"{tool.name}  {tool.problem or 'added'}", as_json=as_json)
        return 0

    def new(self, name: str, *, as_json: bool) -> int:
        """Write a tool file from a template.

        Raises:
            ShellError: the name does not fit, or is taken.
        """
        self._data.prepare()
        path = write_template(self._data.path / FOLDER, name)
        _tell({"source": path.name, "path": str(path)}, str(path), as_json=as_json)
        return 0

    def remove(self, file: str, *, as_json: bool) -> int:
        """Remove a file from the folder of tools.

        Raises:
            NotFound: there is no such file.
        """
        target = self._data.path / FOLDER / Path(file).name
        try:
            target.unlink()
        except FileNotFoundError:
            raise NotFound(
                f"There is no {target}. 'tidewire tools list' shows the files."
            ) from None
        except OSError as error:
            raise StorageFailed(f"{target} cannot be removed ({reason(error)})") from None
        _tell({"source": target.name, "removed": True}, f"removed {target}", as_json=as_json)
        return 0

    def enable(self, name: str, *, as_json: bool) -> int:
        """Let models be told of a tool.

        Raises:
            NotFound: there is no such tool.
        """
        return self._switch(name, enabled=True, as_json=as_json)

    def disable(self, name: str, *, as_json: bool) -> int:
        """Keep a tool from models.

        Raises:
            NotFound: there is no such tool.
        """
        return self._switch(name, enabled=False, as_json=as_json)

    def run(self, name: str, *, arguments: str, as_json: bool) -> int:
        """Call a tool on behalf of a person, without an approval.

        Raises:
            NotFound: there is no such tool.
        """

        async def call(tools: Tools) -> str:
            given = parse_arguments(arguments)
            check_arguments((await tools.find(name)).tool, given)
            return await tools.call(name, given, lambda line: _put(line, sys.stderr))

        try:
            result = self._with_tools(call)
        except ToolError as error:
            if not as_json:
                raise
            state = STATES.get(error.code, "failed")
            told = {"code": error.code.value, "message": error.message}
            print(json.dumps({"state": state, "result": None, "error": told}))
            return 1
        _tell({"state": "done", "result": result, "error": None}, result, as_json=as_json)
        return 0

    def grants(self, *, as_json: bool) -> int:
        """Print the verdicts that hold for every conversation."""
        for grant in self._with_tools(lambda tools: tools.grants()):
            rules = ", ".join(f"{k} {r.match} {r.value}" for k, r in grant.pattern.items())
            state = "  (suspended: the tool has changed)" if grant.suspended else ""
            text = f"{grant.id}  {grant.verdict} {grant.tool} ({grant.source}) {rules}{state}"
            if grant.difference is not None:
                text = f"{text}\n{escaped(grant.difference)}"
            _tell(_fields(grant), text, as_json=as_json)
        return 0

    def revoke(self, grant_id: str, *, as_json: bool) -> int:
        """Forget such a verdict.

        Raises:
            NotFound: there is none with this id.
        """
        if not Tools(self._data.path).revoke(grant_id):
            text = f"There is no verdict {grant_id[:40]!r}. 'tidewire tools grants' shows them."
            raise NotFound(text)
        _tell({"id": grant_id, "revoked": True}, "revoked", as_json=as_json)
        return 0

    def list_folder(self, *, as_json: bool) -> int:
        """Print the folders that `read_file` may read."""
        for folder in ToolChoices(self._data.path).folders():
            _tell({"folder": folder}, folder, as_json=as_json)
        return 0

    def add_folder(self, folder: str, *, as_json: bool) -> int:
        """Let `read_file` read a folder and everything below it.

        Raises:
            ValidationFailed: it is no folder.
        """
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise ValidationFailed([("folder", f"{folder[:200]} is no folder")])
        self._data.prepare()
        added = ToolChoices(self._data.path).choose_folder(path)
        _tell({"folder": added}, f"read_file may read {added}", as_json=as_json)
        return 0

    def remove_folder(self, folder: str, *, as_json: bool) -> int:
        """Let `read_file` read a folder no more.

        Raises:
            NotFound: it could not read it.
        """
        dropped = ToolChoices(self._data.path).drop_folder(Path(folder).expanduser())
        if dropped is None:
            text = f"{folder[:200]} is not chosen. 'tidewire tools folder list' shows what is."
            raise NotFound(text)
        line = {"folder": dropped, "removed": True}
        _tell(line, f"read_file may no longer read {dropped}", as_json=as_json)
        return 0

    def _switch(self, name: str, *, enabled: bool, as_json: bool) -> int:
        self._data.prepare()

        async def switch(tools: Tools) -> str:
            await tools.enable(name, enabled)
            return (await tools.find(name)).tool.name

        found = self._with_tools(switch)
        state = "on" if enabled else "off"
        _tell({"name": found, "enabled": enabled}, f"{found} is {state}", as_json=as_json)
        return 0

    def _with_tools(self, use: Callable[[Tools], Awaitable[Result]]) -> Result:
        async def work() -> Result:
            tools = Tools(self._data.path)
            try:
                return await use(tools)
            finally:
                await tools.close()

        return asyncio.run(work())


def _fields(value: BaseModel) -> dict[str, object]:
    """The fields of a line; the same ones for every tool."""
    fields = value.model_dump(mode="json")
    if hasattr(value, "problem"):
        fields.setdefault("problem", None)
    return fields


def _tell(fields: Mapping[str, object], text: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(fields))
    else:
        _put(text, sys.stdout)


def _put(text: str, stream: TextIO) -> None:
    """Print a line. What a tool says must not control a terminal; a pipe gets it unchanged."""
    print(text.translate(CONTROLS) if stream.isatty() else text, file=stream, flush=True)
