"""Turns the path to a question into the request that answers it, and says what that would take."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from shell.contract import (
    AnswerOptions,
    Estimate,
    EstimateRequest,
    InferenceRequest,
    Message,
    Notice,
    NoticeCode,
    Preview,
    WireRequest,
)
from shell.conversations.history import CONTINUE, Sent, history, resumed_step
from shell.conversations.parameters import Parameters
from shell.errors import ShellError
from shell.inference.request import FittedRequest, check_size, fit_request, with_tools
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
    """What is asked of the engine, and what was read for it."""

    provider: Provider
    model: ModelInfo
    by: Author
    path: Sequence[PathMessage]
    request: InferenceRequest
    messages: Sent
    notices: Sequence[Notice]
    """What was left out of the messages."""
    resumed: ResumedStep | None
    """The step in which an earlier run of the same answer has ended."""

    def fitted(self, offer: Offer | None) -> FittedRequest:
        """What the model would be sent first.

        Raises:
            ValidationFailed: the model cannot answer this.
        """
        return fit_request(self.request, self.messages, self.notices, offer, self.model)


def plan_answer(
    options: AnswerOptions,
    standard: Parameters,
    provider: Provider,
    model: ModelInfo,
    by: Author,
    system_prompt: str | None,
    path: list[PathMessage],
) -> PlannedAnswer:
    """Choose messages and parameters. The `standard` holds where the options say nothing."""
    temperature, max_tokens = options.temperature, options.max_tokens
    temperature = standard.temperature if temperature is None else temperature
    max_tokens = standard.max_tokens if max_tokens is None else max_tokens
    effort = options.effort
    if effort is None and standard.effort in (model.efforts or ()):
        effort = standard.effort
    messages, notices = history(path, model, system_prompt, max_tokens)
    resumed = resumed_step(path[-1]) if path[-1].role == "assistant" else None
    last = messages[-1]
    if last.role == "assistant" and isinstance(last, Message) and not model.assistant_prefill:
        messages = [*messages, Message(role="user", content=CONTINUE)]
    # Not validated again: an old answer may be longer than a request's message may be.
    request = InferenceRequest.model_construct(
        messages=[],
        provider_id=by.provider_id,
        model_id=by.model_id,
        system_prompt=system_prompt or None,
        temperature=temperature,
        max_tokens=max_tokens,
        effort=effort,
        max_steps=options.max_steps,
        budget=options.budget,
        inference_id=by.inference_id,
        share=True,
    )
    return PlannedAnswer(provider, model, by, path, request, messages, notices, resumed)


async def preview_answer(planned: PlannedAnswer, offer: Offer | None) -> Preview:
    """What the first step of an answer would send. Only a budget may still shorten the answer.

    Raises:
        ValidationFailed: the model cannot answer this.
    """
    check_size(planned.messages)
    fitted = planned.fitted(offer)
    request = with_tools(fitted.request, fitted.offer, planned.provider.id)
    shown: WireRequest | None = None
    if isinstance(planned.provider, ShowsRequests):
        shown = request_of(planned.provider.outgoing(request))
    return Preview(
        request=shown,
        estimate=await _estimate(request, planned),
        notices=list(fitted.notices),
    )


async def estimate_answer(asked: EstimateRequest, planned: PlannedAnswer) -> Estimate:
    """What an answer would take. Attachments count by their sizes.

    Raises:
        ValidationFailed: the model cannot answer this.
    """
    added = asked.images * IMAGE_TOKENS + asked.file_bytes * 4 // 3 // BASE64_PER_TOKEN
    return await _estimate(planned.fitted(None).request, planned, added)


async def _estimate(
    request: ProviderRequest, planned: PlannedAnswer, added_tokens: int = 0
) -> Estimate:
    """Count a request, and `added_tokens` for attachments that it does not have yet."""
    provider, model = planned.provider, planned.model
    counted = None
    is_text = added_tokens == 0 and all(
        isinstance(message, ModelStep) or isinstance(message.content, str)
        for message in request.messages
    )
    if is_text and not request.tools and isinstance(provider, CountsTokens):
        with contextlib.suppress(ShellError):
            counted = await provider.count_tokens(request)
    tokens = estimate_input(request, 1.0) + added_tokens if counted is None else counted
    price = price_of(model, local=provider.local)
    longest = request.max_tokens or model.max_output_tokens or UNKNOWN_OUTPUT_TOKENS
    left_out = sum(
        one.left_out or 0 for one in planned.notices if one.code is NoticeCode.HISTORY_TRIMMED
    )
    return Estimate(
        input_tokens=tokens,
        exact=counted is not None,
        input_cost=None if price is None else price.of(tokens, 0) / NANOS,
        most_cost=None if price is None else price.of(tokens, longest) / NANOS,
        context_tokens=model.context_tokens if model.known else None,
        left_out=left_out,
    )
