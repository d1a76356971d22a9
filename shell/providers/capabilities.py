"""Describes models from a table (`models.toml`) that the user can extend."""

import datetime
import functools
import logging
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shell.contract import Effort, Temperature
from shell.providers.base import ModelInfo

BUILT_IN = Path(__file__).with_name("models.toml")
OWN = "models.toml"
EVERYTHING = "*"
"""Matches models without an entry of their own."""
_log = logging.getLogger(__name__)

Tokens = Annotated[int, Field(gt=0, le=100_000_000)]


class ModelEntry(BaseModel):
    """One `[[model]]` of the table. `models.toml` explains its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    provider: str
    match: str
    context: Tokens = 128_000
    output: Tokens | None = None
    output_default: Tokens | None = None
    temperature: Temperature | Literal[False] = 2.0
    temperature_default: Temperature | Literal[False] = 0.7
    system: bool = True
    images: bool = False
    files: bool = False
    tools: bool | None = None
    prefill: bool = False
    reasoning: str | None = None
    effort: dict[Effort, str] | None = None
    silent: bool = False
    price: tuple[float, float] | None = None
    date: datetime.date | None = None
    """When the price was looked up, if not at the date of the table."""
    sampling: dict[str, float | tuple[str, ...]] = Field(default_factory=dict)
    chat: bool = True

    def info(self, model_id: str) -> ModelInfo:
        """Describe a model by this entry."""
        refuses = self.temperature is False
        sends = not refuses and self.temperature_default is not False
        return ModelInfo(
            model_id,
            self.context,
            max_output_tokens=self.output,
            max_tokens_default=self.output_default,
            temperature_max=None if refuses else float(self.temperature),
            temperature_default=float(self.temperature_default) if sends else None,
            system_prompt=self.system,
            images=self.images,
            files=self.files,
            tools=self.tools if self.match == EVERYTHING else bool(self.tools),
            assistant_prefill=self.prefill,
            reasoning=self.reasoning,
            efforts=self.effort or ({} if self.match != EVERYTHING else None),
            silent_reasoning=self.silent,
            input_price=self.price[0] if self.price else None,
            output_price=self.price[1] if self.price else None,
            price_date=self.date if self.price else None,
            sampling=tuple(self.sampling.items()),
            known=self.match != EVERYTHING,
        )


class ModelTable(BaseModel):
    """A file of entries."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    date: datetime.date
    model: list[ModelEntry] = Field(default_factory=list)


class Capabilities:
    """Describes models by their ids.

    Args:
        data_dir: may hold the user's own table, whose entries come first. A table that cannot be
            read is skipped with a warning.
    """

    def __init__(self, data_dir: Path | None = None) -> None:
        self._own = data_dir / OWN if data_dir is not None else None

    def info(self, provider_id: str, model_id: str) -> ModelInfo:
        """Describe a model. An unknown one gets limits that most models have."""
        entry = self._entry(provider_id, model_id)
        return ModelInfo(model_id) if entry is None else entry.info(model_id)

    def known(self, provider_id: str) -> list[ModelEntry]:
        """List the entries for a provider. The first match counts."""
        return [entry for entry in self._entries if fnmatchcase(provider_id, entry.provider)]

    def chats(self, provider_id: str, model_id: str) -> bool:
        """Whether the model can chat. A model without an entry can."""
        entry = self._entry(provider_id, model_id)
        return entry is None or entry.chat

    def ids(self, provider_id: str) -> list[str]:
        """List the ids of models that have an entry of their own, not only one for their family."""
        names = [e.match.removesuffix("*") for e in self.known(provider_id) if e.chat]
        return [name for name in names if name[-1:].isalnum() and not set(name) & set("*?[")]

    def _entry(self, provider_id: str, model_id: str) -> ModelEntry | None:
        return next((e for e in self.known(provider_id) if fnmatchcase(model_id, e.match)), None)

    @functools.cached_property
    def _entries(self) -> list[ModelEntry]:
        return [*_own_entries(self._own), *read_table(BUILT_IN).model]


def read_table(path: Path) -> ModelTable:
    """Read a table.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a valid table. The text names the place.
    """
    table = ModelTable.model_validate(tomllib.loads(path.read_text("utf-8")))
    entries = [entry.model_copy(update={"date": entry.date or table.date}) for entry in table.model]
    return table.model_copy(update={"model": entries})


def _own_entries(path: Path | None) -> list[ModelEntry]:
    if path is None or not path.exists():
        return []
    try:
        return read_table(path).model
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        _log.warning("The table %s is not used: %s: %s", path, place, first["msg"])
    except (OSError, ValueError) as error:
        _log.warning("The table %s is not used: %s", path, error)
    return []
