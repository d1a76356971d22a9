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
_FENCE = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.S | re.M)
INPUT_NAME = re.compile(r"[^\W\d_]\w{0,99}")
_INPUT_KEYS = {*FormField.model_fields, "fence"} - {"name"}
_KEYS = ("name", "description", "model", "effort", "tools", "inputs")


@dataclass(frozen=True, slots=True)
class Head:
    """What the front matter of a template says."""

    title: str | None = None
    description: str = ""
    model: str | None = None
    effort: Effort | None = None
    tools: Any = None
    inputs: list[FormField] = field(default_factory=list)
    unfenced: frozenset[str] = frozenset()
    """The inputs with several lines that stand in the text as they are."""


class BadHead(Exception):
    """The front matter is wrong."""

    def __init__(
        self,
        code: Code,
        line: int | None = None,
        column: int | None = None,
        **facts: str | int,
    ) -> None:
        self.problem = TemplateProblem.of(code, line, column, **facts)
        super().__init__(self.problem.message)


def split(text: str) -> tuple[str, str, int]:
    """The front matter, the body, and how many lines stand before the body."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _FENCE.match(text)
    if found is None:
        return "", text, 0
    return found[1], text[found.end() :], text.count("\n", 0, found.end())


def read_head(head: str) -> Head:
    """Read the front matter.

    Raises:
        BadHead: with the line and the column in the file.
    """
    root, lines = read_yaml(head, before=1)
    if root is None:
        return Head()
    if not isinstance(root, dict):
        raise BadHead(Code.HEAD_NO_FIELDS, 2, 1)
    for key in root:
        if key not in _KEYS:
            place = lines.get((key,), (None, None))
            known = ", ".join(_KEYS)
            raise BadHead(Code.HEAD_FIELD_UNKNOWN, *place, name=str(key)[:60], known=known)
    texts = {}
    for key in ("name", "description", "model"):
        value = root.get(key)
        if value is not None and not (isinstance(value, str) and len(value) <= 1_000):
            raise BadHead(Code.HEAD_NO_TEXT, *lines[key,], name=key)
        texts[key] = value
    inputs, unfenced = _inputs(root.get("inputs"), lines)
    return Head(
        title=texts["name"],
        description=texts["description"] or "",
        model=texts["model"],
        effort=_checked(Effort, root, "effort", lines),
        tools=_checked(ToolNames, root, "tools", lines),
        inputs=inputs,
        unfenced=frozenset(unfenced),
    )


Lines = Mapping[tuple[Any, ...], tuple[int, int]]


def read_yaml(text: str, before: int = 0) -> tuple[Any, Lines]:
    """Plain values of YAML, and where each of them stands. `yes` and dates are texts.

    Args:
        text: the YAML.
        before: how many lines of the file stand before it.

    Raises:
        BadHead: with the line and the column.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML without aliases, which could make gigabytes out of a few lines."""

        yaml_implicit_resolvers: Any = {}  # noqa: RUF012

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise BadHead(Code.YAML_ALIAS, mark.line + 1 + before, mark.column + 1)
            return super().compose_node(parent, index)

    for tag, pattern, first in (
        ("bool", r"true|false|True|False", "tfTF"),
        ("null", r"~|null|Null|", ["~", "n", "N", ""]),
        ("int", r"[-+]?\d{1,18}", "-+0123456789"),
        ("float", r"[-+]?\d{1,30}\.\d{0,30}(?:e[-+]?\d{1,2})?", "-+0123456789"),
    ):
        Loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first
        )
    if len(text) > MAX_HEAD_CHARACTERS:
        raise BadHead(Code.YAML_TOO_LONG, before or 1, limit=MAX_HEAD_CHARACTERS)
    lines: dict[tuple[Any, ...], tuple[int, int]] = {}

    def plain(node: Any, path: tuple[Any, ...]) -> Any:
        lines[path] = (node.start_mark.line + 1 + before, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            made: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = plain(key_node, (*path, None))
                if not isinstance(key, str | int | float | bool) or key in made:
                    raise BadHead(Code.YAML_FIELD_NAME, *lines[(*path, None)])
                made[key] = plain(value_node, (*path, key))
                lines[(*path, key)] = lines[(*path, None)]
            return made
        if isinstance(node, yaml.SequenceNode):
            return [plain(each, (*path, place)) for place, each in enumerate(node.value)]
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        value = node.value
        if kind == "null":
            return None
        if kind == "bool":
            return value.lower() == "true"
        if kind in ("int", "float"):
            return int(value) if kind == "int" else float(value)
        if kind != "str":
            raise BadHead(Code.YAML_TAG, *lines[path], name=node.tag[:60])
        return value

    loader = None
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        return (None if node is None else plain(node, ())), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (None, None) if mark is None else (mark.line + 1 + before, mark.column + 1)
        words = str(error.problem or error.context)
        raise BadHead(Code.YAML_WRONG, *place, words=words) from None
    except (yaml.YAMLError, ValueError) as error:
        words = " ".join(str(error).split())[:200]
        raise BadHead(Code.YAML_WRONG, words=words) from None
    except RecursionError:
        raise BadHead(Code.YAML_TOO_DEEP) from None
    finally:
        if loader is not None:
            loader.dispose()


def _checked(kind: Any, root: Mapping[Any, Any], key: str, lines: Lines) -> Any:
    value = root.get(key)
    if value is None:
        return None
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        words = error.errors(include_url=False)[0]["msg"][:200]
        raise BadHead(Code.HEAD_VALUE_WRONG, *lines[key,], name=key, words=words) from None


def _inputs(given: Any, lines: Lines) -> tuple[list[FormField], list[str]]:
    """The fields of the form, and the names of those that are not fenced."""
    if given is None:
        return [], []
    if not isinstance(given, dict) or len(given) > MAX_INPUTS:
        raise BadHead(Code.INPUTS_WRONG, *lines["inputs",], limit=MAX_INPUTS)
    fields, unfenced = [], []
    for name, told in given.items():
        place = lines["inputs", name]
        if not isinstance(name, str) or not INPUT_NAME.fullmatch(name):
            raise BadHead(Code.INPUT_NAME, *place, name=str(name)[:60])
        about = {"type": told or "string"} if told is None or isinstance(told, str) else told
        if not isinstance(about, dict):
            raise BadHead(Code.INPUT_NO_FIELDS, *place, name=name)
        for key in about:
            if key not in _INPUT_KEYS:
                at = lines["inputs", name, key]
                raise BadHead(Code.INPUT_FIELD_UNKNOWN, *at, name=str(key)[:60])
        fields.append(_field(name, about, place))
        if about.get("fence") is False:
            unfenced.append(name)
    return fields, unfenced


def _field(name: str, about: Mapping[str, Any], place: tuple[int, int]) -> FormField:
    made = {"type": "string", **about, "name": name}
    made.pop("fence", None)
    try:
        if "options" in made:
            made["options"] = [
                FormOption.model_validate(each if isinstance(each, dict) else {"value": str(each)})
                for each in made["options"]
            ]
        found = FormField.model_validate(made)
        if found.type == "enum" and not found.options:
            raise BadHead(Code.INPUT_NO_OPTIONS, *place, name=name)
        if found.default is not None:
            check_values([found], {name: found.default})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        words = f"{'.'.join(str(each) for each in first['loc'])}: {first['msg'][:200]}"
        raise BadHead(Code.INPUT_WRONG, *place, name=name, words=words) from None
    except ValidationFailed as error:
        raise BadHead(Code.INPUT_DEFAULT, *place, words=str(error)) from None
    except TypeError:
        raise BadHead(Code.INPUT_OPTIONS, *place, name=name) from None
    return found
