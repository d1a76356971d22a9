"""Imports, backups, and the state of the store."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ProviderId, StoredId, Value
from shell.contract.envelopes import Problem, Remark
from shell.contract.providers import AddedKind


class ImportBegin(Value):
    """Announces a file that the page then sends in pieces."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, le=8 * 1024**3)]
    """In bytes."""


class ImportPiece(Value):
    """The next piece of the file, in base64. The import begins with the last one."""

    import_id: StoredId
    data: Annotated[str, Field(min_length=1, max_length=8_000_000, pattern=r"^[A-Za-z0-9+/]+=*$")]


class ImportState(Value):
    """The progress of an import, and its result."""

    import_id: str
    state: Literal["receiving", "running", "done", "cancelled", "failed"]
    read_bytes: int
    total_bytes: int
    conversations: int
    messages: int
    skipped: int
    """The number of conversations that exist already or could not be read."""
    remarks: list[Remark]
    """The parts that were left out."""
    failure: Problem | None


class BackupInfo(Value):
    """A backup in the data directory."""

    name: str
    created_at: int
    size: int
    """In bytes."""


BackupName = Annotated[str, Field(min_length=1, max_length=100)]
RoutingSetting = Literal["defaultProvider", "titleProvider"]
"""A setting that chooses the provider of requests."""


class BackupProvider(Value):
    """A provider in a backup that does not exist here, or differs. It has no header values."""

    id: str
    name: str
    kind: AddedKind
    address: str | None
    """Its base URL without a password or a query, or the path of its file."""
    key_env: str | None
    """The environment variable whose value would be sent as the key."""
    headers: list[str]
    """The names of the headers that would be sent."""
    missing_headers: list[str]
    """The names of the headers whose values no backup has, and that would not be sent."""
    replaces: bool
    """Whether another provider with this id exists here."""


class BackupChoice(Value):
    """A setting in a backup that chooses another provider for requests than the present one."""

    setting: RoutingSetting
    provider_id: str
    model_id: str | None


class BackupContents(Value):
    """The parts of a backup that a restore takes over only if a person agrees to each."""

    providers: list[BackupProvider]
    choices: list[BackupChoice]


class RestoreRequest(Value):
    """Replaces the conversations by those of a backup, with the parts that a person agreed to."""

    name: BackupName
    providers: Annotated[list[ProviderId], Field(max_length=100)] = []
    """The ids of the providers to take over."""
    settings: Annotated[list[RoutingSetting], Field(max_length=2)] = []


class StoreState(Value):
    """Whether conversations can be saved, and what happened to them."""

    version: int
    """Counts the changes of the conversations since the host began."""
    summaries: int = 0
    """Counts the changes of summaries: the list of conversations does not show them."""
    problem: Problem | None
    """Why nothing can be saved now. Null while saving works."""
    remarks: list[Remark]
    """What happened while the store was opened, such as a repair."""
