"""Describes the typed fields of a form, and the values that a person enters."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ABSENT, OMIT_EMPTY, Value

FieldType = Literal[
    "string", "text", "number", "integer", "boolean", "enum", "date", "list", "file"
]
"""`text` has several lines, `list` is a list of texts, and `file` a file with text."""
FieldFormat = Literal["email", "uri", "date", "date-time"]


class FormFile(Value):
    """A file with text that was chosen in a form."""

    name: Annotated[str, Field(max_length=255)]
    text: Annotated[str, Field(max_length=1_000_000)]


FormValue = str | bool | int | float | list[str] | FormFile
"""A date is a text such as 2026-11-29; an enum the value of its option, or a list of them."""
FormValues = Annotated[
    dict[Annotated[str, Field(max_length=200)], FormValue], Field(max_length=100)
]
"""The entered values by the names of the fields. Empty fields are missing."""


class FormOption(Value):
    """One choice of an enum."""

    value: str
    title: Annotated[str | None, ABSENT] = None


class FormField(Value):
    """One field of a form."""

    name: str
    type: FieldType
    title: Annotated[str | None, ABSENT] = None
    """Shown to the person in place of the name."""
    description: Annotated[str | None, ABSENT] = None
    required: bool = False
    default: Annotated[FormValue | None, ABSENT] = None
    minimum: Annotated[float | None, ABSENT] = None
    maximum: Annotated[float | None, ABSENT] = None
    min_length: Annotated[int | None, ABSENT] = None
    """Fewest characters of a text, or entries of a list."""
    max_length: Annotated[int | None, ABSENT] = None
    pattern: Annotated[str | None, ABSENT] = None
    """A regular expression to find in the text. Only the host checks it: a page could hang."""
    format: Annotated[FieldFormat | None, ABSENT] = None
    """Of a `string`."""
    options: Annotated[list[FormOption], OMIT_EMPTY] = Field(default_factory=list)
    """Of an `enum`."""
    multiple: Annotated[bool, OMIT_EMPTY] = False
    """Whether several options of an `enum` may be chosen."""
