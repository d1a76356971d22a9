"""The client that the conformance suite of MCP drives: our tools, with one server of its own.

The suite starts it once for each scenario, with the server's address as its argument. It signs in
when the server requires it, and calls every tool that the server lists.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2

from shell.contract import Elicitation
from shell.errors import ErrorCode, ShellError, ToolError
from shell.inference.form_values import check_values, default_values
from shell.providers.keys import Keys
from shell.tools.asker import ASKER, Reply
from shell.tools.base import Arguments, Tool
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.registry import Tools
from tests.providers.test_keys import Memory

NAME = "server"
ROUNDS = 3
"""Limit on sign-ins for one call. A person would give up as well."""
SIGN_IN_MESSAGE = "asks you to sign in"
CLIENT_ID = "https://conformance-test.local/client-metadata.json"
"""The address the suite expects from a client that identifies itself by its metadata."""
BY_ADDRESS = "auth/basic-cimd"


class Defaults:
    """Answers every form with its default values."""

    async def ask(self, elicitation: Elicitation) -> Reply:
        """Answer with the defaults."""
        return Reply("accept", check_values(elicitation.fields, default_values(elicitation.fields)))

    def refuse(self, text: str) -> None:
        """Print a text that no form shows."""
        print(text, file=sys.stderr)


async def follow(address: str) -> None:
    """Follow an address as a browser does."""
    async with httpx2.AsyncClient(follow_redirects=True, trust_env=False) as client:
        await client.get(address)


async def run(url: str, scenario: str, context: Mapping[str, object], folder: Path) -> None:
    """Carry out one scenario.

    Raises:
        ShellError: the scenario cannot be carried out.
    """
    chain = Memory()
    tools = Tools(folder, {}, Keys(lambda: chain))
    servers = tools.servers
    fields: dict[str, object] = {"url": url}
    client_id = CLIENT_ID if scenario == BY_ADDRESS else context.get("client_id")
    if client_id is not None:
        fields["oauth"] = {"clientId": client_id}
    secret = context.get("client_secret")
    spec = ServerSpec.model_validate(fields)
    await servers.add(NAME, spec)
    await servers.agree(NAME, spec.identity)
    await servers.enable(NAME, True)

    async def sign_in() -> None:
        await servers.sign_in(NAME, follow, None if secret is None else str(secret))

    ASKER.set(Defaults())
    try:
        offered = await _server_tools(tools)
        for _ in range(ROUNDS):
            if servers.summary(NAME).state == "sign_in":
                await sign_in()
                offered = await _server_tools(tools)
        summary = servers.summary(NAME)
        if summary.error is not None:
            raise ToolError(ErrorCode.TOOL_FAILED, summary.error)
        for tool, arguments in _calls(offered, context):
            for remaining in reversed(range(ROUNDS)):
                try:
                    await tools.call(tool.wire_name, arguments, lambda line: None)
                    break
                except ToolError as error:
                    if SIGN_IN_MESSAGE not in error.message:
                        print(error.message, file=sys.stderr)
                        break
                    if not remaining:
                        raise
                    await sign_in()
    finally:
        await tools.close()


async def _server_tools(tools: Tools) -> list[Tool]:
    return [each.tool for each in await tools.all() if each.tool.source == NAME]


def _calls(offered: Sequence[Tool], context: Mapping[str, object]) -> list[tuple[Tool, Arguments]]:
    requested = context.get("toolCalls")
    by_name = {tool.name: tool for tool in offered if tool.problem is None}
    if isinstance(requested, list):
        return [(by_name[each["name"]], each["arguments"]) for each in requested]
    return [(tool, _arguments(tool)) for tool in by_name.values()]


def _arguments(tool: Tool) -> Arguments:
    """Arguments that fit the schema of a tool."""
    examples: Arguments = {"string": "tide", "number": 1.5, "integer": 2, "boolean": True}
    fields = tool.parameters.get("properties") or {}
    assert isinstance(fields, dict)
    required = tool.parameters.get("required") or []
    assert isinstance(required, list)
    return {name: examples.get(fields[name].get("type")) for name in required}


def main() -> int:
    """Carry out the scenario that the environment names. Returns the exit status."""
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    scenario = os.environ["MCP_CONFORMANCE_SCENARIO"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(run(sys.argv[1], scenario, context, Path(folder)))
        except ShellError as error:
            print(error.message, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
