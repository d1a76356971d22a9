"""`tidewire templates`: lists, checks, imports and fills in prompt templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shell.cli.input import read_input
from shell.cli.output import print_line, print_text
from shell.contract import (
    AnswerOptions,
    Effort,
    FormField,
    FormFile,
    FormValue,
    FormValues,
    Preview,
    RenderedTemplate,
)
from shell.contract.tools import ToolNames
from shell.conversations.templates.library import MAX_BYTES, Templates, location_of
from shell.errors import ValidationFailed
from shell.support.data_directory import DataDirectory


@dataclass(frozen=True, slots=True)
class FilledTemplate:
    """A rendered template, with its provider, model, effort and tools."""

    rendered: RenderedTemplate
    provider: str | None
    model: str | None
    effort: Effort | None
    tools: ToolNames | None


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print every template."""
    for each in Templates(data.path).summaries():
        fields = {"problem": None, **each.model_dump(mode="json")}
        text = f"{each.name}  {each.description}"
        if each.problem is not None:
            text = f"{each.name}  {location_of(each.problem)}{each.problem.message}"
        print_line(fields, text, as_json=as_json)


def show(data: DataDirectory, *, name: str, as_json: bool) -> None:
    """Print a template."""
    found = Templates(data.path).get(name)
    print_line(found.model_dump(mode="json"), found.text.rstrip("\n"), as_json=as_json)


def check(data: DataDirectory, *, file: str, as_json: bool) -> int:
    """Print the problem in a template file. The status is 1 if there is one."""
    problem = Templates(data.path).check(_read(file)).problem
    if problem is None:
        print_line({"file": file, "problem": None}, f"{file} is a template", as_json=as_json)
        return 0
    fields = {"file": file, "problem": problem.model_dump(mode="json")}
    print_line(fields, f"{file}: {location_of(problem)}{problem.message}", as_json=as_json)
    return 1


def import_(data: DataDirectory, *, file: str, as_json: bool) -> int:
    """Copy the templates of a file into the library. The status is 1 if one has a problem.

    Raises:
        ShellError: the file has no templates, or they cannot be written.
    """
    data.prepare()
    status = 0
    for each in Templates(data.path).import_file(Path(file).name, _read(file)):
        text = f"imported {each.name}"
        if each.problem is not None:
            text += f"  {location_of(each.problem)}{each.problem.message}"
            status = 1
        print_line(each.model_dump(mode="json"), text, as_json=as_json)
    return status


def render(
    data: DataDirectory,
    *,
    name: str,
    given: Sequence[str],
    request: bool,
    provider: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Print the text of a filled-in template, or the request body that it would send.

    Raises:
        ShellError: it cannot be filled in, or the provider uses no HTTP body.
    """
    filled = fill_in(data, name, given, provider, model)
    if request:
        print_text(_body(data, filled))
        return
    rendered = filled.rendered
    text = rendered.user
    if rendered.system is not None:
        text = f"{rendered.system}\n\n{text}"
    print_line({"system": None, **rendered.model_dump(mode="json")}, text, as_json=as_json)


def fill_in(
    data: DataDirectory, name: str, given: Sequence[str], provider: str | None, model: str | None
) -> FilledTemplate:
    """Fill in a template with `KEY=VALUE` pairs, and choose its provider and model.

    Raises:
        ShellError: there is no such template, or a value or the template is wrong.
    """
    templates = Templates(data.path)
    detail = templates.get(name)
    rendered = templates.render(name, _values(detail.inputs, given))
    if provider is None and model is None and detail.model is not None:
        first, slash, second = detail.model.partition("/")
        provider, model = (first, second) if slash else (None, first)
    return FilledTemplate(rendered, provider, model, detail.effort, detail.tools)


def _body(data: DataDirectory, filled: FilledTemplate) -> str:
    """Build the body that `ask --template` would send, with the functions for the real one."""
    from shell.app.runtime import running_host
    from shell.conversations.parameters import Parameters
    from shell.conversations.planned_answer import plan_answer, preview_answer
    from shell.inference.slot import new_inference_id
    from shell.store.messages.turns import Author, PathMessage

    with running_host(data.path) as running:
        core = running.core
        defaults = core.defaults(filled.provider, filled.model)
        provider = core.providers.resolve(defaults.provider_id)
        model = provider.model(defaults.model_id)
        planned = plan_answer(
            AnswerOptions(effort=filled.effort),
            Parameters(),
            provider,
            model,
            Author(provider.id, model.id, new_inference_id()),
            filled.rendered.system,
            [PathMessage("user", filled.rendered.user, "complete")],
        )

        async def preview() -> Preview:
            offer = None
            if filled.tools:
                tools = core.tools
                offer = await tools.offer(filled.tools, tools.permissions())
            return await preview_answer(planned, offer)

        request = running.thread.run(preview()).request
    if request is None or request.body is None:
        text = f"{provider.id} is sent no body over HTTP. Choose another with --provider."
        raise ValidationFailed([("provider", text)])
    return request.body


def _values(fields: Sequence[FormField], given: Sequence[str]) -> FormValues:
    """Convert the given `KEY=VALUE` pairs to the types of the fields.

    Raises:
        ValidationFailed: one of them is not `KEY=VALUE`.
    """
    types = {field.name: field for field in fields}
    values: FormValues = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals:
            raise ValidationFailed([("set", f"{each[:60]!r} is not KEY=VALUE.")])
        field = types.get(name)
        is_list = field is not None and (field.type == "list" or field.multiple)
        before = values.get(name)
        if is_list:
            values[name] = [*(before if isinstance(before, list) else []), text]
        else:
            values[name] = _value(field, text)
    return values


def _value(field: FormField | None, text: str) -> FormValue:
    kind = "string" if field is None else field.type
    if text.startswith("@") and kind in ("file", "text"):
        read = _read(text[1:])
        return FormFile(name=Path(text[1:]).name, text=read) if kind == "file" else read
    if kind == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    if kind in ("number", "integer"):
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            return text
    return text


def _read(file: str) -> str:
    return read_input(file, MAX_BYTES).decode("utf-8-sig", "replace")
