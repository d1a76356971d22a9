"""The base of all models of the contract, and the ids and limits that several of them use."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

CONTRACT_VERSION = 1
"""Incremented when a page and a host of different builds would no longer be compatible."""


class Value(BaseModel):
    """Base of all models. They are frozen and strict, and camelCase on the wire."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


OMIT_EMPTY = Field(exclude_if=lambda value: not value)
"""Marks a field that is left out of the JSON when it is empty."""
ABSENT = Field(
    default=None, exclude_if=lambda value: value is None, json_schema_extra={"absent": True}
)
"""Marks a field that is left out where it would be null, as in the reference design's types."""
InferenceId = Annotated[str, Field(pattern=r"^inf-[A-Za-z0-9-]{1,64}$")]
LookupId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
"""The id of an inference that may not exist."""
SessionId = Annotated[str, Field(min_length=1, max_length=100)]
"""May hold any characters: it is only a key of a dictionary in memory, and never part of a path, a
query or a log line."""
ProviderId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
ModelId = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
Effort = Literal["off", "low", "medium", "high", "max"]
"""How much a model reasons before it answers."""
Temperature = Annotated[float, Field(ge=0, le=2)]
MaxTokens = Annotated[int, Field(ge=1, le=100_000)]
TimeoutMs = Annotated[int, Field(ge=1_000, le=600_000)]
StallMs = Annotated[int, Field(ge=100, le=600_000)]
StoredId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
"""The id of a conversation, a message or an import."""
