"""The state of the host that is pushed to pages: one latest value for each topic."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from shell.contract.base import Value
from shell.contract.compactions import CompactionState
from shell.contract.mcp import McpServerSummary
from shell.contract.providers import ModelFetch
from shell.contract.requests import Defaults
from shell.contract.tools import WaitingConversation
from shell.contract.transfer import ImportState, StoreState


class Topic(Value):
    """The latest value of one part of the host's state. Older values may be left out."""

    channel: Literal["topic"] = "topic"
    key: str = ""
    """Distinguishes several topics with one name."""


class StoreTopic(Topic):
    """Pushed when conversations change, or when they cannot be saved."""

    name: Literal["store"] = "store"
    value: StoreState


class ImportTopic(Topic):
    """Pushed while a file is imported, to every window; `key` is the import's id."""

    name: Literal["import"] = "import"
    value: ImportState


class ModelTopic(Topic):
    """Pushed while the embedded model is downloaded."""

    name: Literal["model"] = "model"
    value: ModelFetch


class WaitingTopic(Topic):
    """Pushed when calls begin or cease to wait for a decision."""

    name: Literal["waiting"] = "waiting"
    value: list[WaitingConversation]
    """Only calls that began to wait since the host started, and still wait."""


class McpTopic(Topic):
    """Pushed when the state of a server of MCP changes."""

    name: Literal["mcp"] = "mcp"
    value: list[McpServerSummary]


class CompactionTopic(Topic):
    """Pushed while a summary is written, and when one is offered or has failed."""

    name: Literal["compaction"] = "compaction"
    value: list[CompactionState]


class DefaultsTopic(Topic):
    """Pushed when another provider or model became that of new conversations."""

    name: Literal["defaults"] = "defaults"
    value: Defaults
    """As in `HelloReply`, which has it first."""


class ProgramTopic(Topic):
    """Pushed by a program that uses the bridge as a library."""

    name: str
    value: JsonValue


AnyTopic = Annotated[
    StoreTopic
    | ImportTopic
    | ModelTopic
    | McpTopic
    | WaitingTopic
    | CompactionTopic
    | DefaultsTopic,
    Field(discriminator="name"),
]
