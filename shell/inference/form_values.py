"""Checks the values that a person entered into a form. The page checks them as well, but the host
does not trust it.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from math import isfinite
from urllib.parse import urlsplit

from shell.contract import FieldFormat, FormField, FormFile, FormValue, FormValues
from shell.errors import ValidationFailed
from shell.support.patterns import search

MAX_TEXT = 100_000
"""Longest text of a field, if the field has no limit of its own."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def default_values(fields: Sequence[FormField]) -> FormValues:
    """The default values of a form."""
    return {field.name: field.default for field in fields if field.default is not None}


def check_values(fields: Sequence[FormField], values: FormValues) -> FormValues:
    """Check the entered values, and leave out empty ones.

    Raises:
        ValidationFailed: with every invalid field by its name.
    """
    known = {field.name for field in fields}
    unknown = [name for name in values if name not in known]
    issues = [(name, f"The form has no field {name[:100]!r}.") for name in unknown]
    checked: FormValues = {}
    for field in fields:
        value = values.get(field.name)
        label = (field.title or field.name)[:100]
        if value is None or value in ("", []):
            if field.required:
                issues.append((field.name, f"{label} is required."))
            continue
        issues += [(field.name, f"{label} {text}.") for text in _problems(field, value)]
        checked[field.name] = value
    if issues:
        raise ValidationFailed(issues)
    return checked


def _problems(field: FormField, value: FormValue) -> Iterator[str]:
    """The problems of a value, as the end of a sentence that begins with the field's name."""
    match field.type:
        case "number" | "integer":
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or (isinstance(value, float) and not isfinite(value))  # fails for a huge integer
            ):
                yield "is not a number"
            elif field.type == "integer" and value != int(value):
                yield "is not a whole number"
            else:
                yield from _range(field.minimum, field.maximum, value)
        case "boolean":
            if not isinstance(value, bool):
                yield "is neither yes nor no"
        case "file":
            if not isinstance(value, FormFile):
                yield "is not a file"
        case "list":
            yield from _list(field, value)
        case "enum":
            options = {option.value for option in field.options}
            if field.multiple:
                yield from _list(field, value)
            elif not isinstance(value, str):
                yield "is not one of the choices"
            choices = value if isinstance(value, list) else [value]
            if any(choice not in options for choice in choices if isinstance(choice, str)):
                yield "is not one of the choices"
        case "string" | "text" | "date":
            if not isinstance(value, str):
                yield "is not a text"
                return
            yield from _length(field, len(value), "characters")
            if field.pattern is not None and not search(field.pattern)(value):
                yield "does not have the form that is asked for"
            value_format = "date" if field.type == "date" else field.format
            if value_format is not None and not _has_format(value_format, value):
                yield _FORMATS[value_format]


def _list(field: FormField, value: FormValue) -> Iterator[str]:
    if not isinstance(value, list):
        yield "is not a list"
    elif len(set(value)) < len(value) and field.type == "enum":
        yield "has a choice more than once"
    else:
        yield from _length(field, len(value), "entries")


def _length(field: FormField, length: int, unit: str) -> Iterator[str]:
    min_length, max_length = field.min_length, field.max_length
    if min_length is not None and length < min_length:
        yield f"has fewer than {min_length:,} {unit}"
    elif length > (MAX_TEXT if max_length is None else max_length):
        yield f"has more than {MAX_TEXT if max_length is None else max_length:,} {unit}"


def _range(minimum: float | None, maximum: float | None, value: float) -> Iterator[str]:
    if minimum is not None and value < minimum:
        yield f"is below {minimum:g}"
    elif maximum is not None and value > maximum:
        yield f"is above {maximum:g}"


_FORMATS: dict[FieldFormat, str] = {
    "email": "is not an email address",
    "uri": "is not an address such as https://example.org",
    "date": "is not a date such as 2026-11-29",
    "date-time": "is not a date and time such as 2026-11-29T18:30:00Z",
}


def _has_format(value_format: FieldFormat, value: str) -> bool:
    try:
        match value_format:
            case "email":
                return _EMAIL.fullmatch(value) is not None
            case "uri":
                parts = urlsplit(value)
                return bool(parts.scheme and (parts.netloc or parts.path)) and " " not in value
            case "date":
                return bool(_DATE.fullmatch(value) and date.fromisoformat(value))
            case "date-time":
                is_well_formed = _DATE_TIME.fullmatch(value) is not None
                return is_well_formed and bool(datetime.fromisoformat(value.upper()))
    except ValueError:
        return False
