"""Takes the text of a template apart."""

import hashlib
from dataclasses import dataclass, replace

from shell.contract import (
    MAX_TEMPLATE_CHARACTERS,
    FormField,
    TemplateProblem,
    TemplateProblemCode,
)
from shell.conversations.templates.front_matter import BadHead, Head, read_head, split


@dataclass(frozen=True, slots=True)
class ParsedTemplate:
    """A template's text, taken apart."""

    head: Head
    body: str
    before: int
    """How many lines stand before the body."""
    inputs: list[FormField]
    problem: TemplateProblem | None


def version_of(text: str) -> str:
    """The version of a template, which is a hash of its text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def take_apart(text: str) -> ParsedTemplate:
    """Read the front matter of a template. Its body is not checked yet."""
    head, body, before = split(text)
    if "\ufffd" in text or len(text) > MAX_TEMPLATE_CHARACTERS:
        problem = TemplateProblem.of(TemplateProblemCode.FILE_UNREADABLE)
        return ParsedTemplate(Head(), body, before, [], problem)
    try:
        found = read_head(head)
    except BadHead as error:
        return ParsedTemplate(Head(), body, before, [], error.problem)
    return ParsedTemplate(found, body, before, found.inputs, None)


def with_variables(one: ParsedTemplate, found: "list[str] | TemplateProblem") -> ParsedTemplate:
    """Add a field for each variable that the front matter does not name."""
    if isinstance(found, TemplateProblem):
        return replace(one, problem=in_file(found, one.before))
    named = {field.name for field in one.inputs}
    more = [
        FormField(name=name, type="string", required=True) for name in found if name not in named
    ]
    return replace(one, inputs=[*one.inputs, *more])


def in_file(problem: TemplateProblem, before: int) -> TemplateProblem:
    """A problem of the body, with its line in the whole file."""
    line = None if problem.line is None else problem.line + before
    return problem.model_copy(update={"line": line})
