"""Fills in a form on the terminal, one field after the other."""

from collections.abc import Callable, Sequence

from shell.contract import FormField, FormValue, FormValues
from shell.errors import ValidationFailed
from shell.inference.form_values import check_values

YES, NO = ("y", "yes", "true", "1"), ("n", "no", "false", "0")


def fill_in(
    fields: Sequence[FormField], prompt: Callable[[str], str], has_ended: Callable[[], bool]
) -> FormValues | None:
    """Ask for each field until its value is valid. None if the input or the run has ended.

    Args:
        fields: of the form.
        prompt: prints a question and returns the typed line, with its line feed.
        has_ended: whether the run has ended.
    """
    values: FormValues = {}
    for field in fields:
        problem = ""
        while True:
            line = prompt(f"{problem}{_question(field)}: ")
            if not line or has_ended():
                return None
            value = _value(field, line.strip())
            try:
                values |= check_values([field], {} if value is None else {field.name: value})
            except ValidationFailed as error:
                problem = f"{error.message}\n"
            else:
                break
    return values


def _question(field: FormField) -> str:
    facts = [each.value for each in field.options]
    if field.type == "boolean":
        facts = ["yes", "no"]
    if field.multiple or field.type == "list":
        facts.append("several with commas")
    default = field.default
    if default is not None:
        shown = ("yes" if default else "no") if isinstance(default, bool) else default
        facts.append(f"default {', '.join(shown) if isinstance(shown, list) else shown}")
    elif not field.required:
        facts.append("may be empty")
    hint = f" ({', '.join(facts)})" if facts else ""
    about = f" - {field.description}" if field.description else ""
    return f"{field.title or field.name}{about}{hint}"


def _value(field: FormField, typed: str) -> FormValue | None:
    """Convert the typed text to a value of the field. Leaves an invalid text for the check."""
    if not typed:
        return field.default
    if field.multiple or field.type == "list":
        return [each.strip() for each in typed.split(",") if each.strip()]
    if field.type == "boolean":
        answer = typed.lower()
        return answer in YES if answer in (*YES, *NO) else typed
    if field.type in ("integer", "number"):
        try:
            return int(typed) if typed.lstrip("+-").isdigit() else float(typed)
        except ValueError:
            return typed
    return typed
