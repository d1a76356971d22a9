"""Summaries that a model is sent in place of the earlier messages of a conversation."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ModelId, ProviderId, StoredId, Value
from shell.contract.envelopes import Problem
from shell.contract.events import Usage

MAX_SUMMARY_CHARACTERS = 32_000
Summary = Annotated[str, Field(min_length=1, max_length=MAX_SUMMARY_CHARACTERS)]


class Compaction(Value):
    """A summary of a message and of all before it. These stay as they are."""

    text: Summary
    provider_id: str
    model_id: str
    """Who wrote it."""
    created_at: int
    messages: int
    """How many messages it stands for."""
    usage: Usage
    """What it took to write it."""
    edited: bool = False
    """Whether a person has changed the text."""
    undone: bool = False
    """Whether models are sent the messages again."""


class CompactRequest(Value):
    """Summarizes the earlier messages on the chosen path of a conversation. By default its last
    answer's model does that.
    """

    conversation_id: StoredId
    provider_id: ProviderId | None = None
    model_id: ModelId | None = None


class CompactionEstimate(Value):
    """What a summary would take, before it is written."""

    messages: int
    """How many messages would be summarized."""
    calls: int
    """How many calls of the model that takes."""
    input_tokens: int
    output_tokens: int
    """At most."""
    cost: float | None
    """US dollars, at most. Null if the price is not known."""


class CompactionState(Value):
    """A summary that is being written or was not written, or one that is offered, because it would
    cost something.
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
    """Undoes a summary, so that models are sent its messages again, or takes that back."""

    message_id: StoredId
    undone: bool
    everywhere: bool = False
    """Does the same to every summary on the chosen path."""
