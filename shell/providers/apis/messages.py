"""Builds requests for Messages, Anthropic's API that some other servers speak too."""

import base64
import binascii

from shell.contract import FilePart, ImagePart, TextPart
from shell.providers.apis.content import AnyPart, write_message
from shell.providers.apis.messages_stream import MessagesStream
from shell.providers.base import ModelInfo, ProviderRequest
from shell.providers.http.provider import Api, Body

VERSION = "2026-10-21"
DEFAULT_MAX_TOKENS = 32_000
"""Sent when the request sets no limit, because the API requires one. A model that takes less gets
its own limit."""
CAUTIOUS_MAX_TOKENS = 8_192
"""The same for a model whose limit is not known."""
THINKING_BUDGET_TOKENS = 4_096


def body(request: ProviderRequest) -> Body:
    """Build the body of a request."""
    model = request.model
    max_tokens = request.max_tokens or min(
        model.max_output_tokens or CAUTIOUS_MAX_TOKENS, DEFAULT_MAX_TOKENS
    )
    built: Body = {
        "model": model.id,
        "max_tokens": max_tokens,
        "messages": [write_message(m, _part) for m in request.messages if m.role != "system"],
        "stream": True,
    }
    system = "\n\n".join(m.text for m in request.messages if m.role == "system")
    if system:
        built["system"] = system
    thinking = _thinking(model, max_tokens)
    if thinking is not None:
        built["thinking"] = thinking
    elif request.temperature is not None:  # refused together with thinking
        built["temperature"] = request.temperature
    return built


def _thinking(model: ModelInfo, max_tokens: int) -> dict[str, object] | None:
    match model.reasoning:
        case "adaptive":
            # Newer models think without being asked; this adds a summary of their thoughts.
            return {"type": "adaptive", "display": "summarized"}
        case "budget" if max_tokens > THINKING_BUDGET_TOKENS:
            return {"type": "enabled", "budget_tokens": THINKING_BUDGET_TOKENS}
    return None


def _part(part: AnyPart) -> dict[str, object]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            return {"type": "image", "source": _base64(part)}
        case FilePart():
            return {"type": "document", "title": part.name, "source": _document(part)}


def _base64(part: ImagePart | FilePart) -> dict[str, object]:
    return {"type": "base64", "media_type": part.media_type, "data": part.data}


def _document(part: FilePart) -> dict[str, object]:
    """The source of a document: a PDF in base64, and text of every kind as plain text."""
    if not (part.media_type.startswith("text/") or part.media_type == "application/json"):
        return _base64(part)
    try:
        text = base64.b64decode(part.data).decode("utf-8", "replace")
    except binascii.Error:
        text = ""
    return {"type": "text", "media_type": "text/plain", "data": text}


MESSAGES = Api(
    "/v1/messages",
    "/v1/models?limit=1000",
    body,
    MessagesStream,
    key_header=lambda key: {"x-api-key": key},
    headers={"anthropic-version": VERSION},
)
