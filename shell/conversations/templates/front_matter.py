"""Reads the front matter of a template: YAML between two lines of three dashes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shell.contract import Effort, FormField, FormOption, TemplateProblem, ToolNames
from shell.contract import TemplateProblemCode as Code
from shell.errors import ValidationFailed
from shell.inference.form_values import check_values

MAX_HEAD_CHARACTERS = 64_000
MAX_INPUTS = 50
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.S | re.M)
INPUT_NAME = re.compile(r"[^\W\d_]\w{0,99}")
_INPUT_KEYS = {*FormField.model_fields, "fence"} - {"name"}
_KEYS = ("name", "description", "model", "effort", "tools", "inputs")


@dataclass(frozen=True, slots=True)
class Head:
    """The front matter of a template."""

    title: str | None = None
    description: str = ""
    model: str | None = None
    effort: Effort | None = None
    tools: Any = None
    inputs: list[FormField] = field(default_factory=list)
    unfenced: frozenset[str] = frozenset()
    """The inputs with several lines that are inserted without a code fence."""


class HeadError(Exception):
    """The front matter is wrong."""

    def __init__(
        self, code: Code, line: int | None = None, column: int | None = None, **facts: str | int
    ) -> None:
        self.problem = TemplateProblem.of(code, line, column, **facts)
        super().__init__(self.problem.message)


def split(text: str) -> tuple[str, str, int]:
    """Split a template into its front matter and its body, and count the lines before the body."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    match = _FRONT_MATTER.match(text)
    if match is None:
        return "", text, 0
    return match[1], text[match.end() :], text.count("\n", 0, match.end())


def read_head(head: str) -> Head:
    """Read the front matter.

    Raises:
        HeadError: with the line and the column in the file.
    """
    root, lines = read_yaml(head, before=1)
    if root is None:
        return Head()
    if not isinstance(root, dict):
        raise HeadError(Code.HEAD_NO_FIELDS, 2, 1)
    for key in root:
        if key not in _KEYS:
            position = lines.get((key,), (None, None))
            known = ", ".join(_KEYS)
            raise HeadError(Code.HEAD_FIELD_UNKNOWN, *position, name=str(key)[:60], known=known)
    texts = {}
    for key in ("name", "description", "model"):
        value = root.get(key)
        if value is not None and not (isinstance(value, str) and len(value) <= 1_000):
            raise HeadError(Code.HEAD_NO_TEXT, *lines[key,], name=key)
        texts[key] = value
    inputs, unfenced = _inputs(root.get("inputs"), lines)
    return Head(
        title=texts["name"],
        description=texts["description"] or "",
        model=texts["model"],
        effort=_validated(Effort, root, "effort", lines),
        tools=_validated(ToolNames, root, "tools", lines),
        inputs=inputs,
        unfenced=frozenset(unfenced),
    )


Lines = Mapping[tuple[Any, ...], tuple[int, int]]


def read_yaml(text: str, before: int = 0) -> tuple[Any, Lines]:
    """The plain values of YAML, and the position of each in the file. `yes` and dates are texts.

    Args:
        text: the YAML.
        before: the number of lines in the file before the YAML.

    Raises:
        HeadError: with the line and the column.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """A loader without aliases, which could expand a few lines to gigabytes."""

        yaml_implicit_resolvers: Any = {}  # noqa: RUF012

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise HeadError(Code.YAML_ALIAS, mark.line + 1 + before, mark.column + 1)
            return super().compose_node(parent, index)

    for tag, pattern, first in (
        ("bool", r"true|false|True|False", "tfTF"),
        ("null", r"~|null|Null|", ["~", "n", "N", ""]),
        ("int", r"[-+]?\d{1,18}", "-+0123456789"),
        ("float", r"[-+]?\d{1,30}\.\d{0,30}(?:e[-+]?\d{1,2})?", "-+0123456789"),
    ):
        whole = re.compile(f"^(?:{pattern})$")
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", whole, first)
    if len(text) > MAX_HEAD_CHARACTERS:
        raise HeadError(Code.YAML_TOO_LONG, before or 1, limit=MAX_HEAD_CHARACTERS)
    lines: dict[tuple[Any, ...], tuple[int, int]] = {}

    def plain(node: Any, path: tuple[Any, ...]) -> Any:
        lines[path] = (node.start_mark.line + 1 + before, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            mapping: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = plain(key_node, (*path, None))
                if not isinstance(key, str | int | float | bool) or key in mapping:
                    raise HeadError(Code.YAML_FIELD_NAME, *lines[(*path, None)])
                mapping[key] = plain(value_node, (*path, key))
                lines[(*path, key)] = lines[(*path, None)]
            return mapping
        if isinstance(node, yaml.SequenceNode):
            return [plain(item, (*path, index)) for index, item in enumerate(node.value)]
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        value = node.value
        if kind == "null":
            return None
        if kind == "bool":
            return value.lower() == "true"
        if kind in ("int", "float"):
            return int(value) if kind == "int" else float(value)
        if kind != "str":
            raise HeadError(Code.YAML_TAG, *lines[path], name=node.tag[:60])
        return value

    loader = None
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        return (None if node is None else plain(node, ())), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = (None, None) if mark is None else (mark.line + 1 + before, mark.column + 1)
        description = str(error.problem or error.context)
        raise HeadError(Code.YAML_WRONG, *position, words=description) from None
    except (yaml.YAMLError, ValueError) as error:
        description = " ".join(str(error).split())[:200]
        raise HeadError(Code.YAML_WRONG, words=description) from None
    except RecursionError:
        raise HeadError(Code.YAML_TOO_DEEP) from None
    finally:
        if loader is not None:
            loader.dispose()


def _validated(kind: Any, root: Mapping[Any, Any], key: str, lines: Lines) -> Any:
    value = root.get(key)
    if value is None:
        return None
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        words = error.errors(include_url=False)[0]["msg"][:200]
        raise HeadError(Code.HEAD_VALUE_WRONG, *lines[key,], name=key, words=words) from None


def _inputs(inputs: Any, lines: Lines) -> tuple[list[FormField], list[str]]:
    """The fields of the form, and the names of those that are not fenced."""
    if inputs is None:
        return [], []
    if not isinstance(inputs, dict) or len(inputs) > MAX_INPUTS:
        raise HeadError(Code.INPUTS_WRONG, *lines["inputs",], limit=MAX_INPUTS)
    fields, unfenced = [], []
    for name, definition in inputs.items():
        position = lines["inputs", name]
        if not isinstance(name, str) or not INPUT_NAME.fullmatch(name):
            raise HeadError(Code.INPUT_NAME, *position, name=str(name)[:60])
        properties = definition
        if definition is None or isinstance(definition, str):
            properties = {"type": definition or "string"}
        if not isinstance(properties, dict):
            raise HeadError(Code.INPUT_NO_FIELDS, *position, name=name)
        for key in properties:
            if key not in _INPUT_KEYS:
                key_position = lines["inputs", name, key]
                raise HeadError(Code.INPUT_FIELD_UNKNOWN, *key_position, name=str(key)[:60])
        fields.append(_field(name, properties, position))
        if properties.get("fence") is False:
            unfenced.append(name)
    return fields, unfenced


def _field(name: str, properties: Mapping[str, Any], position: tuple[int, int]) -> FormField:
    values = {"type": "string", **properties, "name": name}
    values.pop("fence", None)
    try:
        if "options" in values:
            values["options"] = [
                FormOption.model_validate(item if isinstance(item, dict) else {"value": str(item)})
                for item in values["options"]
            ]
        field = FormField.model_validate(values)
        if field.type == "enum" and not field.options:
            raise HeadError(Code.INPUT_NO_OPTIONS, *position, name=name)
        if field.default is not None:
            check_values([field], {name: field.default})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        words = f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg'][:200]}"
        raise HeadError(Code.INPUT_WRONG, *position, name=name, words=words) from None
    except ValidationFailed as error:
        raise HeadError(Code.INPUT_DEFAULT, *position, words=str(error)) from None
    except TypeError:
        raise HeadError(Code.INPUT_OPTIONS, *position, name=name) from None
    return field
