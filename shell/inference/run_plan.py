"""The plan of a run: its model, request, deadlines, tools and budget."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shell.contract import Notice
from shell.inference.limits import Retries, RunDeadlines
from shell.inference.spending import Spending
from shell.inference.tool_call import OpenCall
from shell.inference.tool_calls import Commit
from shell.providers.base import ModelInfo, Provider, ProviderRequest
from shell.tools.offer import Offer

Prepared = tuple[ProviderRequest, tuple[Notice, ...]]
"""The request to send, and the notices about the changes to it."""


@dataclass(frozen=True, slots=True)
class ResumedStep:
    """The step at which an earlier run of the same answer ended."""

    step: int
    text: str
    """The text that the model wrote before its calls."""
    calls: tuple[OpenCall, ...]
    """All calls of that step; empty if each has its result, which the request then contains."""
    output: tuple[Mapping[str, object], ...]
    provider_id: str
    model_id: str
    is_decision: bool = False
    """Whether a person has decided about its calls, or calls are still open. The run then gets no
    further steps.
    """


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The model, the request, and the limits of one run."""

    provider: Provider
    model: ModelInfo
    prepare: Callable[[], Prepared]
    """Called when the run begins. Raises ShellError if the model no longer accepts the request."""
    deadlines: RunDeadlines
    retries: Retries
    streamed: bool
    offer: Offer | None
    """The tools; None for a run without tools."""
    max_steps: int
    """Most calls of the model."""
    commit: Commit | None
    resumed: ResumedStep | None
    spending: Spending | None
    """None for a program without a ledger."""
    conversation: str | None
