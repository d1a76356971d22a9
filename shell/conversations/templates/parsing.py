"""Parses the text of a template."""

import hashlib
from dataclasses import dataclass, replace

from shell.contract import MAX_TEMPLATE_CHARACTERS, FormField, TemplateProblem, TemplateProblemCode
from shell.conversations.templates.front_matter import Head, HeadError, read_head, split


@dataclass(frozen=True, slots=True)
class ParsedTemplate:
    """The parsed text of a template."""

    head: Head
    body: str
    before: int
    """The number of lines before the body."""
    inputs: list[FormField]
    problem: TemplateProblem | None


def version_of(text: str) -> str:
    """The version of a template, which is a hash of its text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def parse(text: str) -> ParsedTemplate:
    """Parse the front matter of a template. The body is not checked yet."""
    head, body, before = split(text)
    if "\ufffd" in text or len(text) > MAX_TEMPLATE_CHARACTERS:
        problem = TemplateProblem.of(TemplateProblemCode.FILE_UNREADABLE)
        return ParsedTemplate(Head(), body, before, [], problem)
    try:
        parsed_head = read_head(head)
    except HeadError as error:
        return ParsedTemplate(Head(), body, before, [], error.problem)
    return ParsedTemplate(parsed_head, body, before, parsed_head.inputs, None)


def add_variables(parsed: ParsedTemplate, variables: list[str] | TemplateProblem) -> ParsedTemplate:
    """Add a field for each variable that the front matter does not name."""
    if isinstance(variables, TemplateProblem):
        return replace(parsed, problem=in_file(variables, parsed.before))
    known = {field.name for field in parsed.inputs}
    new_names = [name for name in variables if name not in known]
    fields = [FormField(name=name, type="string", required=True) for name in new_names]
    return replace(parsed, inputs=[*parsed.inputs, *fields])


def in_file(problem: TemplateProblem, before: int) -> TemplateProblem:
    """A problem of the body, with its line in the whole file."""
    line = None if problem.line is None else problem.line + before
    return problem.model_copy(update={"line": line})
