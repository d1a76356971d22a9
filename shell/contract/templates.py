"""Prompt templates, which are Markdown files with a form and a text in Jinja."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from shell.contract.base import ABSENT, OMIT_EMPTY, Effort, Value
from shell.contract.forms import FormField, FormValues
from shell.contract.messages import FileName
from shell.contract.template_problems import TemplateProblemCode
from shell.contract.tools import ToolNames

MAX_TEMPLATE_CHARACTERS = 1_000_000
TemplateName = Annotated[str, Field(min_length=1, max_length=200)]
"""The path of the file below the folder of templates, without `.md`."""
TemplateVersion = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""A hash of the template's text."""
TemplateText = Annotated[str, Field(max_length=MAX_TEMPLATE_CHARACTERS)]


class TemplateProblem(Value):
    """A problem of a template, with its position in the file. Lines and columns count from 1."""

    code: TemplateProblemCode
    message: str
    """The sentence in English."""
    facts: Annotated[Mapping[str, str | int], OMIT_EMPTY] = Field(default_factory=dict)
    """The values in the sentence: `name`, `known`, `limit`, and `words` (not translated)."""
    line: Annotated[int | None, ABSENT] = None
    column: Annotated[int | None, ABSENT] = None

    @classmethod
    def of(
        cls,
        code: TemplateProblemCode,
        line: int | None = None,
        column: int | None = None,
        **facts: str | int,
    ) -> "TemplateProblem":
        """A problem with its sentence."""
        message = code.sentence(facts)
        return cls(code=code, message=message, facts=facts, line=line, column=column)


class TemplateSummary(Value):
    """A template in the library."""

    name: str
    title: str
    description: str
    version: str
    updated_at: int
    problem: Annotated[TemplateProblem | None, ABSENT] = None


class TemplateDetail(TemplateSummary):
    """A template with its text and its form."""

    text: str
    inputs: list[FormField]
    model: Annotated[str | None, ABSENT] = None
    """`PROVIDER/MODEL`, or a model of the chosen provider."""
    effort: Annotated[Effort | None, ABSENT] = None
    tools: Annotated[ToolNames | None, ABSENT] = None


class TemplateQuery(Value):
    """Names a template, or an earlier version of it."""

    name: TemplateName
    version: TemplateVersion | None = None


class TemplateChange(Value):
    """Writes a template. With `version`, replaces only the text with this version."""

    name: TemplateName
    text: TemplateText
    version: TemplateVersion | None = None


class TemplateRename(Value):
    """Gives a template another name; a name with a slash moves it into a folder."""

    name: TemplateName
    to: TemplateName


class TemplateFile(Value):
    """A file of templates to import, of this program or another one."""

    name: FileName
    text: TemplateText


class CheckedTemplate(Value):
    """The form of a text that may not be in the library, or its problem."""

    inputs: list[FormField]
    problem: Annotated[TemplateProblem | None, ABSENT] = None


class RenderRequest(TemplateQuery):
    """Fills in a template. With `text`, this text in place of the file's."""

    values: FormValues
    text: TemplateText | None = None


class RenderedTemplate(Value):
    """The text that a template makes of its values."""

    name: str
    version: str
    system: Annotated[str | None, ABSENT] = None
    user: str


class SavedVersion(Value):
    """An earlier version of a template."""

    version: str
    saved_at: int
