"""Describes the servers of MCP, as pages and the command line show them."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ABSENT, Value

McpState = Literal[
    "off",
    "consent",
    "idle",
    "starting",
    "ready",
    "restarting",
    "sign_in",
    "failed",
    "stopping",
]
"""`consent` waits until a person agrees to the command or address; `idle` starts at the first use;
`sign_in` waits until a person signs in."""
McpName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class McpServerSummary(Value):
    """A server as lists show it. It has no value of a variable or header."""

    name: str
    command: list[str] | None
    """The command with its arguments; null for an address."""
    url: str | None
    folder: str | None
    """The working directory, if one was chosen."""
    values: list[str]
    """The names of the variables or headers that it gets."""
    enabled: bool
    state: McpState
    tools: int
    """How many it has, as far as is known."""
    error: Annotated[str | None, ABSENT]
    """Why it does not run, in one sentence."""
    output: str
    """The end of what it has printed to standard error."""
