"""Turns the path to a question into the request that answers it, and estimates its cost."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shell.contract import (
    AnswerOptions,
    CallDecision,
    Estimate,
    EstimateRequest,
    InferenceRequest,
    Message,
    Notice,
    NoticeCode,
    Preview,
    WireRequest,
)
from shell.conversations.history import CONTINUE, SentMessages, history, resumed_step
from shell.conversations.parameters import Parameters
from shell.errors import ShellError
from shell.inference.request import AdaptedRequest, adapt_request, check_size, with_tools
from shell.inference.run_plan import ResumedStep
from shell.inference.spending import (
    BASE64_PER_TOKEN,
    IMAGE_TOKENS,
    UNKNOWN_OUTPUT_TOKENS,
    estimate_input,
)
from shell.providers.base import (
    CountsTokens,
    ModelInfo,
    ModelStep,
    Provider,
    ProviderRequest,
    ShowsRequests,
)
from shell.providers.charges import NANOS, price_of
from shell.store.messages.turns import Author, PathMessage
from shell.store.wire_log import request_of
from shell.tools.offer import Offer


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """The request to the engine for one answer, and the path that it was made from."""

    provider: Provider
    model: ModelInfo
    author: Author
    path: Sequence[PathMessage]
    request: InferenceRequest
    messages: SentMessages
    notices: Sequence[Notice]
    """For everything that was left out of the messages."""
    resumed: ResumedStep | None
    """The step at which an earlier run of the same answer ended."""

    def adapt(self, offer: Offer | None) -> AdaptedRequest:
        """Adapt the first request to the model.

        Raises:
            ValidationFailed: the model cannot answer these messages.
        """
        return adapt_request(self.request, self.messages, self.notices, offer, self.model)


def plan_answer(
    options: AnswerOptions,
    defaults: Parameters,
    provider: Provider,
    model: ModelInfo,
    author: Author,
    system_prompt: str | None,
    path: list[PathMessage],
) -> PlannedAnswer:
    """Choose messages and parameters. The `defaults` apply where the options have no value."""
    temperature, max_tokens = options.temperature, options.max_tokens
    temperature = defaults.temperature if temperature is None else temperature
    max_tokens = defaults.max_tokens if max_tokens is None else max_tokens
    effort = options.effort
    if effort is None and defaults.effort in (model.efforts or ()):
        effort = defaults.effort
    messages, notices = history(path, model, system_prompt, max_tokens)
    resumed = resumed_step(path[-1]) if path[-1].role == "assistant" else None
    if resumed is not None and (resumed.calls or isinstance(options, CallDecision)):
        resumed = replace(resumed, is_decision=True)
    last = messages[-1]
    if last.role == "assistant" and isinstance(last, Message) and not model.assistant_prefill:
        messages = [*messages, Message(role="user", content=CONTINUE)]
    # Not validated again: an old answer may be longer than the limit for a request's message.
    request = InferenceRequest.model_construct(
        messages=[],
        provider_id=author.provider_id,
        model_id=author.model_id,
        system_prompt=system_prompt or None,
        temperature=temperature,
        max_tokens=max_tokens,
        effort=effort,
        max_steps=options.max_steps,
        budget=options.budget,
        inference_id=author.inference_id,
        share=True,
    )
    return PlannedAnswer(provider, model, author, path, request, messages, notices, resumed)


async def preview_answer(planned: PlannedAnswer, offer: Offer | None) -> Preview:
    """The request of an answer's first step. Only a budget may still shorten the answer.

    Raises:
        ValidationFailed: the model cannot answer these messages.
    """
    check_size(planned.messages)
    adapted = planned.adapt(offer)
    request = with_tools(adapted.request, adapted.offer, planned.provider.id)
    shown: WireRequest | None = None
    if isinstance(planned.provider, ShowsRequests):
        shown = request_of(planned.provider.outgoing(request))
    return Preview(
        request=shown, estimate=await _estimate(request, planned), notices=list(adapted.notices)
    )


async def estimate_answer(request: EstimateRequest, planned: PlannedAnswer) -> Estimate:
    """Estimate the tokens and the cost of an answer. Attachments count by their sizes.

    Raises:
        ValidationFailed: the model cannot answer these messages.
    """
    tokens = request.images * IMAGE_TOKENS + request.file_bytes * 4 // 3 // BASE64_PER_TOKEN
    return await _estimate(planned.adapt(None).request, planned, tokens)


async def _estimate(
    request: ProviderRequest, planned: PlannedAnswer, attachment_tokens: int = 0
) -> Estimate:
    """Count the tokens of a request, and add those of attachments that it does not have yet."""
    provider, model = planned.provider, planned.model
    counted = None
    is_text = attachment_tokens == 0 and all(
        isinstance(message, ModelStep) or isinstance(message.content, str)
        for message in request.messages
    )
    if is_text and not request.tools and isinstance(provider, CountsTokens):
        with contextlib.suppress(ShellError):
            counted = await provider.count_tokens(request)
    tokens = estimate_input(request, 1.0) + attachment_tokens if counted is None else counted
    price = price_of(model, local=provider.local)
    max_output_tokens = request.max_tokens or model.max_output_tokens or UNKNOWN_OUTPUT_TOKENS
    trimmed = [notice for notice in planned.notices if notice.code is NoticeCode.HISTORY_TRIMMED]
    return Estimate(
        input_tokens=tokens,
        exact=counted is not None,
        input_cost=None if price is None else price.of(tokens, 0) / NANOS,
        most_cost=None if price is None else price.of(tokens, max_output_tokens) / NANOS,
        context_tokens=model.context_tokens if model.known else None,
        left_out=sum(notice.left_out or 0 for notice in trimmed),
    )
