"""Lists and fetches what servers offer besides tools: resources and prompts.

Nothing is cached: each list is asked for anew, so a change at the server is there the next time.
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
"""Of one kind and one server."""
FETCH_S = 60.0
MAX_TEXT = 100_000
"""Characters of a prompt; a message takes no more."""
MAX_WORDS = 1_000
"""Characters of a name or description."""
_ANSWERS = frozenset({"ready", "starting", "failed", "sign_in"})
"""The states in which a server can be asked, or say why not, without a start."""
_VARIABLE = re.compile(r"\{([+]?)([A-Za-z0-9_.]{1,100})\}")
"""What of a template can be filled in: RFC 6570, the first two levels."""


async def resources(servers: Sequence[McpServer]) -> McpResources:
    """The resources and templates of servers; starts those that have not been used yet."""

    async def of(server: McpServer, client: "Client") -> list[McpResource]:
        if client.server_capabilities.resources is None:
            return []
        listed = await _pages(client.list_resources, "resources")
        found = [_resource(server, one, str(one.uri), []) for one in listed]
        templates = await _pages(client.list_resource_templates, "resource_templates")
        return found + [
            _resource(server, one, one.uri_template, _variables(one.uri_template))
            for one in templates
        ]

    items, problems = await _of_all(servers, of)
    return McpResources(items=items, problems=problems)


async def prompts(servers: Sequence[McpServer], *, start: bool) -> McpPrompts:
    """The prompts of servers.

    Args:
        servers: those to ask.
        start: start those that do not run yet; else they are named as waiting.
    """
    waiting = [one for one in servers if not start and one.owner.state not in _ANSWERS]

    async def of(server: McpServer, client: "Client") -> list[McpPrompt]:
        if client.server_capabilities.prompts is None:
            return []
        return [_prompt(server, one) for one in await _pages(client.list_prompts, "prompts")]

    items, problems = await _of_all([one for one in servers if one not in waiting], of)
    return McpPrompts(items=items, waiting=[one.name for one in waiting], problems=problems)


async def read_resource(server: McpServer, uri: str, values: Mapping[str, str]) -> McpContents:
    """The contents of a resource, or of a template with its variables filled in.

    Raises:
        ToolError: TOOL_FAILED with the reason.
    """

    async def read(client: "Client") -> McpContents:
        files: list[McpFile] = []
        for part in (await client.read_resource(expanded(uri, values))).contents:
            name = f"{server.name}: {_file_name(str(part.uri))}"
            kind = part.mime_type or ""
            if hasattr(part, "text"):
                data = server.without_tokens(part.text).encode("utf-8", "replace")
                kind = kind if kind.startswith("text/") else "text/plain"
            else:
                data = base64.b64decode(part.blob)
            files.append(_file(name, kind, data))
        return _limited(McpContents(text="", files=files))

    return await _ask(server, read)


async def prompt(server: McpServer, name: str, values: Mapping[str, str]) -> McpContents:
    """The messages of a prompt as one text, with its pictures and sounds.

    Raises:
        ToolError: TOOL_FAILED with the reason.
    """

    async def get(client: "Client") -> McpContents:
        messages = (await client.get_prompt(name, dict(values) or None)).messages
        media: list[Media] = []
        texts = [(one.role, text_of(one.content, media)) for one in messages]
        if any(role != "user" for role, _ in texts):  # a dialog: who says what must be seen
            texts = [(role, f"{role.capitalize()}:\n{text}") for role, text in texts]
        text = server.without_tokens("\n\n".join(text for _, text in texts))
        files = [
            _file(f"{server.name}: {place}", one.media_type, one.data)
            for place, one in enumerate(media, 1)
        ]
        return _limited(McpContents(text=text, files=files))

    return await _ask(server, get)


def named(servers: Sequence[McpServer], name: str) -> McpServer:
    """The server of a name.

    Raises:
        NotFound: it is off, or there is none.
    """
    for server in servers:
        if server.name == name:
            return server
    raise NotFound(f"There is no server {name!r} that is switched on")


def expanded(template: str, values: Mapping[str, str]) -> str:
    """A template with its variables filled in.

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


async def _of_all(
    servers: Sequence[McpServer],
    listed: Callable[[McpServer, "Client"], Awaitable[list[Item]]],
) -> tuple[list[Item], dict[str, str]]:
    """What each server has, and why a server could not be asked."""
    problems: dict[str, str] = {}

    async def of(server: McpServer) -> list[Item]:
        if server.owner.state in ("failed", "sign_in") and server.owner.error is not None:
            problems[server.name] = server.redacted(server.owner.error)
            return []
        try:
            async with asyncio.timeout(LIST_S):
                return await _ask(server, lambda client: listed(server, client))
        except TimeoutError:
            problems[server.name] = f"{server.name} does not answer within {LIST_S:.0f} s."
        except ShellError as error:
            problems[server.name] = error.message
        return []

    found = await asyncio.gather(*map(of, servers))
    return [item for items in found for item in items], problems


async def _ask(server: McpServer, work: Callable[["Client"], Awaitable[Item]]) -> Item:
    """Ask a server for something; starts it if it does not run.

    Raises:
        ToolError: TOOL_FAILED with the reason.
    """

    async def ask(connection: Connection) -> Item:
        try:
            async with asyncio.timeout(FETCH_S):
                return await work(connection.client)
        except TimeoutError:
            raise ToolFailed(f"{server.name} does not answer within {FETCH_S:.0f} s.") from None

    return await server.ask(ask)


async def _pages(ask: Callable[..., Awaitable[Any]], field: str) -> list[Any]:
    found, _ = await read_pages(ask, field, MAX_ITEMS)
    return found[:MAX_ITEMS]


def _resource(
    server: McpServer, one: "Resource | ResourceTemplate", uri: str, fields: list[FormField]
) -> McpResource:
    return McpResource(
        server=server.name,
        name=(one.title or one.name)[:MAX_WORDS],
        uri=uri,
        description=(one.description or "")[:MAX_WORDS],
        media_type=one.mime_type,
        fields=fields,
    )


def _variables(template: str) -> list[FormField]:
    names = dict.fromkeys(found[2] for found in _VARIABLE.finditer(template))
    return [FormField(name=name, type="string", required=True) for name in names]


def _prompt(server: McpServer, one: "Prompt") -> McpPrompt:
    return McpPrompt(
        server=server.name,
        name=one.name,
        description=(one.description or one.title or "")[:MAX_WORDS],
        fields=[
            FormField(
                name=argument.name[:200],
                type="string",
                title=argument.title,
                description=argument.description,
                required=bool(argument.required),
            )
            for argument in (one.arguments or [])[:100]
        ],
    )


def _file(name: str, media_type: str, data: bytes) -> McpFile:
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
