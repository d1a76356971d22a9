"""Adapts a request to its model, with a notice for everything that was changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shell.contract import (
    MAX_REQUEST_CHARACTERS,
    FilePart,
    ImagePart,
    InferenceRequest,
    Message,
    Notice,
    NoticeCode,
    SessionConfig,
    is_untrusted,
)
from shell.errors import Reason, ValidationFailed
from shell.providers.base import (
    ModelInfo,
    ModelStep,
    ProviderRequest,
    effort_dropped,
    tools_dropped,
)
from shell.support.text import estimate_tokens
from shell.tools.offer import Offer

TOKENS_PER_MESSAGE = 8
"""About the tokens that a chat template adds to a message."""
BYTES_PER_TOKEN_MARGIN = 1.15
"""Safety factor on the host's estimate of tokens."""
ANSWER_RESERVE_TOKENS = 1_024
"""Room for the answer when neither the caller nor the model sets a maximum."""


def room(model: ModelInfo, max_tokens: int | None) -> int:
    """How many tokens of a model's context are left for the messages.

    The answer reserves its maximum, but at most a quarter of the context.
    """
    max_answer_tokens = max_tokens or model.max_tokens_default or model.max_output_tokens
    reserved_tokens = max_answer_tokens or ANSWER_RESERVE_TOKENS
    return model.context_tokens - min(reserved_tokens, model.context_tokens // 4)


def message_tokens(text: str) -> int:
    """Estimate the tokens of a message with this text, rather too high."""
    return int(estimate_tokens(text) * BYTES_PER_TOKEN_MARGIN) + TOKENS_PER_MESSAGE


def text_tokens(message: Message | ModelStep) -> int:
    """Estimate the tokens of a message's text and of its tool calls with their results."""
    tokens = estimate_tokens(message.text)
    if isinstance(message, ModelStep):
        for call in message.calls:
            tokens += estimate_tokens(call.arguments) + estimate_tokens(call.result)
    return tokens


def history_trimmed(model: ModelInfo, left_out: int) -> Notice:
    """A notice that the oldest messages were left out."""
    text = f"The {left_out} oldest messages do not fit in {model.id} and were left out"
    code = NoticeCode.HISTORY_TRIMMED
    return Notice(code=code, text=text, model=model.id, left_out=left_out)


def prepare_request(
    messages: Sequence[Message | ModelStep],
    parameters: InferenceRequest | SessionConfig,
    model: ModelInfo,
) -> tuple[ProviderRequest, tuple[Notice, ...]]:
    """The request that the model accepts, and a notice for everything that was left out.

    The request sends `messages` with the `parameters` that the model supports.

    Raises:
        ValidationFailed: the model cannot answer these messages.
    """
    _check(messages, model)
    notices: list[Notice] = []

    def add_notice(code: NoticeCode, text: str, limit: float | None = None) -> None:
        notices.append(Notice(code=code, text=f"{model.id} {text}", model=model.id, limit=limit))

    temperature = parameters.temperature
    if temperature is None:
        temperature = model.temperature_default
        if model.temperature_max is None:
            temperature = None
    elif model.temperature_max is None:
        add_notice(NoticeCode.TEMPERATURE_DROPPED, "does not support temperature")
        temperature = None
    elif temperature > model.temperature_max:
        text = f"supports temperatures up to {model.temperature_max:g}; its default was used"
        add_notice(NoticeCode.TEMPERATURE_DROPPED, text, model.temperature_max)
        temperature = None
    max_tokens = parameters.max_tokens or model.max_tokens_default
    if max_tokens and model.max_output_tokens and max_tokens > model.max_output_tokens:
        text = f"can write at most {model.max_output_tokens} tokens"
        add_notice(NoticeCode.MAX_TOKENS_LOWERED, text, model.max_output_tokens)
        max_tokens = model.max_output_tokens
    effort = parameters.effort
    if effort is not None and model.efforts is not None and effort not in model.efforts:
        notices.append(effort_dropped(model, effort))
        effort = None
    system = [message for message in messages if message.role == "system"]
    if parameters.system_prompt:
        system.insert(0, Message.model_construct(role="system", content=parameters.system_prompt))
    if system and not model.system_prompt:
        add_notice(NoticeCode.SYSTEM_PROMPT_DROPPED, "does not support system prompts")
        system = []
    others = [message for message in messages if message.role != "system"]
    request = ProviderRequest(model, [*system, *others], temperature, max_tokens, effort)
    return request, tuple(notices)


@dataclass(frozen=True, slots=True)
class AdaptedRequest:
    """The first request of a run, and the tools that its model may call."""

    request: ProviderRequest
    """Without the tools, which each step adds."""
    offer: Offer | None
    notices: tuple[Notice, ...]


def adapt_request(
    request: InferenceRequest,
    messages: Sequence[Message | ModelStep],
    notices: Sequence[Notice],
    offer: Offer | None,
    model: ModelInfo,
) -> AdaptedRequest:
    """Adapt a request to its model. The `notices` are those of the caller's own changes.

    Raises:
        ValidationFailed: the model cannot answer these messages.
    """
    provider_request, request_notices = prepare_request(messages, request, model)
    offer, offer_notices = adapt_offer(offer, model)
    return AdaptedRequest(provider_request, offer, (*request_notices, *offer_notices, *notices))


def adapt_offer(offer: Offer | None, model: ModelInfo) -> tuple[Offer | None, tuple[Notice, ...]]:
    """The offer for a model. For a model without tools, None and a notice."""
    if offer is None or not offer.specs:
        return None, ()
    if model.tools is not False:
        return offer.for_model(model), ()
    return None, (tools_dropped(model),)


def note_untrusted(offer: Offer, messages: Iterable[Message | ModelStep]) -> None:
    """Mark the permissions of an offer as untrusted if others may have written a message."""
    contents = (message.content for message in messages if isinstance(message, Message))
    if any(map(is_untrusted, contents)):
        offer.permissions.note_untrusted()


def with_tools(request: ProviderRequest, offer: Offer | None, provider_id: str) -> ProviderRequest:
    """A request with the definitions of the offered tools."""
    if offer is None:
        return request
    tools = () if request.model.tools is False else offer.specs
    return replace(request, tools=tools, provider_id=provider_id)


def check_size(messages: Sequence[Message | ModelStep]) -> None:
    """Check the length of all messages together.

    Raises:
        ValidationFailed: they are longer than `MAX_REQUEST_CHARACTERS`.
    """
    characters = sum(len(message.text) for message in messages)
    if characters > MAX_REQUEST_CHARACTERS:
        text = f"Messages exceed the total length ({MAX_REQUEST_CHARACTERS})"
        raise ValidationFailed([("messages", text)], reason=Reason.TOO_LONG)


def _check(messages: Sequence[Message | ModelStep], model: ModelInfo) -> None:
    issues: list[tuple[str, str]] = []
    last = messages[-1].role
    if last == "system" and all(message.role == "system" for message in messages):
        issues.append(("messages", "Messages must include one from the user"))
    elif isinstance(messages[-1], Message) and last == "assistant" and not model.assistant_prefill:
        issues.append(("messages", "The last message must be from the user"))
    for index, message in enumerate(messages):
        if isinstance(message, ModelStep) or isinstance(message.content, str):
            continue
        for part_index, part in enumerate(message.content):
            is_refused = (isinstance(part, ImagePart) and not model.images) or (
                isinstance(part, FilePart) and not model.files
            )
            if is_refused:
                path = f"messages.{index}.content.{part_index}"
                issues.append((path, f"{model.id} does not accept {part.type}s"))
    if issues:
        raise ValidationFailed(issues)
