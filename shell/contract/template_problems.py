"""The problems of prompt templates, each with its sentence in English.

It imports no pydantic, because the process that checks templates has little time and memory.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class TemplateProblemCode(StrEnum):
    """The kinds of problems of a template. The page has a sentence for each language."""

    english: str

    def __new__(cls, code: str, english: str) -> Self:
        """Use the code as the value, because only the code is sent."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.english = english
        return member

    FILE_UNREADABLE = "FILE_UNREADABLE", "The file is too large, or is not UTF-8."
    HEAD_NO_FIELDS = "HEAD_NO_FIELDS", "The front matter has to be fields such as 'name: Review'."
    HEAD_FIELD_UNKNOWN = (
        "HEAD_FIELD_UNKNOWN",
        "The front matter has no field {name!r}. It has {known}.",
    )
    HEAD_NO_TEXT = "HEAD_NO_TEXT", "{name!r} has to be a short text."
    HEAD_VALUE_WRONG = "HEAD_VALUE_WRONG", "{name!r} is wrong: {words}."
    YAML_TOO_LONG = "YAML_TOO_LONG", "The YAML is longer than {limit:,} characters."
    YAML_FIELD_NAME = "YAML_FIELD_NAME", "A field is defined twice, or its name is not text."
    YAML_TAG = "YAML_TAG", "The YAML has a tag that is not allowed: {name}"
    YAML_ALIAS = "YAML_ALIAS", "The YAML has an alias, which is not allowed."
    YAML_WRONG = "YAML_WRONG", "This is not valid YAML: {words}."
    YAML_TOO_DEEP = "YAML_TOO_DEEP", "The YAML is nested too deeply."
    INPUTS_WRONG = (
        "INPUTS_WRONG",
        "'inputs' has to name at most {limit} inputs, as in 'topic: string'.",
    )
    INPUT_NAME = (
        "INPUT_NAME",
        "{name!r} is not a valid name for an input. Use letters, digits and _.",
    )
    INPUT_NO_FIELDS = "INPUT_NO_FIELDS", "{name!r} has to be a type or fields such as 'type: text'."
    INPUT_FIELD_UNKNOWN = "INPUT_FIELD_UNKNOWN", "An input has no field {name!r}."
    INPUT_WRONG = "INPUT_WRONG", "The input {name!r} is wrong: {words}."
    INPUT_DEFAULT = "INPUT_DEFAULT", "The default is wrong: {words}"
    INPUT_OPTIONS = "INPUT_OPTIONS", "The 'options' of {name!r} have to be a list."
    INPUT_NO_OPTIONS = "INPUT_NO_OPTIONS", "The enum {name!r} needs 'options'."
    TEXT_TOO_LONG = "TEXT_TOO_LONG", "The text is longer than {limit:,} characters."
    TEXT_WRONG = "TEXT_WRONG", "{words}"
    TOO_SLOW = "TOO_SLOW", "The template needs more than {limit} ms of processor time."
    TOO_MUCH_MEMORY = "TOO_MUCH_MEMORY", "The template takes too much memory."
    TOO_MANY_PARTS = "TOO_MANY_PARTS", "The template has more than {limit:,} parts."
    TOO_MANY_LOOPS = "TOO_MANY_LOOPS", "Loops are nested more than {limit} deep."
    TOO_DEEP = "TOO_DEEP", "The template is nested too deeply."
    RESULT_TOO_LONG = "RESULT_TOO_LONG", "The text would be longer than {limit:,} characters."
    SECTION_INSIDE = "SECTION_INSIDE", "A section cannot be inside a loop or another section."
    LOOP_RECURSIVE = "LOOP_RECURSIVE", "A loop cannot be recursive."
    WORD_REFUSED = "WORD_REFUSED", "A template cannot use {name!r}."
    NAME_REFUSED = "NAME_REFUSED", "A template cannot use the name {name!r}."
    ATTRIBUTE_REFUSED = "ATTRIBUTE_REFUSED", "A template cannot use the attribute {name!r}."
    CALL_REFUSED = "CALL_REFUSED", "A template can only call range and a few methods."
    ARGUMENTS_REFUSED = "ARGUMENTS_REFUSED", "A template cannot pass * or ** arguments."
    FILTER_UNKNOWN = "FILTER_UNKNOWN", "There is no filter {name!r} in templates."
    TEST_UNKNOWN = "TEST_UNKNOWN", "There is no test {name!r} in templates."
    VALUE_REFUSED = "VALUE_REFUSED", "A value is not plain."

    def sentence(self, facts: Mapping[str, str | int]) -> str:
        """The sentence in English. The fact `words` comes from Jinja, YAML or pydantic."""
        return self.english.format(**facts)
