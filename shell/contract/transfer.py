"""Imports, backups, and the state of the store."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import SAID, KeptId, ProviderId, Value
from shell.contract.envelopes import Remark
from shell.contract.providers import AddedKind
from shell.errors import ErrorCode, Reason


class ImportBegin(Value):
    """A file that the page is going to hand over in pieces."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, le=8 * 1024**3)]
    """In bytes."""


class ImportPiece(Value):
    """The next piece of the file, in base64; with the last one the import begins."""

    import_id: KeptId
    data: Annotated[str, Field(min_length=1, max_length=8_000_000, pattern=r"^[A-Za-z0-9+/]+=*$")]


class ImportWatch(Value):
    """Waits for a state of an import after `version`; -1 for the one that there is."""

    import_id: KeptId
    version: Annotated[int, Field(ge=-1, le=2**53)] = -1


class ImportState(Value):
    """How far an import is, and in the end what came of it."""

    import_id: str
    version: int
    state: Literal["receiving", "running", "done", "cancelled", "failed"]
    read_bytes: int
    total_bytes: int
    conversations: int
    messages: int
    skipped: int
    """Conversations that were there already, whole, and what could not be read."""
    warnings: list[str]
    failure: str | None
    code: Annotated[ErrorCode | None, SAID] = None
    """Of what failed; the reason is finer, where there is one."""
    reason: Annotated[Reason | None, SAID] = None
    remarks: Annotated[list[Remark], SAID] = []
    """The warnings again, for a page in another language."""


class BackupInfo(Value):
    """A backup in the data directory."""

    name: str
    created_at: int
    size: int
    """In bytes."""


BackupName = Annotated[str, Field(min_length=1, max_length=100)]
RoutingSetting = Literal["defaultProvider", "titleProvider"]
"""A setting that says where questions go."""


class BackupProvider(Value):
    """A provider in a backup that is not here, or not the same. Never the value of a header."""

    id: str
    name: str
    kind: AddedKind
    address: str | None
    """Its base URL without a password or a query, or the path of its file."""
    key_env: str | None
    """The environment variable whose value would be sent there as the key."""
    headers: list[str]
    """The names of the headers that would be sent."""
    replaces: bool
    """There is another provider of this id here."""


class BackupChoice(Value):
    """A setting in a backup that says where questions go, and says otherwise than here."""

    setting: RoutingSetting
    provider_id: str
    model_id: str | None


class BackupContents(Value):
    """What a backup holds that a restore leaves out unless a person agrees to each."""

    providers: list[BackupProvider]
    choices: list[BackupChoice]


class RestoreRequest(Value):
    """Asks for a backup in the place of the conversations, with what a person agreed to."""

    name: BackupName
    providers: Annotated[list[ProviderId], Field(max_length=100)] = []
    """The ids of the backup's providers that are to be taken over."""
    settings: Annotated[list[RoutingSetting], Field(max_length=2)] = []


class StoreState(Value):
    """How the store is. Ask again after `version` and the answer comes when something changed."""

    version: int
    problem: str | None
    """Why nothing can be saved now; null while everything is."""
    notices: list[str]
    """What happened when the store was opened, such as a repair."""
    code: Annotated[ErrorCode | None, SAID] = None
    """Of the problem; the reason is finer, where there is one."""
    reason: Annotated[Reason | None, SAID] = None
    remarks: Annotated[list[Remark], SAID] = []
    """The notices again, for a page in another language."""


class StoreWatch(Value):
    """Waits for a change of the store after `version`; -1 answers at once."""

    version: Annotated[int, Field(ge=-1, le=2**53)] = -1
