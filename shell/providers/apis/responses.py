"""Builds requests for Responses, OpenAI's newer API that also sends summaries of reasoning."""

from functools import partial

from shell.contract import FilePart, ImagePart, TextPart
from shell.providers.apis.content import AnyPart, data_url, write_message
from shell.providers.apis.responses_stream import ResponsesStream
from shell.providers.base import ModelInfo, ProviderRequest
from shell.providers.http.provider import Api, Body


def body(request: ProviderRequest) -> Body:
    """Build the body of a request."""
    built: Body = {
        "model": request.model.id,
        "input": [
            write_message(message, partial(_part, message.role)) for message in request.messages
        ],
        "stream": True,
        "store": False,  # the server would keep a copy of the conversation
    }
    if request.temperature is not None:
        built["temperature"] = request.temperature
    if request.max_tokens is not None:
        built["max_output_tokens"] = request.max_tokens
    if request.model.reasoning is not None:
        built["reasoning"] = _reasoning(request.model)
    return built


def _reasoning(model: ModelInfo) -> dict[str, object]:
    """Ask for summaries, and for an effort unless the model is to choose it."""
    effort = {} if model.reasoning == "default" else {"effort": model.reasoning}
    return {"summary": "auto", **effort}


def _part(role: str, part: AnyPart) -> dict[str, object]:
    match part:
        case TextPart():
            kind = "output_text" if role == "assistant" else "input_text"
            return {"type": kind, "text": part.text}
        case ImagePart():
            # `detail` has a default, but servers that check requests by the SDK's types require it.
            return {"type": "input_image", "image_url": data_url(part), "detail": "auto"}
        case FilePart():
            return {"type": "input_file", "filename": part.name, "file_data": data_url(part)}


RESPONSES = Api("/responses", "/models", body, ResponsesStream)
