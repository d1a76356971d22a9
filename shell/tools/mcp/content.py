"""Turns what a server answers into a result."""

import json
from typing import TYPE_CHECKING

from shell.errors import ToolFailed
from shell.tools.media import Media, MediaRefused, ToolOutput, add_media, decoded

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock

MAX_RESULT_BYTES = 10_000_000
MAX_ERROR_CHARACTERS = 100_000
"""Of an error; more would take the host seconds to search for keys."""


def output_of(result: "CallToolResult") -> ToolOutput:
    """All parts of a result as one text, with its pictures and sounds beside it.

    Nothing is fetched, and no link is followed.

    Raises:
        ToolError: TOOL_FAILED with the server's words, if it says that the call has failed.
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
    """One part as text. Pictures and sounds are named, and added to `media`."""
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            return _named(block.type, block.mime_type, block.data, media)
        case "resource_link":
            return f"[link: {block.title or block.name}, {block.uri}]"
        case "resource":
            kept = block.resource
            kind = kept.mime_type or "unknown type"
            if hasattr(kept, "text"):
                return f"[resource: {kept.uri}, {kind}]\n{kept.text}"
            return _named(f"resource: {kept.uri}", kind, kept.blob, media)


def _named(name: str, claimed: str, base64: str, media: list[Media]) -> str:
    """Name what is not text. What can be shown is added to `media`."""
    why = ""
    size = len(base64.rstrip("=")) * 3 // 4
    try:
        found = decoded(base64)
        claimed = found.media_type
        add_media(media, found)
    except MediaRefused as error:
        why = f", not shown: {error}"
    return f"[{name}: {claimed[:100]}, {size:,} bytes{why}]"
