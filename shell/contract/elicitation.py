"""Describes what a server of MCP asks the person during a call, and what they answer."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ABSENT, InferenceId, LookupId, Value
from shell.contract.forms import FormField, FormValues

ElicitationAction = Literal["accept", "decline", "cancel"]
"""What a person does about it. `cancel` also ends the call."""


class Elicitation(Value):
    """A form to fill in, or an address to open, for a call that waits until then."""

    id: str
    """Made by the host."""
    server: str
    """The command of the server, or the host of its address."""
    message: str
    fields: list[FormField]
    url: Annotated[str | None, ABSENT] = None
    """The page to open; then there are no fields."""


class ElicitationAnswer(Value):
    """What a person answers."""

    inference_id: InferenceId
    call_id: LookupId
    elicitation_id: Annotated[str, Field(max_length=100)]
    action: ElicitationAction
    values: FormValues = Field(default_factory=dict)
    """With `accept`. They go to the server and are kept nowhere."""
