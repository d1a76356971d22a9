"""Builds requests for Chat Completions, OpenAI's older API that most other servers speak too."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

from shell.contract import FilePart, ImagePart, TextPart
from shell.providers.apis.chat_stream import ChatStream
from shell.providers.apis.content import AnyPart, data_url, write_message
from shell.providers.base import ModelInfo, ProviderRequest
from shell.providers.http.provider import Api, Body


def body(
    request: ProviderRequest,
    *,
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
    extra: Callable[[ModelInfo], Mapping[str, object]] | None = None,
) -> Body:
    """Build the body of a request."""
    built: Body = {
        "model": request.model.id,
        "messages": [write_message(message, _part) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        built["temperature"] = request.temperature
    if request.max_tokens is not None:
        built[max_tokens_field] = request.max_tokens
    if extra is not None:
        built.update(extra(request.model))
    return built


def _part(part: AnyPart) -> dict[str, object]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            return {"type": "image_url", "image_url": {"url": data_url(part)}}
        case FilePart():
            return {"type": "file", "file": {"filename": part.name, "file_data": data_url(part)}}


def _google_thoughts(model: ModelInfo) -> Mapping[str, object]:
    """Google's own fields for reasoning, which its copy of this API takes in `extra_body`."""
    if model.reasoning != "thoughts":
        return {}
    return {"extra_body": {"google": {"thinking_config": {"include_thoughts": True}}}}


def _llama_fields(model: ModelInfo) -> Mapping[str, object]:
    # Without `return_progress` llama.cpp reads a long prompt to its end before it notices that the
    # client has gone.
    return {"return_progress": True, **dict(model.sampling)}


CHAT_COMPLETIONS = Api("/chat/completions", "/models", body, ChatStream)
OPENAI_CHAT = replace(
    CHAT_COMPLETIONS, body=partial(body, max_tokens_field="max_completion_tokens")
)
GOOGLE_CHAT = replace(CHAT_COMPLETIONS, body=partial(body, extra=_google_thoughts))
LLAMA_CHAT = replace(CHAT_COMPLETIONS, body=partial(body, extra=_llama_fields))
