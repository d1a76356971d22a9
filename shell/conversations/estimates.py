"""Says what a message would take before it is sent: tokens, price, and what would not fit."""

import contextlib
from collections.abc import Sequence

from shell.contract import Estimate, Notice, NoticeCode
from shell.errors import ShellError
from shell.inference.spending import UNKNOWN_OUTPUT_TOKENS, estimate_input
from shell.providers.base import (
    CountsTokens,
    ModelInfo,
    ModelStep,
    Provider,
    ProviderRequest,
)
from shell.providers.charges import NANOS, price_of


async def estimate_request(
    request: ProviderRequest,
    notices: Sequence[Notice],
    model: ModelInfo,
    provider: Provider,
    added_tokens: int = 0,
) -> Estimate:
    """Count a request, and `added_tokens` for attachments that it does not have yet."""
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
    trimmed = (one.left_out or 0 for one in notices if one.code is NoticeCode.HISTORY_TRIMMED)
    return Estimate(
        input_tokens=tokens,
        exact=counted is not None,
        input_cost=None if price is None else price.of(tokens, 0) / NANOS,
        most_cost=None if price is None else price.of(tokens, longest) / NANOS,
        context_tokens=model.context_tokens if model.known else None,
        left_out=sum(trimmed),
    )
