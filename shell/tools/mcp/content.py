"""Turns a server's answer to a call into a result."""

import json
from typing import TYPE_CHECKING

from shell.errors import ToolFailed
from shell.tools.media import Media, MediaRefused, ToolOutput, add_media, decode_media

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock

MAX_RESULT_BYTES = 10_000_000
MAX_ERROR_CHARACTERS = 100_000
"""Longest text of an error. Searching a longer one for keys would take the host seconds."""


def output_of(result: "CallToolResult") -> ToolOutput:
    """Join all parts of a result to one text, with its pictures and sounds beside it.

    Fetches nothing and follows no link.

    Raises:
        ToolError: TOOL_FAILED with the server's words, if the server reports an error.
    """
    media: list[Media] = []
    text = "\n\n".join(filter(None, (text_of(block, media) for block in result.content)))
    if not result.content and result.structured_content is not None:
        text = json.dumps(result.structured_content, ensure_ascii=False, indent=2)
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_RESULT_BYTES:
        text = data[:MAX_RESULT_BYTES].decode("utf-8", "ignore")
    if result.is_error:
        words = text[:MAX_ERROR_CHARACTERS].strip() or "It does not say why."
        raise ToolFailed(f"The server reports an error: {words}")
    return ToolOutput(text, tuple(media))


def text_of(block: "ContentBlock", media: list[Media]) -> str:
    """Write one part as text. Names pictures and sounds there, and adds them to `media`."""
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            return _placeholder(block.type, block.mime_type, block.data, media)
        case "resource_link":
            return f"[link: {block.title or block.name}, {block.uri}]"
        case "resource":
            resource = block.resource
            kind = resource.mime_type or "unknown type"
            if hasattr(resource, "text"):
                return f"[resource: {resource.uri}, {kind}]\n{resource.text}"
            return _placeholder(f"resource: {resource.uri}", kind, resource.blob, media)


def _placeholder(name: str, media_type: str, base64: str, media: list[Media]) -> str:
    """Write a line that names a part that is not text. Adds it to `media` if it can be shown."""
    reason = ""
    size = len(base64.rstrip("=")) * 3 // 4
    try:
        item = decode_media(base64)
        media_type = item.media_type
        add_media(media, item)
    except MediaRefused as error:
        reason = f", not shown: {error}"
    return f"[{name}: {media_type[:100]}, {size:,} bytes{reason}]"
