"""Checks of the values that a page sends for a form."""

import pytest

from shell.contract import FormField, FormFile, FormOption, FormValue
from shell.errors import ValidationFailed
from shell.inference.form_values import check_values, default_values

OPTIONS = [FormOption(value="ebb"), FormOption(value="flow", title="Flow")]
FILE = FormFile(name="notes.txt", text="low water")


def field(**facts: object) -> FormField:
    """Make a field with the name `f`."""
    return FormField.model_validate({"name": "f", **facts})


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (field(type="string"), "tide"),
        (field(type="string", min_length=1, max_length=1), "🌊"),
        (field(type="string", pattern="^[a-z]+$"), "tide"),
        (field(type="string", pattern="(?=what needs more than linear time)"), "tide"),
        (field(type="string", format="email"), "a@b.example"),
        (field(type="string", format="uri"), "https://example.org/a?b"),
        (field(type="string", format="uri"), "mailto:a@b.example"),
        (field(type="string", format="date"), "2026-11-29"),
        (field(type="string", format="date-time"), "2026-11-29T18:30:00Z"),
        (field(type="string", format="date-time"), "2026-11-29T18:30:00.25+01:00"),
        (field(type="text"), "one\ntwo"),
        (field(type="number", minimum=0.5, maximum=0.5), 0.5),
        (field(type="number"), 3),
        (field(type="integer", minimum=-1), -1),
        (field(type="integer"), 2.0),
        (field(type="integer"), 10**400),
        (field(type="boolean", required=True), False),
        (field(type="enum", options=OPTIONS), "flow"),
        (field(type="enum", options=OPTIONS, multiple=True, min_length=2), ["ebb", "flow"]),
        (field(type="date"), "2024-02-29"),
        (field(type="list", max_length=2), ["a", "a"]),
        (field(type="file"), FILE),
    ],
)
def test_what_fits_is_taken_as_it_is(given: FormField, value: FormValue) -> None:
    assert check_values([given], {"f": value}) == {"f": value}


@pytest.mark.parametrize(
    ("given", "value", "expected"),
    [
        (field(type="string"), 3, "f is not a text."),
        (field(type="string", title="Name"), True, "Name is not a text."),
        (field(type="string", min_length=3), "ab", "f has fewer than 3 characters."),
        (field(type="text", max_length=3), "abcd", "f has more than 3 characters."),
        (field(type="text"), "a" * 100_001, "f has more than 100,000 characters."),
        (field(type="string", pattern="^[a-z]+$"), "A", "f does not have the form"),
        (field(type="string", format="email"), "a@@b", "f is not an email address."),
        (field(type="string", format="uri"), "example.org", "f is not an address"),
        (field(type="string", format="uri"), "http://[", "f is not an address"),
        (field(type="string", format="date-time"), "2026-11-29T18:30:00", "f is not a date and"),
        (field(type="string", format="date-time"), "2026-11-29T25:30:00Z", "f is not a date and"),
        (field(type="date"), "2026-02-29", "f is not a date"),
        (field(type="date"), "20261129", "f is not a date"),
        (field(type="number"), "3", "f is not a number."),
        (field(type="integer"), float("nan"), "f is not a number."),
        (field(type="integer"), True, "f is not a number."),
        (field(type="integer"), 1.5, "f is not a whole number."),
        (field(type="integer", minimum=2), 1, "f is below 2."),
        (field(type="number", maximum=2), 2.5, "f is above 2."),
        (field(type="boolean"), "yes", "f is neither yes nor no."),
        (field(type="enum", options=OPTIONS), "neap", "f is not one of the choices."),
        (field(type="enum", options=OPTIONS), ["ebb"], "f is not one of the choices."),
        (field(type="enum", options=OPTIONS, multiple=True), "ebb", "f is not a list."),
        (field(type="enum", options=OPTIONS, multiple=True), ["neap"], "f is not one of"),
        (field(type="enum", options=OPTIONS, multiple=True), ["ebb"] * 2, "f has a choice more"),
        (field(type="list", min_length=2), ["a"], "f has fewer than 2 entries."),
        (field(type="list"), "a", "f is not a list."),
        (field(type="file"), "a", "f is not a file."),
        (field(type="string", required=True), "", "f is required."),
        (field(type="list", required=True), [], "f is required."),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(
    given: FormField, value: FormValue, expected: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_values([given], {"f": value})
    [(name, text), *_] = refused.value.issues
    assert name == "f"
    assert text.startswith(expected)


def test_every_wrong_field_is_named() -> None:
    fields = [field(type="integer"), FormField(name="g", type="string", required=True)]
    with pytest.raises(ValidationFailed) as refused:
        check_values(fields, {"f": 0.5, "h": "?"})
    assert [name for name, _ in refused.value.issues] == ["h", "f", "g"]


def test_what_is_empty_is_left_out() -> None:
    fields = [field(type="string"), FormField(name="g", type="list")]
    assert check_values(fields, {"f": "", "g": []}) == {}


def test_a_form_begins_with_its_defaults() -> None:
    fields = [field(type="boolean", default=False), FormField(name="g", type="string")]
    assert default_values(fields) == {"f": False}
