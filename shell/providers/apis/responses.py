"""Builds requests for Responses, OpenAI's newer API that also sends summaries of reasoning."""

import json
from collections.abc import Iterator
from functools import partial

from shell.contract import FilePart, ImagePart, Message, Part, TextPart
from shell.providers.apis.content import data_url, write_message
from shell.providers.apis.responses_stream import ResponsesStream
from shell.providers.apis.tools import arguments_of, parameters_of
from shell.providers.base import AnsweredCall, ModelStep, ProviderRequest, ToolSpec
from shell.providers.http.api import Api, Body, without_none
from shell.providers.pictures import with_pictures


def body(request: ProviderRequest) -> Body:
    """Build the body of a request."""
    reasoning = _reasoning(request) or None
    tools = [_tool(tool) for tool in request.tools] or None
    fields: Body = {
        "model": request.model.id,
        "input": [item for message in with_pictures(request) for item in _items(message, request)],
        "stream": True,
        "store": False,  # the server would keep a copy of the conversation
        "temperature": request.temperature,
        "max_output_tokens": request.max_tokens,
        "reasoning": reasoning,
        "tools": tools,
        # The server keeps nothing, so its reasoning has to go back with the results.
        "include": ["reasoning.encrypted_content"] if tools and reasoning else None,
    }
    return without_none(fields)


def _items(message: Message | ModelStep, request: ProviderRequest) -> Iterator[dict[str, object]]:
    if isinstance(message, Message):
        yield write_message(message, partial(_part, message.role))
        return
    output = message.output_for(request.provider_id, request.model.id)
    yield from (dict(item) for item in output)
    if not output:
        if message.text:
            yield {"role": "assistant", "content": message.text}
        for call in message.calls:
            yield {
                "type": "function_call",
                "call_id": call.id,
                "name": call.name,
                "arguments": json.dumps(arguments_of(call)),
            }
    for call in message.calls:
        yield {"type": "function_call_output", "call_id": call.id, "output": _result(call)}


def _result(call: AnsweredCall) -> str | list[dict[str, object]]:
    if not call.images:
        return call.result
    parts: list[Part] = [TextPart.model_construct(text=call.result), *call.images]
    return [_part("user", part) for part in parts]


def _tool(tool: ToolSpec) -> dict[str, object]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": parameters_of(tool),
        "strict": False,  # strict schemas must require every argument
    }


def _reasoning(request: ProviderRequest) -> Body:
    """Ask for summaries, and for an effort unless the model is to choose it."""
    standard = request.model.reasoning
    effort = request.effort_word or (None if standard == "default" else standard)
    return without_none({"summary": None if standard is None else "auto", "effort": effort})


def _part(role: str, part: Part) -> dict[str, object]:
    match part:
        case TextPart():
            kind = "output_text" if role == "assistant" else "input_text"
            return {"type": kind, "text": part.text}
        case ImagePart():
            # `detail` has a default, but servers that check requests by the SDK's types require it.
            return {"type": "input_image", "image_url": data_url(part), "detail": "auto"}
        case FilePart():
            return {"type": "input_file", "filename": part.name, "file_data": data_url(part)}


RESPONSES = Api("responses", "/responses", "/models", body, ResponsesStream)
