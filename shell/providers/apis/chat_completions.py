"""Builds requests for Chat Completions, OpenAI's older API that most other servers speak too."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Literal

from shell.contract import FilePart, ImagePart, Part, TextPart
from shell.providers.apis.chat_stream import ChatStream
from shell.providers.apis.content import Output, data_url, write_messages
from shell.providers.apis.tools import arguments_of, parameters_of, without
from shell.providers.base import ModelStep, ProviderRequest, ToolSpec
from shell.providers.http.api import Api, Body, without_none

GOOGLE_DROPS = frozenset(
    {"$schema", "additionalProperties", "default", "examples", "exclusiveMaximum"}
    | {"exclusiveMinimum", "patternProperties", "propertyNames", "title", "unevaluatedProperties"}
)
"""Keywords of JSON Schema that Google answers with 400."""


def body(
    request: ProviderRequest,
    *,
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
    extra: Callable[[ProviderRequest], Body] = lambda request: {
        "reasoning_effort": request.effort_word
    },
    dropped_keywords: frozenset[str] = frozenset(),
) -> Body:
    """Build the body of a request."""
    fields: Body = {
        "model": request.model.id,
        "messages": list(write_messages(request, _part, _step)),
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [_tool(tool, dropped_keywords) for tool in request.tools] or None,
        "temperature": request.temperature,
        max_tokens_field: request.max_tokens,
    }
    return without_none(fields | extra(request))


def _step(message: ModelStep, output: Output) -> Iterator[dict[str, object]]:
    extras = {str(item.get("id")): item for item in output}
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(arguments_of(call))},
            **{k: v for k, v in extras.get(call.id, {}).items() if k == "extra_content"},
        }
        for call in message.calls
    ]
    yield {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    for call in message.calls:
        yield {"role": "tool", "tool_call_id": call.id, "content": call.result}
    # A result of a tool is text alone here.
    pictures: list[dict[str, object]] = []
    for call in message.calls:
        if call.images:
            title = TextPart(text=f"The pictures in the result of {call.name}:")
            pictures += [_part(title), *map(_part, call.images)]
    if pictures:
        yield {"role": "user", "content": pictures}


def _tool(tool: ToolSpec, dropped: frozenset[str]) -> dict[str, object]:
    parameters = without(parameters_of(tool), dropped)
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _part(part: Part) -> dict[str, object]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            return {"type": "image_url", "image_url": {"url": data_url(part)}}
        case FilePart():
            return {"type": "file", "file": {"filename": part.name, "file_data": data_url(part)}}


def _google_thoughts(request: ProviderRequest) -> Body:
    """Google's own fields for reasoning, which its copy of this API takes in `extra_body`."""
    thoughts = True if request.model.reasoning == "thoughts" else None
    config = without_none({"include_thoughts": thoughts, "thinking_level": request.effort_word})
    return {"extra_body": {"google": {"thinking_config": config}}} if config else {}


def _llama_fields(request: ProviderRequest) -> Body:
    # Without `return_progress` llama.cpp reads a long prompt to its end before it notices that the
    # client has disconnected.
    return {"return_progress": True, **dict(request.model.sampling)}


CHAT_COMPLETIONS = Api("chat", "/chat/completions", "/models", body, ChatStream)
OPENAI_CHAT = replace(
    CHAT_COMPLETIONS, body=partial(body, max_tokens_field="max_completion_tokens")
)
GOOGLE_CHAT = replace(
    CHAT_COMPLETIONS, body=partial(body, extra=_google_thoughts, dropped_keywords=GOOGLE_DROPS)
)
LLAMA_CHAT = replace(CHAT_COMPLETIONS, body=partial(body, extra=_llama_fields))
