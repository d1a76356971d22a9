"""Checks what was entered into a form. The page checks it as well, but a page is not trusted."""

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
    """What a form has before anything is entered."""
    return {field.name: field.default for field in fields if field.default is not None}


def check_values(fields: Sequence[FormField], values: FormValues) -> FormValues:
    """Check what was entered, and leave out what is empty.

    Raises:
        ValidationFailed: with every wrong field by its name.
    """
    known = {field.name for field in fields}
    issues = [
        (name, f"The form has no field {name[:100]!r}.") for name in values if name not in known
    ]
    found: FormValues = {}
    for field in fields:
        value = values.get(field.name)
        label = (field.title or field.name)[:100]
        if value is None or value in ("", []):
            if field.required:
                issues.append((field.name, f"{label} is required."))
            continue
        issues += [(field.name, f"{label} {text}.") for text in _problems(field, value)]
        found[field.name] = value
    if issues:
        raise ValidationFailed(issues)
    return found


def _problems(field: FormField, value: FormValue) -> Iterator[str]:
    """What is wrong with a value, to follow the field's name."""
    match field.type:
        case "number" | "integer":
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
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
            known = {option.value for option in field.options}
            if field.multiple:
                yield from _list(field, value)
            elif not isinstance(value, str):
                yield "is not one of the choices"
            chosen = value if isinstance(value, list) else [value]
            if any(each not in known for each in chosen if isinstance(each, str)):
                yield "is not one of the choices"
        case "string" | "text" | "date":
            if not isinstance(value, str):
                yield "is not a text"
                return
            yield from _length(field, len(value), "characters")
            if field.pattern is not None and not search(field.pattern)(value):
                yield "does not have the form that is asked for"
            form = "date" if field.type == "date" else field.format
            if form is not None and not _has_format(form, value):
                yield _FORMATS[form]


def _list(field: FormField, value: FormValue) -> Iterator[str]:
    if not isinstance(value, list):
        yield "is not a list"
    elif len(set(value)) < len(value) and field.type == "enum":
        yield "has a choice more than once"
    else:
        yield from _length(field, len(value), "entries")


def _length(field: FormField, length: int, unit: str) -> Iterator[str]:
    least, most = field.min_length, field.max_length
    if least is not None and length < least:
        yield f"has fewer than {least:,} {unit}"
    elif length > (MAX_TEXT if most is None else most):
        yield f"has more than {MAX_TEXT if most is None else most:,} {unit}"


def _range(least: float | None, most: float | None, value: float) -> Iterator[str]:
    if least is not None and value < least:
        yield f"is below {least:g}"
    elif most is not None and value > most:
        yield f"is above {most:g}"


_FORMATS: dict[FieldFormat, str] = {
    "email": "is not an email address",
    "uri": "is not an address such as https://example.org",
    "date": "is not a date such as 2026-11-29",
    "date-time": "is not a date and time such as 2026-11-29T18:30:00Z",
}


def _has_format(form: FieldFormat, value: str) -> bool:
    try:
        match form:
            case "email":
                return _EMAIL.fullmatch(value) is not None
            case "uri":
                parts = urlsplit(value)
                return bool(parts.scheme and (parts.netloc or parts.path)) and " " not in value
            case "date":
                return bool(_DATE.fullmatch(value) and date.fromisoformat(value))
            case "date-time":
                found = _DATE_TIME.fullmatch(value) is not None
                return found and bool(datetime.fromisoformat(value.upper()))
    except ValueError:
        return False
