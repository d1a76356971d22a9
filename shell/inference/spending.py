"""Reserves the tokens and costs of each model call of a run before the call."""

import json
from dataclasses import dataclass
from typing import Protocol

from shell.contract import (
    Budget,
    BudgetPause,
    FilePart,
    ImagePart,
    Message,
    RunParameters,
    TextPart,
    Usage,
)
from shell.errors import ValidationFailed
from shell.inference.request import BYTES_PER_TOKEN_MARGIN, TOKENS_PER_MESSAGE, text_tokens
from shell.providers.base import ModelInfo, ModelStep, Provider, ProviderRequest
from shell.providers.charges import CallKind, PlannedCall, Price, Reservation, price_of
from shell.providers.pictures import with_pictures
from shell.support.text import estimate_tokens

UNKNOWN_OUTPUT_TOKENS = 8_192
"""The longest answer of a model without a known limit, as budgets and estimates assume it."""
LEAST_OUTPUT_TOKENS = 512
"""A budget shortens answers down to this maximum. With less left, the model is not called."""
IMAGE_TOKENS = 2_000
"""About the tokens of a large picture, at the services that publish it."""
BASE64_PER_TOKEN = 16
"""About the characters of base64 for one token of a file."""


class Ledger(Protocol):
    """Counts the tokens and costs of calls; see `store/ledger.py`."""

    async def reserve(self, call: PlannedCall) -> Reservation | BudgetPause | None:
        """Reserve the most that a call may take. None if the ledger does not count it.

        Raises:
            ShellError: there is a budget, and nothing can be counted.
        """

    def settle(
        self, reservation: Reservation, price: Price | None, input_tokens: int, output_tokens: int
    ) -> None:
        """Replace a reservation by what the call took."""


@dataclass(slots=True, eq=False)
class Spending:
    """What one run may spend. Loop thread only."""

    ledger: Ledger
    provider_id: str
    model: ModelInfo
    price: Price | None
    budget: Budget | None
    """The budget of the answer; None without one."""
    conversation: str | None
    kind: CallKind
    answer: str
    """The key by which the budget of the answer is counted: the id of the run, or the id of a
    stored answer, which is set before the run begins.
    """

    async def reserve(self, request: ProviderRequest) -> Reservation | BudgetPause | None:
        """Reserve the most that the next call may take.

        Raises:
            ShellError: there is a budget, and nothing can be counted.
        """
        max_output = request.max_tokens or self.model.max_output_tokens or UNKNOWN_OUTPUT_TOKENS
        return await self.ledger.reserve(
            PlannedCall(
                self.answer,
                self.conversation,
                self.kind,
                self.provider_id,
                self.model.id,
                estimate_input(request),
                max_output,
                LEAST_OUTPUT_TOKENS,
                self.price,
                {} if self.budget is None else {"answer": self.budget},
            )
        )

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Count what a call took."""
        self.ledger.settle(reservation, self.price, usage.input_tokens, usage.output_tokens)


def start_spending(
    ledger: Ledger | None,
    parameters: RunParameters,
    provider: Provider,
    model: ModelInfo,
    answer: str,
    conversation: str | None,
    kind: CallKind,
) -> Spending | None:
    """The spending of a new run. None if the program has no ledger.

    Raises:
        ValidationFailed: the run has a budget, and the program has no ledger.
    """
    if ledger is None:
        if parameters.budget is not None:
            raise ValidationFailed([("budget", "This program counts no costs")])
        return None
    price = price_of(model, local=provider.local)
    budget = parameters.budget
    return Spending(ledger, provider.id, model, price, budget, conversation, kind, answer)


def estimate_input(request: ProviderRequest, margin: float = BYTES_PER_TOKEN_MARGIN) -> int:
    """Estimate the tokens of a request, with all that goes back to the model. The margin makes it
    rather too high than too low.
    """
    tokens = sum(_tokens(message, request) for message in with_pictures(request)) + sum(
        estimate_tokens(f"{tool.name}{tool.description}{dict(tool.parameters)}")
        for tool in request.tools
    )
    return int(tokens * margin) + TOKENS_PER_MESSAGE * len(request.messages)


def _tokens(message: Message | ModelStep, request: ProviderRequest) -> int:
    if isinstance(message, ModelStep):
        return text_tokens(message) + _tokens_beside_text(message, request)
    if isinstance(message.content, str):
        return text_tokens(message)
    tokens = 0
    for part in message.content:
        match part:
            case TextPart(text=text):
                tokens += estimate_tokens(text)
            case ImagePart():
                tokens += IMAGE_TOKENS
            case FilePart(data=data):
                tokens += len(data) // BASE64_PER_TOKEN
    return tokens


def _tokens_beside_text(step: ModelStep, request: ProviderRequest) -> int:
    """Estimate the tokens of a step's pictures and of its output that goes back unchanged, which
    mostly is reasoning.
    """
    tokens = sum(len(call.images) for call in step.calls) * IMAGE_TOKENS
    output = step.output_for(request.provider_id, request.model.id)
    if output:
        # Most APIs have the text and the calls in it, and these are counted already.
        counted = step.text + "".join(call.arguments for call in step.calls)
        whole = json.dumps([dict(item) for item in output], ensure_ascii=False)
        tokens += max(estimate_tokens(whole) - estimate_tokens(counted), 0)
    return tokens
