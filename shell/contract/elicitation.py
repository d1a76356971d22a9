"""Questions of MCP servers to the person during a call, and the answers."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ABSENT, InferenceId, LookupId, Value
from shell.contract.forms import FormField, FormValues

ElicitationAction = Literal["accept", "decline", "cancel"]
"""The person's response. `cancel` also ends the call."""


class Elicitation(Value):
    """A form to fill in or an address to open. The call waits for the answer."""

    id: str
    """Made by the host."""
    server: str
    """The command of the server, or the host of its address."""
    message: str
    fields: list[FormField]
    url: Annotated[str | None, ABSENT] = None
    """The page to open. With one, there are no fields."""


class ElicitationAnswer(Value):
    """A person's answer to a question of a server."""

    inference_id: InferenceId
    call_id: LookupId
    elicitation_id: Annotated[str, Field(max_length=100)]
    action: ElicitationAction
    values: FormValues = Field(default_factory=dict)
    """The entered values, with `accept`. They go to the server and are not stored."""
