"""Builds requests for Messages, Anthropic's API that some other servers speak too."""

import base64
import binascii
from collections.abc import Iterator, Mapping

from shell.contract import FilePart, ImagePart, Part, TextPart
from shell.providers.apis.content import Output, write_messages
from shell.providers.apis.messages_stream import MessagesStream
from shell.providers.apis.tools import arguments_of, parameters_of
from shell.providers.base import AnsweredCall, ModelStep, ProviderRequest, ToolSpec
from shell.providers.http.api import Api, Body, without_none

VERSION = "2026-10-21"
DEFAULT_MAX_TOKENS = 32_000
"""Sent when the request sets no limit, because the API requires one. A model that takes less gets
its own limit."""
CAUTIOUS_MAX_TOKENS = 8_192
"""The same for a model whose limit is not known."""
THINKING_BUDGET_TOKENS = 4_096
NO_THINKING: Mapping[str, object] = {"type": "disabled"}


def body(request: ProviderRequest) -> Body:
    """Build the body of a request."""
    model = request.model
    max_tokens = request.max_tokens or min(
        model.max_output_tokens or CAUTIOUS_MAX_TOKENS, DEFAULT_MAX_TOKENS
    )
    system = "\n\n".join(m.text for m in request.messages if m.role == "system")
    thinking = _thinking(request, max_tokens)
    effort = None if request.effort == "off" else request.effort_word
    fields: Body = {
        "model": model.id,
        "max_tokens": max_tokens,
        "messages": [
            message
            for message in write_messages(request, _part, _step)
            if message["role"] != "system"
        ],
        "stream": True,
        "system": system or None,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "thinking": thinking,
        "output_config": None if effort is None else {"effort": effort},
        # It is refused together with thinking.
        "temperature": request.temperature if thinking in (None, NO_THINKING) else None,
    }
    return without_none(fields)


def _step(message: ModelStep, output: Output) -> Iterator[dict[str, object]]:
    content = [dict(item) for item in output]
    if not content:
        content = [{"type": "text", "text": message.text}] if message.text.strip() else []
        content += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments_of(call)}
            for call in message.calls
        ]
    results = [
        {
            "type": "tool_result",
            "tool_use_id": call.id,
            "content": _result(call),
            "is_error": call.failed,
        }
        for call in message.calls
    ]
    yield {"role": "assistant", "content": content}
    yield {"role": "user", "content": results}


def _result(call: AnsweredCall) -> str | list[dict[str, object]]:
    if not call.images:
        return call.result
    return [{"type": "text", "text": call.result}, *map(_part, call.images)]


def _tool(tool: ToolSpec) -> dict[str, object]:
    return {"name": tool.name, "description": tool.description, "input_schema": parameters_of(tool)}


def _thinking(request: ProviderRequest, max_tokens: int) -> dict[str, object] | None:
    if request.effort == "off" and request.effort_word is not None:
        return dict(NO_THINKING)
    match request.model.reasoning:
        case "adaptive":
            # Newer models reason by default. This adds a summary of their reasoning.
            return {"type": "adaptive", "display": "summarized"}
        case "budget" if max_tokens > THINKING_BUDGET_TOKENS:
            return {"type": "enabled", "budget_tokens": THINKING_BUDGET_TOKENS}
    return None


def _part(part: Part) -> dict[str, object]:
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
    "messages",
    "/v1/messages",
    "/v1/models?limit=1000",
    body,
    MessagesStream,
    key_header=lambda key: {"x-api-key": key},
    headers={"anthropic-version": VERSION},
)
