"""What a run is given before it begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shell.contract import Notice
from shell.inference.limits import Retries, Waits
from shell.inference.spending import Spending
from shell.inference.tool_call import OpenCall
from shell.inference.tool_calls import Commit
from shell.providers.base import ModelInfo, Provider, ProviderRequest
from shell.tools.offer import Offer

Prepared = tuple[ProviderRequest, tuple[Notice, ...]]
"""The request to send, and the notices about what was changed of it."""


@dataclass(frozen=True, slots=True)
class ResumedStep:
    """The step in which an earlier run of the same answer has ended."""

    step: int
    text: str
    """What the model wrote before its calls."""
    calls: tuple[OpenCall, ...]
    """Empty if all calls had their results; then the request has them already."""
    output: tuple[Mapping[str, object], ...]
    provider_id: str
    model_id: str


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Who is asked, what, and within which limits."""

    provider: Provider
    model: ModelInfo
    prepare: Callable[[], Prepared]
    """Called when the run begins. Raises ShellError if the model does not accept it any more."""
    waits: Waits
    retries: Retries
    streamed: bool
    offer: Offer | None
    """The tools; None for a run without."""
    max_steps: int
    """Most calls of the model."""
    commit: Commit | None
    resumed: ResumedStep | None
    spending: Spending | None
    """None for a program that counts nothing."""
    conversation: str | None
