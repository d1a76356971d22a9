"""Lists and reads the resources and prompts of servers.

Nothing is cached: each list is fetched anew, so it shows every change at the server. To read one
raises ToolError (TOOL_FAILED) with the reason.
"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from shell.contract import (
    FormField,
    McpContents,
    McpFile,
    McpPrompt,
    McpPrompts,
    McpResource,
    McpResources,
)
from shell.errors import NotFound, ShellError, ToolFailed
from shell.tools.mcp.content import text_of
from shell.tools.mcp.owner import Connection, read_pages
from shell.tools.mcp.source import LIST_S, McpServer
from shell.tools.media import MAX_RESULT_MEDIA, MAX_RESULT_MEDIA_BYTES, Media

if TYPE_CHECKING:
    from mcp.client.client import Client
    from mcp_types import Prompt, Resource, ResourceTemplate

Item = TypeVar("Item")
MAX_ITEMS = 1_000
"""Most resources, templates or prompts of one server."""
FETCH_S = 60.0
MAX_TEXT = 100_000
"""Longest prompt in characters. A message takes no more."""
MAX_DESCRIPTION = 1_000
"""Longest name or description in characters."""
_STARTED = frozenset({"ready", "starting", "failed", "sign_in"})
"""The states in which a server has a list, or a reason why not, without a new start."""
_VARIABLE = re.compile(r"\{([+]?)([A-Za-z0-9_.]{1,100})\}")
"""A variable of a URI template: RFC 6570, the first two levels."""


async def list_resources(servers: Sequence[McpServer]) -> McpResources:
    """List the resources and templates of servers. Starts those that have not been used yet."""

    async def fetch(server: McpServer, client: "Client") -> list[McpResource]:
        if client.server_capabilities.resources is None:
            return []
        resources = await _read_all_pages(client.list_resources, "resources")
        templates = await _read_all_pages(client.list_resource_templates, "resource_templates")
        return [_resource_of(server, each, str(each.uri), []) for each in resources] + [
            _resource_of(server, each, each.uri_template, _variables(each.uri_template))
            for each in templates
        ]

    items, problems = await _list_all(servers, fetch)
    return McpResources(items=items, problems=problems)


async def list_prompts(servers: Sequence[McpServer], *, start: bool) -> McpPrompts:
    """List the prompts of servers.

    Args:
        servers: whose prompts to list.
        start: start servers that do not run yet. Otherwise the result names them as waiting.
    """
    waiting = [] if start else [each for each in servers if each.owner.state not in _STARTED]

    async def fetch(server: McpServer, client: "Client") -> list[McpPrompt]:
        if client.server_capabilities.prompts is None:
            return []
        prompts = await _read_all_pages(client.list_prompts, "prompts")
        return [_prompt_of(server, prompt) for prompt in prompts]

    ready = [server for server in servers if server not in waiting]
    items, problems = await _list_all(ready, fetch)
    return McpPrompts(items=items, waiting=[each.name for each in waiting], problems=problems)


async def read_resource(server: McpServer, uri: str, values: Mapping[str, str]) -> McpContents:
    """Read a resource, or a template with its variables filled in."""

    async def read(client: "Client") -> McpContents:
        files: list[McpFile] = []
        for part in (await client.read_resource(expand_template(uri, values))).contents:
            name = f"{server.name}: {_file_name(str(part.uri))}"
            kind = part.mime_type or ""
            if hasattr(part, "text"):
                data = server.without_tokens(part.text).encode("utf-8", "replace")
                kind = kind if kind.startswith("text/") else "text/plain"
            else:
                data = base64.b64decode(part.blob)
            files.append(_file_of(name, kind, data))
        return _limited(McpContents(text="", files=files))

    return await _ask(server, read)


async def read_prompt(server: McpServer, name: str, values: Mapping[str, str]) -> McpContents:
    """Read the messages of a prompt as one text, with its pictures and sounds."""

    async def get(client: "Client") -> McpContents:
        messages = (await client.get_prompt(name, dict(values) or None)).messages
        media: list[Media] = []
        texts = [(message.role, text_of(message.content, media)) for message in messages]
        if any(role != "user" for role, _ in texts):  # a dialog must show its roles
            texts = [(role, f"{role.capitalize()}:\n{text}") for role, text in texts]
        text = server.without_tokens("\n\n".join(text for _, text in texts))
        files = [
            _file_of(f"{server.name}: {number}", item.media_type, item.data)
            for number, item in enumerate(media, 1)
        ]
        return _limited(McpContents(text=text, files=files))

    return await _ask(server, get)


def find_server(servers: Sequence[McpServer], name: str) -> McpServer:
    """Find a server by its name.

    Raises:
        NotFound: it is off, or there is none.
    """
    for server in servers:
        if server.name == name:
            return server
    raise NotFound(f"There is no server {name!r} that is switched on")


def expand_template(template: str, values: Mapping[str, str]) -> str:
    """Fill in the variables of a template.

    Raises:
        ToolError: TOOL_FAILED if a value is missing, or the template is of another kind.
    """

    def value(found: re.Match[str]) -> str:
        if found[2] not in values:
            raise ToolFailed(f"Enter a value for {found[2]}.")
        return quote(values[found[2]], safe="/:?#[]@!$&'()*+,;=" if found[1] else "")

    if "{" in _VARIABLE.sub("", template):
        raise ToolFailed("This template cannot be filled in here.")
    return _VARIABLE.sub(value, template)


async def _list_all(
    servers: Sequence[McpServer], fetch: Callable[[McpServer, "Client"], Awaitable[list[Item]]]
) -> tuple[list[Item], dict[str, str]]:
    """Fetch a list from each server. Returns all items, and for each failed server the reason."""
    problems: dict[str, str] = {}

    async def fetch_one(server: McpServer) -> list[Item]:
        if server.owner.state in ("failed", "sign_in") and server.owner.error is not None:
            problems[server.name] = server.redacted(server.owner.error)
            return []
        try:
            async with asyncio.timeout(LIST_S):
                return await _ask(server, lambda client: fetch(server, client))
        except TimeoutError:
            problems[server.name] = f"{server.name} does not answer within {LIST_S:.0f} s."
        except ShellError as error:
            problems[server.name] = error.message
        return []

    lists = await asyncio.gather(*map(fetch_one, servers))
    return [item for items in lists for item in items], problems


async def _ask(server: McpServer, work: Callable[["Client"], Awaitable[Item]]) -> Item:
    """Send a server a request. Starts it if it does not run."""

    async def ask(connection: Connection) -> Item:
        try:
            async with asyncio.timeout(FETCH_S):
                return await work(connection.client)
        except TimeoutError:
            raise ToolFailed(f"{server.name} does not answer within {FETCH_S:.0f} s.") from None

    return await server.ask(ask)


async def _read_all_pages(ask: Callable[..., Awaitable[Any]], field: str) -> list[Any]:
    found, _ = await read_pages(ask, field, MAX_ITEMS)
    return found[:MAX_ITEMS]


def _resource_of(
    server: McpServer, resource: "Resource | ResourceTemplate", uri: str, fields: list[FormField]
) -> McpResource:
    return McpResource(
        server=server.name,
        name=(resource.title or resource.name)[:MAX_DESCRIPTION],
        uri=uri,
        description=(resource.description or "")[:MAX_DESCRIPTION],
        media_type=resource.mime_type,
        fields=fields,
    )


def _variables(template: str) -> list[FormField]:
    names = dict.fromkeys(found[2] for found in _VARIABLE.finditer(template))
    return [FormField(name=name, type="string", required=True) for name in names]


def _prompt_of(server: McpServer, prompt: "Prompt") -> McpPrompt:
    return McpPrompt(
        server=server.name,
        name=prompt.name,
        description=(prompt.description or prompt.title or "")[:MAX_DESCRIPTION],
        fields=[
            FormField(
                name=argument.name[:200],
                type="string",
                title=argument.title,
                description=argument.description,
                required=bool(argument.required),
            )
            for argument in (prompt.arguments or [])[:100]
        ],
    )


def _file_of(name: str, media_type: str, data: bytes) -> McpFile:
    return McpFile(name=name, media_type=media_type, data=base64.b64encode(data).decode("ascii"))


def _file_name(uri: str) -> str:
    plain = re.sub(r"[\x00-\x1f\x7f/\\]", "_", uri.rstrip("/").rpartition("/")[2])
    return plain[:200] or "resource"


def _limited(contents: McpContents) -> McpContents:
    size = sum(len(file.data) for file in contents.files) * 3 // 4
    if len(contents.text) > MAX_TEXT:
        text = f"It is longer than {MAX_TEXT:,} characters."
    elif len(contents.files) > MAX_RESULT_MEDIA or size > MAX_RESULT_MEDIA_BYTES:
        text = f"It has more than {MAX_RESULT_MEDIA} files or {MAX_RESULT_MEDIA_BYTES:,} bytes."
    else:
        return contents
    raise ToolFailed(text)
