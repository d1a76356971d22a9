"""Summaries that a model is sent in place of the earlier messages of a conversation."""

from typing import Annotated

from pydantic import Field

from shell.contract.base import Value
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
