"""Summaries that replace the earlier messages of a conversation in requests to models."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ModelId, ProviderId, StoredId, Value
from shell.contract.envelopes import Problem
from shell.contract.events import Usage

MAX_SUMMARY_CHARACTERS = 32_000
Summary = Annotated[str, Field(min_length=1, max_length=MAX_SUMMARY_CHARACTERS)]


class Compaction(Value):
    """A summary of a message and all messages before it. The messages stay."""

    text: Summary
    provider_id: str
    model_id: str
    """The model that wrote it."""
    created_at: int
    messages: int
    """How many messages it summarizes."""
    usage: Usage
    """The tokens and cost of writing it."""
    edited: bool = False
    """Whether a person has changed the text."""
    undone: bool = False
    """Whether requests contain the messages again instead of the summary."""


class CompactRequest(Value):
    """Summarizes the earlier messages on the chosen path of a conversation. By default, uses the
    model of the last answer.
    """

    conversation_id: StoredId
    provider_id: ProviderId | None = None
    model_id: ModelId | None = None


class CompactionEstimate(Value):
    """The estimated tokens and cost of a summary."""

    messages: int
    """How many messages would be summarized."""
    calls: int
    """The number of model calls."""
    input_tokens: int
    output_tokens: int
    """At most."""
    cost: float | None
    """US dollars, at most. Null if the price is unknown."""


class CompactionState(Value):
    """The state of a summary: the model writes it, it was cancelled or has failed, or it is offered
    because it would cost money.
    """

    conversation_id: str
    state: Literal["running", "offered", "cancelled", "failed"]
    progress: float = 0.0
    """From 0 to 1."""
    estimate: CompactionEstimate | None = None
    failure: Problem | None = None


class SummaryChange(Value):
    """Changes the text of a summary."""

    message_id: StoredId
    text: Summary


class SummaryUse(Value):
    """Undoes a summary, so that requests contain its messages again, or restores it."""

    message_id: StoredId
    undone: bool
    everywhere: bool = False
    """Does the same to every summary on the chosen path."""
